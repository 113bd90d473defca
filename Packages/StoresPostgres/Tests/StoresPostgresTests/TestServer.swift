import Foundation
import StoresCore
import Synchronization
import Testing

@testable import StoresPostgres

/// The server that POSTGRES_URL names; tests that need it are skipped without.
enum TestServer {
    static let url = ProcessInfo.processInfo.environment["POSTGRES_URL"]
    static let skipped: Comment = "POSTGRES_URL names no server: scripts/services start postgres, then env"

    /// Postgres 15, with TLS.
    static let url15 = ProcessInfo.processInfo.environment["POSTGRES15_URL"]
    static let skipped15: Comment = "POSTGRES15_URL names no server: scripts/services start postgres15, then env"
    /// The folder of its certificates.
    static let certificates = ProcessInfo.processInfo.environment["POSTGRES15_TLS"]

    static func parts15() throws -> URLComponents {
        let url = try #require(url15)
        return try #require(URLComponents(string: url))
    }

    /// Those that are there.
    static let urls = [url, url15].compactMap(\.self)

    static func schema() -> String { "test_\(UUID().uuidString.lowercased().prefix(12))" }

    static func backend(
        _ tiers: Set<Tier> = [.session, .event], schema: String = schema(), poolSize: Int = 6,
        schemaMode: SchemaMode = .create, change: (inout PostgresConfiguration) -> Void = { _ in }
    ) throws -> PostgresBackend {
        var configuration = PostgresConfiguration(url: url, schema: schema, poolSize: poolSize)
        configuration.sharedConnections = max(1, poolSize / 2)
        change(&configuration)
        let context = AdapterContext(
            name: "postgres", tiers: tiers, settings: try Settings([]) { _ in nil }, schemaMode: schemaMode)
        return PostgresBackend(configuration, context: context)
    }

    /// A started backend with a schema of its own, which is dropped at the end.
    static func with(
        _ tiers: Set<Tier> = [.session, .event], poolSize: Int = 6, url: String? = url,
        _ body: (PostgresBackend) async throws -> Void
    ) async throws {
        let backend = try backend(tiers, poolSize: poolSize) { $0.url = url }
        do {
            try await backend.start(context: context(.seconds(20)))
            try await body(backend)
        } catch {
            await drop(backend)
            throw error
        }
        await drop(backend)
    }

    static func drop(_ backend: PostgresBackend) async {
        let name = PostgresIdentifier.quoted(backend.pool.schema)
        _ = try? await backend.pool.withConnection(deadline: .after(.seconds(20))) { lease throws(StoreError) in
            try await lease.script("DROP SCHEMA IF EXISTS \(name) CASCADE")
        }
        await backend.shutdown()
    }

    static func context(_ duration: Duration = .seconds(10)) -> CallContext {
        CallContext(deadline: .after(duration))
    }

    /// Waits for a condition, as long as it takes within a minute.
    static func until(_ what: Comment, _ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now.advanced(by: .seconds(60))
        while try await !condition() {
            try #require(ContinuousClock.now < deadline, what)
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    static func error(_ body: () async throws -> Void) async -> StoreError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? StoreError
        }
    }
}

/// A number that tasks share.
final class Counter: Sendable {
    private let number = Atomic<Int>(0)

    var value: Int { number.load(ordering: .acquiring) }

    func add(_ amount: Int = 1) { number.add(amount, ordering: .acquiringAndReleasing) }
}
