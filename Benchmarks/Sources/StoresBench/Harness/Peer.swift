import Foundation

/// A program that we are compared with: started once, told what to do by lines on its standard input, answering each
/// with one line. So its turns can alternate with ours without its start being timed.
final class Peer {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var buffer = Data()
    /// The first line that it wrote: its name and version.
    private(set) var name = ""

    /// - Parameters:
    ///   - script: A file of `Benchmarks/peers`.
    ///   - python: One that has what the script imports.
    convenience init(_ script: String, _ arguments: [String], python: String = Settings.python) throws {
        try self.init(command: [python, try Self.path(of: script)] + arguments)
    }

    /// A file of `Benchmarks/peers`.
    static func path(of file: String) throws -> String {
        guard let folder = Settings.peers else {
            throw BenchError("the peers are not found; start with scripts/bench")
        }
        return folder + "/" + file
    }

    init(command: [String]) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardInput = input
        process.standardOutput = output
        // At its best: one thread as ours, and kernels that it chooses for this processor itself.
        var environment = ProcessInfo.processInfo.environment
        environment["OPENBLAS_NUM_THREADS"] = "1"
        environment["OPENBLAS_CORETYPE"] = nil
        environment["OPENBLAS_L2_SIZE"] = nil
        process.environment = environment
        try process.run()
        name = try line()
    }

    /// Sends a command and waits for the answer.
    func ask(_ command: String) throws -> String {
        try input.fileHandleForWriting.write(contentsOf: Data((command + "\n").utf8))
        return try line()
    }

    /// Sends a command whose answer is a number of seconds.
    func seconds(_ command: String) throws -> Double {
        let answer = try ask(command)
        guard let seconds = Double(answer) else { throw BenchError("the peer answered \(answer)") }
        return seconds
    }

    func stop() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// The next line of its output.
    func line() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: 0x0A) {
                let line = String(decoding: buffer[buffer.startIndex..<end], as: UTF8.self)
                buffer = Data(buffer[(end + 1)...])
                return line
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else {
                throw BenchError("the peer \(process.arguments?.first ?? "") ended")
            }
            buffer.append(more)
        }
    }
}

/// What `scripts/bench` hands over.
enum Settings {
    static var environment: [String: String] { ProcessInfo.processInfo.environment }
    /// A folder with real embeddings, or nil for generated ones.
    static var dataFolder: String? { environment["STORES_BENCH_DATA"].flatMap { $0.isEmpty ? nil : $0 } }
    /// A Python that has numpy.
    static var python: String { environment["STORES_BENCH_PYTHON"] ?? "python3" }
    /// `stores`, built for release.
    static var executable: String? { environment["STORES_EXECUTABLE"] }
    static var peers: String? { environment["STORES_BENCH_PEERS"] }
}
