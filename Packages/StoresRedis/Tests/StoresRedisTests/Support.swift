import Foundation
import StoresCore
import StoresRedis
import Testing

extension Trait where Self == ConditionTrait {
    /// Runs where the environment names a server.
    static var needsServer: Self {
        .enabled(
            if: !TestServer.all.isEmpty,
            "no server: set REDIS_URL or VALKEY_URL, as scripts/services env prints them")
    }

    /// Runs where the test can end and start the server.
    static var restartsServer: Self {
        .enabled(
            if: ProcessInfo.processInfo.environment["BACKEND_SERVICES"] != nil,
            "BACKEND_SERVICES does not name scripts/services")
    }
}

/// A server that the environment names: `REDIS_URL`, `VALKEY_URL`.
struct TestServer: Sendable, CustomStringConvertible {
    var name: String
    var url: String

    var description: String { name }

    static let all: [TestServer] = ["redis", "valkey", "keydb"].compactMap { name in
        ProcessInfo.processInfo.environment["\(name.uppercased())_URL"].map { TestServer(name: name, url: $0) }
    }

    /// Host and port, and what stands before them in the URL.
    var port: Int { Int(url.split(separator: ":").last?.prefix { $0.isNumber } ?? "") ?? 0 }

    var password: String? {
        guard let at = url.lastIndex(of: "@"), let start = url.range(of: "://:") else { return nil }
        return String(url[start.upperBound..<at])
    }

    /// The same server behind another port or a socket.
    func url(port: Int) -> String { "redis://\(password.map { ":\($0)@" } ?? "")127.0.0.1:\(port)/0" }
    func url(socket: String) -> String { "unix://\(password.map { ":\($0)@" } ?? "")\(socket)" }

    /// Stores under a prefix of their own; the body's keys are deleted at the end.
    func withStores<T>(
        url: String? = nil, settings: [String: String] = [:], options: StoresOptions = StoresOptions(),
        prefix: String = "test-\(UUID().uuidString):", _ body: (Stores) async throws -> T
    ) async throws -> T {
        try await withOpenStores(url: url, settings: settings, options: options, prefix: prefix) { stores in
            try await body(stores)
        }
    }

    private func withOpenStores<T>(
        url: String?, settings: [String: String], options: StoresOptions, prefix: String,
        _ body: (Stores) async throws -> T
    ) async throws -> T {
        var registry = AdapterRegistry()
        registry.register(StoresRedis.self)
        let variable = name.uppercased()
        var environment = ["STORE_SESSION": name, "STORE_EVENT": name]
        environment["\(variable)_URL"] = url ?? self.url
        environment["\(variable)_KEY_PREFIX"] = prefix
        environment["\(variable)_PROTOCOL"] = ProcessInfo.processInfo.environment["REDIS_PROTOCOL"]
        for (name, value) in settings { environment["\(variable)_\(name)"] = value }
        return try await Stores.withOpen(registry: registry, environment: environment, options: options, body)
    }

    /// `scripts/services kill redis`, `scripts/services start redis`.
    func service(_ verb: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: ProcessInfo.processInfo.environment["BACKEND_SERVICES"] ?? "")
        process.arguments = [verb, name]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw ServiceFailure(verb: verb) }
    }
}

struct ServiceFailure: Error {
    var verb: String
}

/// A call that is expected to fail, with how long it took.
func failure(_ body: () async throws -> Void) async -> (error: StoreError?, took: Duration) {
    let start = ContinuousClock.now
    do {
        try await body()
        return (nil, start.duration(to: .now))
    } catch {
        return (error as? StoreError, start.duration(to: .now))
    }
}

/// Repeats a call until it succeeds: for what comes back in its own time.
func eventually<T>(within: Duration = .seconds(10), _ body: () async throws -> T) async throws -> T {
    let end = ContinuousClock.now + within
    while true {
        do {
            return try await body()
        } catch {
            guard ContinuousClock.now < end else { throw error }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
