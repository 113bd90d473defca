#if SQLite
import Foundation
import GRDB
import Testing

@testable import StoresCore
@testable import StoresSQLite

/// A file of its own, with a backend on it; both go with it.
final class Store: Sendable {
    let path: String
    let backend: SQLiteBackend
    private let ownsFile: Bool

    init(
        _ path: String? = nil, mode: SchemaMode = .create, settings: [String: String] = [:], starts: Bool = true
    ) async throws {
        ownsFile = path == nil
        let path = path ?? Store.newPath()
        self.path = path
        let found = try Settings(SQLiteConfiguration.settings) {
            settings[$0.variable] ?? ["SQLITE_PATH": path, "SQLITE_SYNCHRONOUS": "normal"][$0.variable]
        }
        let context = AdapterContext(
            name: "sqlite", tiers: Set(Tier.stores), settings: found, schemaMode: mode)
        backend = try #require(try StoresSQLite.open(context) as? SQLiteBackend)
        if starts { try await backend.start(context: Store.context()) }
    }

    deinit {
        if ownsFile { try? FileManager.default.removeItem(atPath: SQLitePath.folder(of: path)) }
    }

    static func newPath() -> String {
        FileManager.default.temporaryDirectory
            .appendingPathComponent("stores-sqlite-\(UUID().uuidString)/stores.sqlite").path
    }

    static func context(_ time: Duration = .seconds(60), clock: any StoreClock = SystemStoreClock()) -> CallContext {
        CallContext(deadline: .after(time), clock: clock)
    }

    var vector: SQLiteVectorDriver { SQLiteVectorDriver(backend: backend) }
    var memory: SQLiteMemoryDriver { SQLiteMemoryDriver(backend: backend) }
    var session: SQLiteSessionDriver { SQLiteSessionDriver(backend: backend) }
    var artifact: SQLiteArtifactDriver { SQLiteArtifactDriver(backend: backend) }
    var event: SQLiteEventDriver { SQLiteEventDriver(backend: backend) }
    var search: SQLiteSearchDriver { SQLiteSearchDriver(backend: backend) }

    func pool() throws -> DatabasePool { try #require(backend.native as? DatabasePool) }

    func count(_ table: String) async throws -> Int {
        try await pool().read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? -1 }
    }

    static func body(_ bytes: [UInt8], pieces: Int = 1) -> ArtifactBody {
        let size = max(1, (bytes.count + pieces - 1) / pieces)
        return body(
            Source { index in
                let start = index * size
                return start < bytes.count ? Array(bytes[start..<min(bytes.count, start + size)]) : nil
            })
    }

    static func body(_ source: sending Source, time: Duration = .seconds(60)) -> ArtifactBody {
        ArtifactBody(source, deadline: .after(time), maxSize: nil)
    }

    func bytes(_ key: String, range: ByteRange? = nil) async throws(StoreError) -> [UInt8]? {
        guard let download = try await artifact.get(key, range: range, context: Store.context()) else { return nil }
        var bytes: [UInt8] = []
        while let chunk = try await download.chunks.next() { bytes += chunk }
        return bytes
    }

    @discardableResult
    func put(_ key: String, _ bytes: [UInt8], condition: ArtifactCondition = .none) async throws(StoreError)
        -> ArtifactInfo
    {
        try await artifact.put(
            ArtifactPut(key: key, condition: condition), body: Store.body(bytes), context: Store.context())
    }
}

/// A body of chunks made on demand.
struct Source: AsyncSequence, AsyncIteratorProtocol {
    typealias Element = [UInt8]
    var make: @Sendable (Int) async throws -> [UInt8]?
    var index = 0

    init(_ make: @escaping @Sendable (Int) async throws -> [UInt8]?) { self.make = make }

    func makeAsyncIterator() -> Source { self }

    mutating func next() async throws -> [UInt8]? {
        defer { index += 1 }
        return try await make(index)
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
}

/// What a call came to, for comparing two drivers: its result, or the kind of its error.
func outcome<T>(_ body: () async throws(StoreError) -> T) async -> String {
    do {
        return "\(try await body())"
    } catch {
        return "error \(error.code.rawValue)"
    }
}
#endif
