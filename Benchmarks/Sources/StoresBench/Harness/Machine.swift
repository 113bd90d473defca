import Foundation

/// What the figures were measured on.
struct Machine: Codable, Sendable {
    var cores: Int
    var model: String
    var kernel: String
    var memoryGiB: Double
    /// Of the last minute, before the run: above the number of benchmark threads, others were at work too.
    var load: Double

    init() {
        cores = ProcessInfo.processInfo.activeProcessorCount
        memoryGiB = (Double(ProcessInfo.processInfo.physicalMemory) / 1_073_741_824 * 10).rounded() / 10
        let model = Self.lines("/proc/cpuinfo").first { $0.hasPrefix("model name") }?
            .split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
        self.model = model ?? "unknown processor"
        let release = Self.lines("/proc/sys/kernel/osrelease").first
        kernel = release.map { "Linux \($0)" } ?? ProcessInfo.processInfo.operatingSystemVersionString
        load = Self.lines("/proc/loadavg").first?.split(separator: " ").first.flatMap { Double($0) } ?? 0
    }

    var summary: String {
        "\(cores) cores, \(model), \(memoryGiB) GiB, \(kernel); load \(load) at the start"
    }

    private static func lines(_ path: String) -> [String] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

/// The memory of this process, in bytes.
enum ResidentMemory {
    /// Now.
    static var current: Int64 { field("VmRSS:") }

    /// The most since the start, or since ``resetPeak()``.
    static var peak: Int64 { field("VmHWM:") }

    static func resetPeak() {
        // 5 resets the peak; see proc(5).
        try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
    }

    private static func field(_ name: String) -> Int64 {
        guard let data = FileManager.default.contents(atPath: "/proc/self/status") else { return -1 }
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") where line.hasPrefix(name) {
            return (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int64($0) } ?? -1) * 1024
        }
        return -1
    }
}
