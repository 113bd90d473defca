import Foundation

/// One process for each verb: what a script pays that calls `stores` for every value.
enum CLIStart: Benchmark {
    static let name = "cli-start"
    static let summary = "the process `stores session get`, on SQLite, from its start to its end"

    static func run(_ bench: Bench) async throws -> [Figure] {
        guard let executable = Settings.executable else {
            throw BenchError("the executable stores is not found; start with scripts/bench")
        }
        let scratch = try ScratchFolder()
        let folder = scratch.path
        let call = { (program: String, arguments: [String]) throws -> Double in
            let process = Process()
            process.executableURL = URL(fileURLWithPath: program)
            process.arguments = arguments
            process.currentDirectoryURL = URL(fileURLWithPath: folder)
            process.environment = ["STORE_SESSION": "sqlite", "SQLITE_PATH": folder + "/stores.sqlite"]
            process.standardInput = FileHandle.nullDevice
            let output = Pipe()
            process.standardOutput = output
            let clock = ContinuousClock()
            let start = clock.now
            try process.run()
            // Its end closes the pipe; `waitUntilExit` looks every 50 ms on Linux.
            _ = output.fileHandleForReading.readDataToEndOfFile()
            let seconds = start.duration(to: clock.now).seconds
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                throw BenchError("\(program) \(arguments) ended with status \(process.terminationStatus)")
            }
            return seconds
        }
        _ = try call(executable, ["session", "set", "key", "--text", "value", "--never"])
        let times = try await Timing.interleaved(
            repetitions: 41,
            [{ try call(executable, ["session", "get", "key"]) }, { try call("/bin/sh", ["-c", ":"]) }])
        let milliseconds = times.map { Spread($0.map { $0 * 1e3 }) }
        return [
            Figure(
                name, "`stores session get`, a process", value: milliseconds[0], unit: "ms",
                pair: Figure.Pair(
                    ours: milliseconds[0], peer: milliseconds[1], peerName: "a shell that does nothing", unit: "ms"),
                target: .atMost(50))
        ]
    }
}
