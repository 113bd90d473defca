import Foundation
import StoresCore
import Testing

@testable import StoresPostgres

/// A schema of its own on the server that POSTGRES_URL names, with a backend on it; dropped at the end.
struct DataStore: Sendable {
    static let url = ProcessInfo.processInfo.environment["POSTGRES_URL"]
    static let skipped: Comment = "POSTGRES_URL names no server: scripts/services start postgres, then env"

    let backend: PostgresBackend
    let schema: String

    var pool: PostgresPool { backend.pool }
    var vector: PostgresVectorDriver { PostgresVectorDriver(backend: backend) }
    var memory: PostgresMemoryDriver { PostgresMemoryDriver(backend: backend) }
    var search: PostgresSearchDriver { PostgresSearchDriver(backend: backend) }

    static func with<T: Sendable>(_ body: (DataStore) async throws -> T) async throws -> T {
        let schema = "test_\(UUID().uuidString.lowercased().prefix(8))"
        let wanted = ["POSTGRES_URL": url ?? "", "POSTGRES_SCHEMA": schema, "POSTGRES_POOL_SIZE": "6"]
        let settings = try Settings(PostgresConfiguration.settings) { wanted[$0.variable] }
        let context = AdapterContext(name: "postgres", tiers: [.vector, .memory, .search], settings: settings)
        let backend = try #require(try StoresPostgres.open(context) as? PostgresBackend)
        try await backend.start(context: self.context())
        let store = DataStore(backend: backend, schema: schema)
        do {
            let result = try await body(store)
            try await store.end()
            return result
        } catch {
            try? await store.end()
            throw error
        }
    }

    private func end() async throws {
        _ = try await pool.query(
            "DROP SCHEMA \(schema) CASCADE", .write, isPrepared: false, deadline: .after(.seconds(60)))
        await backend.shutdown()
    }

    static func context(_ time: Duration = .seconds(60), clock: any StoreClock = SystemStoreClock()) -> CallContext {
        CallContext(deadline: .after(time), clock: clock)
    }

    /// A collection and the default namespace of it.
    func collection(
        _ name: String, _ dimensions: Int, _ metric: VectorMetric = .cosine, fields: [FieldDefinition] = [],
        options: [String: String] = [:]
    ) async throws -> VectorTarget {
        let spec = VectorCollectionSpec(
            name: name, dimensions: dimensions, metric: metric, fields: fields, options: options)
        _ = try await vector.ensureCollection(spec, mode: .create, context: Self.context())
        return VectorTarget(collection: spec, namespace: "default")
    }

    func ask(_ sql: String, _ parameters: [PostgresParameter] = []) async throws -> PostgresRows {
        try await pool.query(sql, parameters, .read, isPrepared: false, deadline: .after(.seconds(60)))
    }

    /// The lines of a plan.
    func plan(_ sql: String, _ parameters: [PostgresParameter]) async throws -> String {
        try await ask("EXPLAIN (COSTS OFF) \(sql)", parameters).map { try $0.text(0) }.joined(separator: "\n")
    }
}

/// SplitMix64: the same numbers for the same seed.
struct Generator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    mutating func pick<T>(_ choices: [T]) -> T { choices[Int.random(in: 0..<choices.count, using: &self)] }

    mutating func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &self) == 0 }

    mutating func vector(_ dimensions: Int) -> [Float] {
        (0..<dimensions).map { _ in Float.random(in: -1...1, using: &self) }
    }
}

/// What a call came to, for comparing two drivers: its result, or the kind of its error.
func outcome<T>(_ body: () async throws(StoreError) -> T) async -> String {
    do {
        return "\(try await body())"
    } catch {
        return "error \(error.code.rawValue)"
    }
}
