#if SQLite
import GRDB
import StoresCore
import Testing

@testable import StoresSQLite

@Suite struct ArtifactTests {
    private static func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var g = Generator(seed: seed)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: g.next()) }
    }

    @Test(arguments: [0, 1, 262_143, 262_144, 262_145, 1 << 20, (1 << 20) + 1, 3_333_333])
    func bodiesOfEverySizeAndRange(size: Int) async throws {
        let store = try await Store()
        let bytes = Self.bytes(size)
        let info = try await store.artifact.put(
            ArtifactPut(key: "k"), body: Store.body(bytes, pieces: 7), context: Store.context())
        #expect(info.size == Int64(size) && info.sha256 == SHA256Digest.hexadecimal(of: bytes))
        #expect(try await store.bytes("k") == bytes)
        guard size > 2 else { return }
        let middle = Int64(size / 2)
        for range in [ByteRange.bytes(offset: middle, length: 1), .from(middle), .suffix(middle), .from(0)] {
            let expected = try #require(range.resolved(size: Int64(size)))
            #expect(
                try await store.bytes("k", range: range)
                    == Array(bytes[Int(expected.lowerBound)..<Int(expected.upperBound)]))
        }
        await #expect(throws: StoreError.self) { try await store.bytes("k", range: .from(Int64(size))) }
    }

    @Test func aFailedOrCancelledPutLeavesNothing() async throws {
        let store = try await Store()
        struct Broken: Error {}
        let broken = Store.body(
            Source { index in
                if index == 5 { throw Broken() }
                return Self.bytes(900_000)
            })
        await #expect(throws: StoreError.self) {
            try await store.artifact.put(ArtifactPut(key: "k"), body: broken, context: Store.context())
        }
        let (reached, reaches) = AsyncStream.makeStream(of: Void.self)
        let task = Task { () throws(StoreError) -> ArtifactInfo in
            let endless = Store.body(
                Source { index in
                    if index == 6 { reaches.yield() }
                    return Self.bytes(500_000)
                })
            return try await store.artifact.put(ArtifactPut(key: "k"), body: endless, context: Store.context())
        }
        for await _ in reached { break }
        task.cancel()
        if case .failure(let error as StoreError) = await task.result {
            #expect(error.code == .cancelled && error.applied == .no)
        } else {
            Issue.record("a cancelled put came back with a result")
        }
        for table in ["stores_artifacts", "stores_artifact_objects", "stores_artifact_chunks"] {
            #expect(try await store.count(table) == 0)
        }
    }

    @Test func aReaderHasTheObjectThatItBegan() async throws {
        let store = try await Store()
        let (old, new) = (Self.bytes(2_000_000, seed: 1), Self.bytes(2_000_000, seed: 2))
        try await store.put("k", old)
        let download = try #require(try await store.artifact.get("k", range: nil, context: Store.context()))
        var read = try await download.chunks.next() ?? []
        try await store.put("k", new)
        while let chunk = try await download.chunks.next() { read += chunk }
        #expect(read == old)
        #expect(try await store.bytes("k") == new)
        // When the grace is over, the old bytes go, and who still reads them is told.
        let late = try #require(try await store.artifact.get("k", range: nil, context: Store.context()))
        _ = try await late.chunks.next()
        _ = try await store.artifact.delete(["k"], context: Store.context())
        try await store.pool().write {
            try $0.execute(sql: "UPDATE stores_artifact_objects SET sweep_after = 0 WHERE sweep_after IS NOT NULL")
        }
        try await store.put("other", [1])
        #expect(try await store.count("stores_artifact_chunks") == 1)
        do {
            while try await late.chunks.next() != nil {}
            Issue.record("the rest of a deleted object was read")
        } catch {
            #expect(error.code == .unavailable && error.remedy != nil)
        }
    }

    @Test func theUploadOfADeadProcessIsSweptAtTheNextStart() async throws {
        let store = try await Store()
        let alive = try await store.backend.write(Store.context()) { (connection) throws(StoreError) in
            let objects = SQLiteArtifactObjects(connection: connection)
            let dead = try objects.create(until: .after(.seconds(1)))
            _ = try objects.write(Self.bytes(600_000)[...], to: dead, from: 0)
            try connection.run("UPDATE stores_artifact_objects SET sweep_after = 1")
            let alive = try objects.create(until: .after(.seconds(1)))
            _ = try objects.write(Self.bytes(300_000)[...], to: alive, from: 0)
            return alive
        }
        let second = try await Store(store.path)
        #expect(try await second.count("stores_artifact_chunks") == 2)
        #expect(
            try await second.pool().read {
                try Int64.fetchAll($0, sql: "SELECT object_id FROM stores_artifact_objects")
            }
                == [alive])
        await second.backend.shutdown()
    }

    @Test func conditionsHoldAmongManyWriters() async throws {
        let store = try await Store()
        let second = try await Store(store.path)
        let created = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let size = number % 2 == 0 ? 10 : 1_500_000
                    let side = number < 4 ? store : second
                    return (try? await side.put("k", Self.bytes(size), condition: .ifAbsent)) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(created == 1)
        let etag = try #require(try await store.artifact.head("k", context: Store.context())).etag
        try await store.put("k", [1], condition: .ifMatch(etag))
        do {
            try await store.put("k", [2], condition: .ifMatch(etag))
            Issue.record("a stale etag passed")
        } catch {
            let now = try await store.artifact.head("k", context: Store.context())?.etag
            #expect(error.code == .conflict && error.conflict == .etag(current: now))
        }
        await second.backend.shutdown()
    }

    @Test func listingsAgreeWithTheReference() async throws {
        let store = try await Store()
        let reference = InMemoryArtifactDriver()
        let keys = [
            "a", "a/b", "a/b/c", "a/b/d", "a/é", "a//x", "ab", "b/\u{10FFFF}/1", "b/\u{10FFFF}/2", "%", "z/",
        ]
        for key in keys {
            for driver in [store.artifact, reference] as [any ArtifactDriver] {
                _ = try await driver.put(
                    ArtifactPut(key: key), body: Store.body([1]), context: Store.context())
            }
        }
        for prefix in ["", "a", "a/", "b/", "b/\u{10FFFF}", "none", "%"] {
            for delimiter in [nil, "/", "/b", "//"] {
                for limit in [1, 2, 100] {
                    var pages: [[String]] = []
                    for driver in [store.artifact, reference] as [any ArtifactDriver] {
                        var found: [String] = []
                        var cursor: StoresCore.Cursor?
                        repeat {
                            let page = try await driver.list(
                                ArtifactList(prefix: prefix, delimiter: delimiter, cursor: cursor, limit: limit),
                                context: Store.context())
                            #expect(page.objects.count + page.commonPrefixes.count <= limit)
                            found += page.objects.map(\.key) + page.commonPrefixes.map { "prefix \($0)" }
                            cursor = page.next
                        } while cursor != nil
                        pages.append(found)
                    }
                    #expect(pages[0] == pages[1], "\(prefix) \(delimiter ?? "-") \(limit)")
                }
            }
        }
    }
}
#endif
