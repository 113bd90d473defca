import Foundation
import StoresCore
import StoresRedis

/// Servers of a test's own, of the program that another server says it is: nodes of a cluster, a replica, a sentinel.
///
/// Each stands under a shell that watches this process: when it ends, however it does, the server ends.
///
/// `@unchecked Sendable`: a test starts and kills its servers one after the other.
final class LocalServers: @unchecked Sendable {
    struct Failure: Error {
        var what: String
    }

    private let folder: URL
    private let program: String
    private let environment: [String: String]
    private var processes: [Int: Process] = [:]

    /// - Returns: Nil where a server's program can't be found out: Linux has it under `/proc`.
    init?(like server: Server) async throws {
        var registry = AdapterRegistry()
        registry.register(StoresRedis.self)
        let settings = server.settings.merging(["STORE_SESSION": server.name]) { $1 }
        let info = try await Stores.withOpen(registry: registry, environment: settings) { stores in
            try await stores.session.withNative(RedisCommands.self) { try await $0.send("INFO", "server") }
        }
        guard case .bytes(let bytes) = info else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        func field(_ name: String) -> String? {
            lines.first { $0.hasPrefix(name + ":") }.map { String($0.dropFirst(name.count + 1)) }
        }
        guard let process = field("process_id"), let executable = field("executable"),
            FileManager.default.isExecutableFile(atPath: executable)
        else { return nil }
        program = executable
        var environment = ProcessInfo.processInfo.environment
        let isScript = FileHandle(forReadingAtPath: executable)?.readData(ofLength: 2) == Data("#!".utf8)
        // Its libraries may lie anywhere; a script finds them by itself.
        let maps = FileHandle(forReadingAtPath: "/proc/\(process)/maps")?.readDataToEndOfFile() ?? Data()
        let libraries = String(decoding: maps, as: UTF8.self).split(separator: "\n").compactMap { line -> String? in
            guard line.contains(".so"), let path = line.split(separator: " ").last, path.hasPrefix("/") else {
                return nil
            }
            return URL(fileURLWithPath: String(path)).deletingLastPathComponent().path
        }
        if !isScript { environment["LD_LIBRARY_PATH"] = Set(libraries).sorted().joined(separator: ":") }
        self.environment = environment
        folder = FileManager.default.temporaryDirectory.appending(path: "stores-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        for process in processes.values {
            process.terminate()
            process.waitUntilExit()
        }
        try? FileManager.default.removeItem(at: folder)
    }

    private static let watch = """
        "$@" & child=$!
        trap 'kill -9 $child; exit' TERM
        while kill -0 "$WATCHED" 2>/dev/null; do sleep 0.1; done
        kill -9 $child
        """

    /// - Parameter configuration: Lines of a configuration file; the port and the folder are added.
    func start(_ port: Int, _ configuration: [String], arguments: [String] = []) throws {
        let place = folder.appending(path: "\(port)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let file = place.appending(path: "server.conf")
        let lines = ["port \(port)", "bind 127.0.0.1", "dir \(place.path)", "save \"\"", "logfile log"] + configuration
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", Self.watch, "sh", program, file.path] + arguments
        var environment = environment
        environment["WATCHED"] = "\(ProcessInfo.processInfo.processIdentifier)"
        process.environment = environment
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        processes[port] = process
    }

    /// As a crash would.
    func kill(_ port: Int) {
        let process = processes.removeValue(forKey: port)
        process?.terminate()
        process?.waitUntilExit()
    }

    /// Runs the command line of the servers, which lies beside them, until it succeeds.
    func command(_ arguments: String..., within: Duration = .seconds(20)) async throws -> String {
        try await command(arguments: arguments, within: within)
    }

    func command(arguments: [String], within: Duration = .seconds(20)) async throws -> String {
        let end = ContinuousClock.now + within
        while true {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: program.replacingOccurrences(of: "-server", with: "-cli"))
            process.arguments = arguments
            process.environment = environment
            let output = Pipe()
            process.standardOutput = output
            process.standardError = output
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            if process.terminationStatus == 0, !text.contains("ERR") { return text }
            guard ContinuousClock.now < end else { throw Failure(what: "\(arguments): \(text)") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Repeats until the output has the text.
    func wait(for text: String, _ port: Int, _ arguments: String...) async throws {
        let end = ContinuousClock.now + .seconds(30)
        while true {
            let output = try await command("-p", "\(port)", arguments[0], arguments.count > 1 ? arguments[1] : "all")
            if output.contains(text) { return }
            guard ContinuousClock.now < end else { throw Failure(what: "\(arguments): no \(text)") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Three nodes that share the slots.
    func startCluster(_ ports: [Int]) async throws {
        for port in ports {
            try start(port, ["cluster-enabled yes", "cluster-node-timeout 2000", "appendonly no"])
            _ = try await command("-p", "\(port)", "ping")
        }
        var arguments = ["--cluster", "create"] + ports.map { "127.0.0.1:\($0)" } + ["--cluster-yes"]
        arguments += ["--cluster-replicas", "0"]
        _ = try await createCluster(arguments)
        for port in ports { try await wait(for: "cluster_state:ok", port, "cluster", "info") }
    }

    private func createCluster(_ arguments: [String]) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program.replacingOccurrences(of: "-server", with: "-cli"))
        process.arguments = arguments
        process.environment = environment
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(what: "the cluster was not made") }
    }

    /// Ports that are free now.
    static func ports(_ count: Int) -> [Int] {
        // A node of a cluster takes the port 10,000 above too, which is not to be among those of outgoing connections.
        let start = 20_000 + Int.random(in: 0..<2700)
        return (0..<count).map { start + $0 }
    }
}
