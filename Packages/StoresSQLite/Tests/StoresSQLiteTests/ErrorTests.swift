#if SQLite
import Foundation
import GRDB
import GRDBSQLite
import StoresCore
import Testing

@testable import StoresSQLite

/// What fails, and how it is told.
@Suite struct ErrorTests {
    private func failure<T>(_ body: () async throws(StoreError) -> T) async throws -> StoreError {
        do throws(StoreError) {
            _ = try await body()
        } catch {
            return error
        }
        throw Missing()
    }
    private struct Missing: Error {}

    @Test(arguments: [
        (SQLITE_NOTADB, StoreError.Code.corrupt, false), (SQLITE_CORRUPT, .corrupt, false),
        (SQLITE_CORRUPT | 1 << 8, .corrupt, false), (SQLITE_FULL, .unavailable, false),
        (SQLITE_BUSY, .unavailable, true), (SQLITE_LOCKED, .unavailable, true),
        (SQLITE_IOERR | 3 << 8, .unavailable, false), (SQLITE_IOERR | 2 << 8, .corrupt, false),
        (SQLITE_READONLY, .permissionDenied, false), (SQLITE_PERM, .permissionDenied, false),
        (SQLITE_TOOBIG, .tooLarge, false), (SQLITE_CONSTRAINT, .internal, false),
        (SQLITE_NOMEM, .unavailable, true),
    ])
    func codesAreTranslated(code: Int32, expected: StoreError.Code, isRetryable: Bool) {
        let error = StoreError.sqlite(SQLiteFailure(code: code, message: "native text"), path: "/data/x.sqlite")
        #expect(error.code == expected && error.isRetryable == isRetryable)
        #expect(!error.description.contains("native text"))
        #expect(error.debugDescription.contains("native text"))
        #expect(error.isLocal == (code == SQLITE_FULL))
        if expected == .corrupt || code == SQLITE_FULL { #expect(error.message.contains("/data/x.sqlite")) }
    }

    @Test func aFullDiskIsToldAndLeavesWhatWasThere() async throws {
        let store = try await Store()
        try await store.put("kept", Array(repeating: 7, count: 1000))
        let pages = try await store.pool().read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
        try await store.pool().writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA max_page_count = \(pages + 20)")
        }
        for size in [500_000, 5_000_000] {
            let error = try await failure { () throws(StoreError) in
                try await store.put("big", Array(repeating: 1, count: size))
            }
            #expect(error.code == .unavailable && !error.isRetryable && error.applied == .no)
            #expect(error.message.contains("disk is full") && error.message.contains(store.path))
        }
        let write = try await failure { () throws(StoreError) in
            try await store.event.append(
                [NewEvent(id: "1", type: "t", data: Array(repeating: 0, count: 300_000))], to: "s", expected: .any,
                context: Store.context())
        }
        #expect(write.message.contains("disk is full"))
        #expect(try await store.bytes("kept") == Array(repeating: 7, count: 1000))
        #expect(try await store.artifact.head("big", context: Store.context()) == nil)
        #expect(try await store.count("stores_artifact_chunks") == 1)
        try await store.pool().writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
        try await store.put("big", Array(repeating: 1, count: 500_000))
    }

    @Test func anotherProcessesLockIsWaitedForWithinTheDeadline() async throws {
        let path = Store.newPath()
        func open(_ busyTimeout: String) async throws -> Store {
            try await Store(
                path,
                settings: [
                    "SQLITE_PATH": path, "SQLITE_SYNCHRONOUS": "normal", "SQLITE_BUSY_TIMEOUT": busyTimeout,
                ])
        }
        let (hasty, patient) = (try await open("100ms"), try await open("10m"))
        // A transaction of somebody else, held open on a connection that is not the stores'.
        var options = Configuration()
        options.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: path, configuration: options)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        func set(_ store: Store, _ time: Duration) async throws(StoreError) {
            _ = try await store.session.set(
                [SessionWrite(key: "k", value: SessionValue("v"))], context: Store.context(time))
        }
        let busy = try await failure { () throws(StoreError) in try await set(hasty, .seconds(300)) }
        #expect(busy.code == .unavailable && busy.isRetryable && busy.applied == .no)
        // Far less than the ten minutes that it would wait for the lock.
        let start = ContinuousClock.now
        let late = try await failure { () throws(StoreError) in try await set(patient, .milliseconds(30)) }
        #expect(late.code == .timeout && late.applied == .no && start.duration(to: .now) < .seconds(60))
        #expect(try await hasty.session.get(["k"], context: Store.context())[0] == nil, "reads go on")
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try await set(patient, .seconds(60))
        for store in [hasty, patient] { await store.backend.shutdown() }
        try other.close()
        try FileManager.default.removeItem(atPath: SQLitePath.folder(of: path))
    }

    @Test func aLongStatementStopsAtTheDeadlineAndWhenCancelled() async throws {
        let store = try await Store()
        let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        let late = try await failure { () throws(StoreError) in
            try await store.backend.read(Store.context(.milliseconds(50))) { (connection) throws(StoreError) in
                try connection.firstInt(endless)
            }
        }
        #expect(late.code == .timeout)
        let written = try await failure { () throws(StoreError) in
            try await store.backend.write(Store.context(.milliseconds(50))) { (connection) throws(StoreError) in
                try connection.run("INSERT INTO stores_streams (stream, last_revision) VALUES ('x', 1)")
                return try connection.firstInt(endless)
            }
        }
        #expect(written.code == .timeout && written.applied == .no)
        #expect(try await store.count("stores_streams") == 0)
        let (started, starts) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await store.backend.write(Store.context()) { (connection) throws(StoreError) in
                starts.yield()
                return try connection.firstInt(endless)
            }
        }
        for await _ in started { break }
        task.cancel()
        let result = await task.result
        #expect(throws: StoreError.self) { try result.get() }
        if case .failure(let error as StoreError) = result {
            #expect(error.code == .cancelled && error.applied == .no)
        }
    }

    @Test func whoWaitsForTheWriterLeavesAtHisDeadlineAndWhenCancelled() async throws {
        let store = try await Store()
        let (started, starts) = AsyncStream.makeStream(of: Void.self)
        let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        let holder = Task {
            try await store.backend.write(Store.context()) { (connection) throws(StoreError) in
                starts.yield()
                return try connection.firstInt(endless)
            }
        }
        for await _ in started { break }
        let late = try await failure { () throws(StoreError) in
            try await store.session.delete(["a"], condition: .none, context: Store.context(.milliseconds(30)))
        }
        #expect(late.code == .timeout && late.applied == .no)
        let waiting = Task { () throws(StoreError) in
            try await store.session.delete(["a"], condition: .none, context: Store.context())
        }
        waiting.cancel()
        if case .failure(let error as StoreError) = await waiting.result {
            #expect(error.code == .cancelled && error.applied == .no)
        } else {
            Issue.record("a cancelled call came back with a result")
        }
        holder.cancel()
        _ = await holder.result
        _ = try await store.session.delete(["a"], condition: .none, context: Store.context())
    }

    @Test func aFileThatIsNoDatabaseAndAFolderAreTold() async throws {
        let store = try await Store(starts: false)
        try SQLitePath.makeFolder(SQLitePath.folder(of: store.path))
        try Data(repeating: 65, count: 5000).write(to: URL(fileURLWithPath: store.path))
        let error = try await failure { () throws(StoreError) in
            try await store.backend.start(context: Store.context())
        }
        #expect(error.code == .corrupt && error.message.contains(store.path) && error.phase == .open)
        let folder = try await Store(SQLitePath.folder(of: store.path), starts: false)
        let second = try await failure { () throws(StoreError) in
            try await folder.backend.start(context: Store.context())
        }
        #expect(second.code == .invalidArgument && second.message.contains("is a folder"))
    }
}
#endif
