import Foundation

/// A part of a benchmark that runs in a process of its own, so that its memory is its own.
enum Child {
    /// Starts this executable with `--child name arguments…` and returns the numbers that it printed, in order.
    static func run(_ name: String, _ arguments: [String] = []) throws -> [Double] {
        let process = Process()
        let output = Pipe()
        process.executableURL = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
        process.arguments = ["--child", name] + arguments
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw BenchError("the child \(name) ended with status \(process.terminationStatus)")
        }
        return String(decoding: data, as: UTF8.self).split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
    }

    /// Runs a command to its end and returns the seconds that it took.
    static func seconds(_ command: [String]) async throws -> Double {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardOutput = FileHandle.nullDevice
        return try await Timing.seconds {
            try process.run()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                throw BenchError("\(command.joined(separator: " ")) ended with status \(process.terminationStatus)")
            }
        }
    }
}

extension Process {
    /// Starts it with no signal blocked. A child inherits the mask of the thread that starts it, and the threads that
    /// run tasks block all: pgbench would wait for the alarm that ends it for ever.
    func runUnmasked() throws {
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try run()
    }
}

/// A folder that is removed at the end.
struct ScratchFolder: ~Copyable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/stores-bench-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
