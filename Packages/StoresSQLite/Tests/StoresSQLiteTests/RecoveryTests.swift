#if SQLite
import Dispatch
import GRDB
import Testing

@testable import StoresCore
@testable import StoresSQLite

/// The call after one that failed in the middle, and calls that had to wait.
@Suite struct RecoveryTests {
    private static let spec = VectorCollectionSpec(name: "c", dimensions: 2, metric: .cosine)
    private static let target = VectorTarget(collection: spec, namespace: "n")

    private static func records(_ count: Int, document: String? = nil) -> [VectorRecord] {
        (0..<count).map { VectorRecord(id: "v\($0)", vector: [1, Float($0)], document: document) }
    }

    private static func upsert(_ store: Store, _ records: [VectorRecord], _ time: Duration = .seconds(60))
        async throws(StoreError)
    {
        _ = try await store.vector.upsert(
            records, into: target, visibility: .accepted, context: Store.context(time))
    }

    private static func store() async throws -> Store {
        let store = try await Store()
        _ = try await store.vector.ensureCollection(spec, mode: .create, context: Store.context())
        return store
    }

    /// GRDB's cached statement comes back as it was left; one that stopped in the middle takes no values.
    @Test func aStatementThatWasInterruptedServesTheNextCall() async throws {
        let store = try await Store()
        let sql = """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ?1)
            INSERT INTO stores_streams (stream, last_revision) SELECT i, 0 FROM n
            """
        await #expect(throws: StoreError.self) {
            try await store.backend.write(Store.context()) { (connection) throws(StoreError) in
                let query = try connection.prepare(sql)
                try query.bind(1, Int64.max)
                connection.call.cancel()
                _ = try query.step()
            }
        }
        try await store.backend.write(Store.context()) { (connection) throws(StoreError) in
            let query = try connection.prepare(sql)
            try query.bind(1, 3 as Int64)
            try query.run()
        }
        #expect(try await store.count("stores_streams") == 3)
    }

    @Test func anUpsertThatWasCancelledMidwayLeavesTheNextOneWell() async throws {
        let store = try await Self.store()
        let (reached, reaches) = AsyncStream.makeStream(of: Void.self)
        let door = DispatchSemaphore(value: 0)
        let stop = DatabaseFunction("stop", argumentCount: 0) { _ in
            reaches.yield()
            door.wait()
            return nil
        }
        // The 50th record's insert is under way, and goes on for long enough to be interrupted, when the call is
        // cancelled.
        try await store.pool().writeWithoutTransaction { db in
            db.add(function: stop)
            try db.execute(
                sql: """
                    CREATE TEMP TRIGGER stopping AFTER INSERT ON main.stores_vector_records WHEN NEW.id = 'v50' BEGIN
                        SELECT stop();
                        SELECT count(*) FROM sqlite_master a, sqlite_master b, sqlite_master c, sqlite_master d;
                    END
                    """)
        }
        let task = Task { try await Self.upsert(store, Self.records(100)) }
        for await _ in reached { break }
        task.cancel()
        door.signal()
        let error = await #expect(throws: StoreError.self) { try await task.value }
        #expect(error?.code == .cancelled && error?.applied == .no)
        #expect(try await store.count("stores_vectors") == 0)
        // The trigger stays: a change of the schema would empty the cache of statements.
        try await Self.upsert(store, Self.records(3))
        #expect(try await store.count("stores_vectors") == 3)
    }

    @Test func anUpsertThatFoundTheDiskFullLeavesTheNextOneWell() async throws {
        let store = try await Self.store()
        let pages = try await store.pool().read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
        try await store.pool().writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA max_page_count = \(pages + 20)")
        }
        let large = Self.records(20, document: String(repeating: ".", count: 50_000))
        do throws(StoreError) {
            try await Self.upsert(store, large)
            Issue.record("a full disk took the records")
        } catch {
            #expect(error.message.contains("disk is full") && error.applied == .no)
        }
        try await store.pool().writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
        try await Self.upsert(store, large)
        #expect(try await store.count("stores_vectors") == 20)
    }

    /// Runs a call that has to wait three seconds, by the injected clock, for a writer that is busy.
    private static func waiting<T: Sendable>(
        _ store: Store, _ clock: ManualStoreClock,
        _ call: @escaping @Sendable (CallContext) async throws(StoreError) -> T
    ) async throws -> T {
        let door = DispatchSemaphore(value: 0)
        let (started, starts) = AsyncStream.makeStream(of: Void.self)
        let holder = Task {
            try await store.backend.write(Store.context()) { (_) throws(StoreError) in
                starts.yield()
                door.wait()
            }
        }
        for await _ in started { break }
        let waiter = Task { try await call(Store.context(clock: clock)) }
        while store.backend.writer.waitingCount == 0 { await Task.yield() }
        clock.advance(by: .seconds(3))
        door.signal()
        try await holder.value
        return try await waiter.value
    }

    @Test func theTimeOfAWriteIsWhenItHasTheWriter() async throws {
        let (store, clock) = (try await Store(), ManualStoreClock())
        let ttl = Duration.seconds(2)
        let lease = try #require(
            try await Self.waiting(store, clock) { context throws(StoreError) in
                try await store.session.acquireLease("k", ttl: ttl, context: context)
            })
        #expect(lease.expiresAt == clock.now.advanced(by: ttl), "not expired when it is granted")
        let renewed = try await Self.waiting(store, ManualStoreClock(start: clock.now.advanced(by: .seconds(-2)))) {
            context throws(StoreError) in
            try await store.session.renewLease(lease, ttl: ttl, context: context)
        }
        #expect(renewed.expiresAt == clock.now.advanced(by: .seconds(3)))
        let run = try #require(
            try await Self.waiting(store, clock) { context throws(StoreError) in
                try await store.event.acquireLease("k", ttl: ttl, context: context)
            })
        #expect(run.expiresAt == clock.now.advanced(by: ttl))
        let saved = try await Self.waiting(store, clock) { context throws(StoreError) in
            try await store.event.saveRun(
                "r", status: "s", state: [], ifVersion: nil, leaseGuard: nil, context: context)
        }
        #expect(saved.updatedAt == clock.now)
        let receipt = try await Self.waiting(store, clock) { context throws(StoreError) in
            try await store.session.set(
                [SessionWrite(key: "k", value: SessionValue("v"), expiry: .after(ttl))], context: context)[0]
        }
        #expect(try receipt.get().expiresAt == clock.now.advanced(by: ttl))
        let fact = try await Self.waiting(store, clock) { context throws(StoreError) in
            try await store.memory.put(
                [FactPut(draft: FactDraft(id: "f", scope: ["s"], content: "c"))], context: context)[0]
        }
        #expect(try fact.get().createdAt == clock.now)
        _ = try await Self.waiting(store, clock) { context throws(StoreError) in
            try await store.event.append(
                [NewEvent(id: "1", type: "t", data: [])], to: "s", expected: .any, context: context)
        }
        let slice = try await store.event.read(
            "s", from: nil, direction: .forward, limit: 1, context: Store.context())
        #expect(slice.events.first?.recordedAt == clock.now)
        let info = try await Self.waiting(store, clock) { context throws(StoreError) in
            try await store.artifact.put(ArtifactPut(key: "a"), body: Store.body([1]), context: context)
        }
        #expect(info.modified == clock.now)
    }

    /// The one timer does not keep the gate, nor does each call that waited leave one behind.
    @Test func whoLeavesAGateLeavesNoTimerBehind() async throws {
        var gate: SQLiteGate? = SQLiteGate(places: 1, what: "the test")
        weak let kept = gate
        try await gate?.enter(deadline: .after(.seconds(60)))
        for hours in [5, 4, 3, 2, 1] {
            let waiter = Task { [gate] in try await gate?.enter(deadline: .after(.seconds(3600 * hours))) }
            while gate?.waitingCount == 0 { await Task.yield() }
            waiter.cancel()
            await #expect(throws: StoreError.self) { try await waiter.value }
        }
        // An early alarm that rings in vain is set anew for who still waits.
        let patient = Task { [gate] in try await gate?.enter(deadline: .after(.milliseconds(150))) }
        while gate?.waitingCount == 0 { await Task.yield() }
        await #expect(throws: StoreError.self) { try await gate?.enter(deadline: .after(.milliseconds(20))) }
        let late = await #expect(throws: StoreError.self) { try await patient.value }
        #expect(late?.code == .timeout)
        gate = nil
        while kept != nil { await Task.yield() }
    }

    /// A version that was given out once is not given out again: who holds it writes to nothing newer by mistake.
    @Test func aDeletedFactsAndRunsVersionsGoOn() async throws {
        let (store, clock) = (try await Store(), ManualStoreClock())
        let context = Store.context(clock: clock)
        func put(_ ifVersion: Int64?, expiresAt: Timestamp? = nil) async throws -> Fact {
            let draft = FactDraft(id: "f", scope: ["s"], content: "c", expiresAt: expiresAt)
            return try await store.memory.put([FactPut(draft: draft, ifVersion: ifVersion)], context: context)[0].get()
        }
        _ = try await put(0)
        _ = try await put(1)
        #expect(try await store.memory.delete("f", scope: ["s"], ifVersion: 2, context: context))
        let stale = await #expect(throws: StoreError.self) { try await put(2) }
        #expect(stale?.code == .conflict && stale?.conflict == .version(current: 0))
        clock.advance(by: .seconds(1))
        let again = try await put(0, expiresAt: clock.now.advanced(by: .seconds(5)))
        #expect(again.version == 3 && again.createdAt == clock.now)
        let lines = try await store.memory.history("f", scope: ["s"], context: context)
        #expect(lines.map(\.fact.version) == [1, 2, 2, 3] && lines.map(\.change) == [.put, .put, .delete, .put])
        _ = try await store.memory.delete("f", scope: ["s"], ifVersion: nil, context: context)
        clock.advance(by: .seconds(5))
        #expect(try await put(0).version == 1, "what expired is forgotten, deleted or not")
        #expect(try await store.memory.forget(["s"], context: context) == 1)
        #expect(try await put(nil).version == 1)

        func save(_ ifVersion: Int64?) async throws -> Run {
            try await store.event.saveRun(
                "r", status: "s", state: [1], ifVersion: ifVersion, leaseGuard: nil, context: context)
        }
        _ = try await save(0)
        for version in [2, 4, 6] as [Int64] {
            #expect(try await save(nil).version == version)
            #expect(try await store.event.deleteRun("r", context: context))
            #expect(try await !store.event.deleteRun("r", context: context))
            #expect(try await store.event.loadRun("r", context: context) == nil)
            let stale = await #expect(throws: StoreError.self) { try await save(version) }
            #expect(stale?.code == .conflict && stale?.conflict == .version(current: 0))
            clock.advance(by: .seconds(1))
            let again = try await save(0)
            #expect(again.version == version + 1 && again.createdAt == clock.now)
        }
    }

    /// Paging by place: what is written in front of it does not move what comes after it.
    @Test func searchPagesGoOnFromTheLastHitAlsoAfterWrites() async throws {
        let (store, context) = (try await Store(), Store.context())
        let spec = SearchIndexSpec(name: "i", fields: ["t": .text(.standard)])
        _ = try await store.search.ensureIndex(spec, mode: .create, context: context)
        func upsert(_ ids: [String]) async throws {
            _ = try await store.search.upsert(
                ids.map { SearchDocument(id: $0, fields: ["t": "word"]) }, into: spec, visibility: .accepted,
                context: context)
        }
        try await upsert(["c", "d", "é", "f", "g"])
        func page(_ cursor: StoresCore.Cursor?) async throws -> SearchResults {
            try await store.search.search(
                SearchRequest(query: .all, cursor: cursor, limit: 2), in: spec, context: context)
        }
        let first = try await page(nil)
        #expect(first.hits.map(\.id) == ["c", "d"] && first.total == 5)
        try await upsert(["a", "b"])
        _ = try await store.search.delete(.ids(["c"]), from: spec, context: context)
        let second = try await page(first.next)
        #expect(second.hits.map(\.id) == ["f", "g"] && second.total == 6)
        let third = try await page(second.next)
        #expect(third.hits.map(\.id) == ["é"] && third.next == nil)
        for cursor in ["", "00", "31.41", "zz.zz"] {
            let error = await #expect(throws: StoreError.self) { try await page(StoresCore.Cursor(rawValue: cursor)) }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func aHitHasAtMostThreeHighlightsOfAField() async throws {
        let (store, reference) = (try await Store(), InMemorySearchDriver())
        let spec = SearchIndexSpec(name: "i", fields: ["t": .text(.standard)])
        let texts = (0..<6).map { Value.string("a word of text \($0)") }
        for driver in [store.search, reference] as [any SearchDriver] {
            _ = try await driver.ensureIndex(spec, mode: .create, context: Store.context())
            _ = try await driver.upsert(
                [SearchDocument(id: "d", fields: ["t": .array(texts)])], into: spec, visibility: .accepted,
                context: Store.context())
            let request = SearchRequest(query: .match(field: "t", "word"), highlight: ["t"], limit: 1)
            let found = try await driver.search(request, in: spec, context: Store.context())
            #expect(found.hits.first?.highlights["t"]?.count == 3)
        }
    }

    @Test func damagedSnapshotsGiveWayToThoseBeforeThem() async throws {
        let store = try await Store()
        for revision in 0..<6 {
            try await store.event.saveSnapshot(
                Snapshot(stream: "s", revision: Int64(revision), data: [UInt8(revision)]), context: Store.context())
        }
        try await store.pool().write {
            try $0.execute(sql: "UPDATE stores_snapshots SET data = x'FF' WHERE revision IN (5, 4, 2)")
        }
        for (limit, wanted) in [(1, [3]), (2, [3, 1]), (9, [3, 1, 0])] as [(Int, [Int64])] {
            let found = try await store.event.loadSnapshots(
                "s", atOrBefore: nil, limit: limit, context: Store.context())
            #expect(found.map(\.revision) == wanted, "\(limit)")
        }
    }

    /// The error names the key, a delete of that key works, and the listing goes on from where it was.
    @Test(arguments: [
        "content_type = 'x'", "metadata = '[1'", "size = 7", "checksum = 0", "object_id = 1", "object_id = 4",
    ])
    func aListingGoesOnOnceTheDamagedObjectIsDeleted(_ damage: String) async throws {
        let store = try await Store()
        for key in ["a/1", "a/É", "b"] { try await store.put(key, Array(key.utf8)) }
        let first = try await store.artifact.list(ArtifactList(limit: 1), context: Store.context())
        try await store.pool().write {
            try $0.execute(sql: "UPDATE stores_artifacts SET \(damage) WHERE key = 'a/É'")
        }
        let rest = ArtifactList(cursor: first.next, limit: 10)
        let listing = await #expect(throws: StoreError.self) {
            try await store.artifact.list(rest, context: Store.context())
        }
        #expect(listing?.code == .corrupt && listing?.remedy?.contains("delete the object") == true)
        let key = try #require(listing?.resource)
        #expect(Array(key.utf8) == Array("a/É".utf8))
        #expect(try await store.artifact.delete([key], context: Store.context())[0].get())
        #expect(try await store.artifact.list(rest, context: Store.context()).objects.map(\.key) == ["b"])
        // What the damaged row pointed at by mistake is swept by no later write.
        try await store.pool().write {
            try $0.execute(sql: "UPDATE stores_artifact_objects SET sweep_after = 0 WHERE sweep_after IS NOT NULL")
        }
        try await store.put("new", [1])
        for key in ["a/1", "b", "new"] {
            #expect(try await store.bytes(key) == (key == "new" ? [1] : Array(key.utf8)))
        }
    }

    @Test func aDamagedObjectCanBePutAnew() async throws {
        let store = try await Store()
        try await store.put("k", [1])
        // The number that the next object gets.
        for damage in ["content_type = 'x'", "object_id = 3"] {
            try await store.pool().write { try $0.execute(sql: "UPDATE stores_artifacts SET \(damage)") }
            await #expect(throws: StoreError.self) { try await store.bytes("k") }
            try await store.put("k", [2])
            try await store.pool().write {
                try $0.execute(sql: "UPDATE stores_artifact_objects SET sweep_after = 0 WHERE sweep_after IS NOT NULL")
            }
            try await store.put("other", [3])
            #expect(try await store.bytes("k") == [2])
            _ = try await store.artifact.delete(["other"], context: Store.context())
        }
    }
}
#endif
