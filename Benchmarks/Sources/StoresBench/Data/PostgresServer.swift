#if Postgres
import Foundation
import StoresCore
import StoresPostgres

/// The server that POSTGRES_URL names, a schema of one's own on it, and pgbench to compare with.
struct PostgresServer {
    let url: String
    let schema: String
    let pgbench: String

    /// - Returns: Nil where there is no server or no pgbench; says so on standard error.
    static func find() -> PostgresServer? {
        guard let url = Settings.environment["POSTGRES_URL"] else {
            FileHandle.standardError.write(
                Data("left out: POSTGRES_URL names no server (scripts/services start postgres, then env)\n".utf8))
            return nil
        }
        let folders =
            (18...30).reversed().map { "/usr/lib/postgresql/\($0)/bin" }
            + (13...17).reversed().map { "/usr/lib/postgresql/\($0)/bin" }
            + (Settings.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let found = folders.map { $0 + "/pgbench" }.first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let pgbench = Settings.environment["PGBENCH"] ?? found else {
            FileHandle.standardError.write(Data("left out: no pgbench; apt-get install postgresql-client-15\n".utf8))
            return nil
        }
        let schema = "bench_\(UInt32.random(in: .min ... .max))"
        return PostgresServer(url: url, schema: schema, pgbench: pgbench)
    }

    /// - Parameter poolSize: Connections in all; half of them, at most 4, are shared by many calls.
    func withStores<T>(_ tier: Tier, poolSize: Int = 8, _ body: (Stores) async throws -> T) async throws -> T {
        var registry = AdapterRegistry()
        registry.register(StoresPostgres.self)
        let environment = VectorStores.complete([
            tier.variable: "postgres", "POSTGRES_URL": url, "POSTGRES_SCHEMA": schema,
            "POSTGRES_POOL_SIZE": "\(poolSize)",
        ])
        return try await Stores.withOpen(registry: registry, environment: environment, body)
    }

    /// Runs a script with prepared statements for some seconds.
    ///
    /// - Returns: Transactions in a second, without the time to connect.
    func rate(_ script: String, clients: Int, seconds: Int) throws -> Double {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(schema)-\(UUID().uuidString).sql")
        try Data(script.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let text = try run([
            "-n", "-M", "prepared", "-c", "\(clients)", "-j", "\(min(2, clients))", "-T", "\(seconds)", "-f",
            file.path, url,
        ])
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("tps = ") }),
            let rate = Double(line.dropFirst(6).prefix { $0 != " " })
        else { throw BenchError("pgbench printed no rate: \(text.suffix(300))") }
        return rate
    }

    func dropSchema() {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(schema)-drop.sql")
        try? Data("DROP SCHEMA IF EXISTS \(schema) CASCADE;\n".utf8).write(to: file)
        _ = try? run(["-n", "-t", "1", "-f", file.path, url])
        try? FileManager.default.removeItem(at: file)
    }

    private func run(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: pgbench)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.runUnmasked()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: data, as: UTF8.self)
        guard process.terminationStatus == 0 else { throw BenchError("pgbench failed: \(text.suffix(400))") }
        return text
    }

    /// Runs `body` in many tasks until the time is over.
    ///
    /// - Returns: How often it ran in a second, all tasks together.
    static func rate(
        tasks: Int, seconds: Double, _ body: @escaping @Sendable (_ task: Int, _ turn: Int) async throws -> Void
    ) async throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        let end = start.advanced(by: .seconds(seconds))
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for task in 0..<tasks {
                group.addTask {
                    var turn = 0
                    while clock.now < end {
                        try await body(task, turn)
                        turn += 1
                    }
                    return turn
                }
            }
            return try await group.reduce(0, +)
        }
        return Double(count) / start.duration(to: clock.now).seconds
    }
}
#endif
