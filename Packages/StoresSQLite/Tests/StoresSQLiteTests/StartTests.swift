#if SQLite
import Foundation
import GRDB
import StoresCore
import Testing

@testable import StoresSQLite

/// Opening: paths, schema modes, versions, two at once.
@Suite struct StartTests {
    private func failure(_ body: () async throws -> Void) async throws -> StoreError {
        do {
            try await body()
        } catch {
            return try #require(error as? StoreError, "\(error)")
        }
        throw Missing()
    }
    private struct Missing: Error {}

    @Test func memoryIsRefusedWithAPointerToTheMemoryAdapter() async throws {
        let error = try await failure { _ = try await Store(":memory:", starts: false) }
        #expect(error.code == .invalidArgument && error.phase == .configuration)
        #expect(error.remedy?.contains("STORE_VECTOR=memory") == true)
    }

    @Test func createMakesTheFolderAndVerifyDoesNot() async throws {
        let path = Store.newPath()
        for mode in [SchemaMode.verify, .off] {
            let error = try await failure { _ = try await Store(path, mode: mode) }
            #expect(error.code == .notFound && error.phase == .open && error.remedy?.contains("create") == true)
        }
        #expect(!SQLitePath.exists(SQLitePath.folder(of: path)), "nothing was made")
        let store = try await Store(path)
        try await store.backend.start(context: Store.context())
        let status = try await store.backend.ping(context: Store.context())
        #expect(
            status.details["journal_mode"] == "wal" && status.details["path"]?.hasSuffix("stores.sqlite") == true)
        #expect(status.version.hasPrefix("3."))
        await store.backend.shutdown()
        for mode in [SchemaMode.verify, .off] { await (try Store(path, mode: mode)).backend.shutdown() }
        try FileManager.default.removeItem(atPath: SQLitePath.folder(of: path))
    }

    @Test func missingOlderAndNewerSchemasAreTold() async throws {
        let store = try await Store(starts: false)
        try SQLitePath.makeFolder(SQLitePath.folder(of: store.path))
        do {
            let queue = try DatabaseQueue(path: store.path)
            try await queue.write { try $0.execute(sql: "CREATE TABLE mine (a)") }
        }
        let missing = try await failure { _ = try await Store(store.path, mode: .verify) }
        #expect(missing.code == .notFound && missing.phase == .schema)
        await (try Store(store.path)).backend.shutdown()
        for (version, code, phase) in [
            (0, StoreError.Code.notFound, StoreError.Phase.schema), (99, .schemaMismatch, .version),
        ] {
            try await DatabaseQueue(path: store.path).write {
                try $0.execute(sql: "UPDATE stores_schema SET version = ?", arguments: [version])
            }
            let error = try await failure { _ = try await Store(store.path, mode: .verify) }
            #expect(error.code == code && error.phase == phase && error.remedy != nil)
        }
        let newer = try await failure { _ = try await Store(store.path, mode: .create) }
        #expect(newer.code == .schemaMismatch && newer.phase == .version)
        let kept = try await DatabaseQueue(path: store.path).read { try $0.tableExists("mine") }
        #expect(kept)
    }

    @Test func aFileOfTheFirstVersionIsCompletedAndKeepsWhatItHolds() async throws {
        let store = try await Store()
        try await store.put("kept", [1])
        try await store.pool().write {
            try $0.execute(sql: "DROP TABLE stores_deleted_runs; UPDATE stores_schema SET version = 1")
        }
        await store.backend.shutdown()
        let older = try await failure { _ = try await Store(store.path, mode: .verify) }
        #expect(older.code == .schemaMismatch && older.conflict == .schema(found: "1", wanted: "2"))
        let completed = try await Store(store.path)
        #expect(try await completed.bytes("kept") == [1])
        #expect(try await completed.count("stores_deleted_runs") == 0)
        await completed.backend.shutdown()
        await (try Store(store.path, mode: .verify)).backend.shutdown()
    }

    @Test func manyStartsOfOneNewFileAtOnce() async throws {
        for _ in 0..<5 {
            let path = Store.newPath()
            let stores = try await withThrowingTaskGroup(of: Store.self) { group in
                for _ in 0..<6 { group.addTask { try await Store(path) } }
                var stores: [Store] = []
                for try await store in group { stores.append(store) }
                return stores
            }
            #expect(try await stores[0].count("stores_schema") == 1)
            for store in stores { await store.backend.shutdown() }
            try FileManager.default.removeItem(atPath: SQLitePath.folder(of: path))
        }
    }

    @Test func useBeforeStartAndAfterShutdownThrows() async throws {
        let store = try await Store(starts: false)
        let before = try await failure { _ = try await store.session.get(["a"], context: Store.context()) }
        try await store.backend.start(context: Store.context())
        await store.backend.shutdown()
        let after = try await failure { _ = try await store.session.get(["a"], context: Store.context()) }
        for error in [before, after] { #expect(error.code == .unavailable && !error.isRetryable) }
    }

    @Test func whatWasWrittenIsThereAfterARestart() async throws {
        let store = try await Store()
        _ = try await store.put("a/b", [1, 2, 3])
        _ = try await store.session.set(
            [SessionWrite(key: "k\u{0}é", value: SessionValue(bytes: [0, 255]))], context: Store.context())
        await store.backend.shutdown()
        #expect(!SQLitePath.exists(store.path + "-wal"), "the log is written back")
        let again = try await Store(store.path, mode: .verify)
        #expect(try await again.bytes("a/b") == [1, 2, 3])
        let entry = try await again.session.get(["k\u{0}é"], context: Store.context())[0]
        #expect(entry?.value.bytes == [0, 255])
        await again.backend.shutdown()
    }
}
#endif
