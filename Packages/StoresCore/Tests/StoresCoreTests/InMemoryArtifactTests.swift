import Testing

@testable import StoresCore

@Suite struct InMemoryArtifactTests {
    let test = TestContext()
    let driver = InMemoryArtifactDriver()

    @discardableResult
    private func put(
        _ key: String, _ text: String = "x", condition: ArtifactCondition = .none, metadata: [String: String] = [:]
    ) async throws -> ArtifactInfo {
        let body = ArtifactBody(AsyncStream.of([bytes(text)]), deadline: .after(.seconds(600)), maxSize: nil)
        let request = ArtifactPut(key: key, contentType: "text/plain", metadata: metadata, condition: condition)
        return try await driver.put(request, body: body, context: test.call)
    }

    private func read(_ key: String, range: ByteRange? = nil) async throws -> [UInt8]? {
        guard let download = try await driver.get(key, range: range, context: test.call) else { return nil }
        let all = try await drain(download.chunks)
        #expect(Int64(all.count) == download.range.upperBound - download.range.lowerBound)
        return all
    }

    private func list(_ prefix: String = "", _ delimiter: String? = nil, limit: Int) async throws -> (
        keys: [String], prefixes: [String]
    ) {
        var keys: [String] = []
        var prefixes: [String] = []
        var cursor: Cursor?
        repeat {
            let request = ArtifactList(prefix: prefix, delimiter: delimiter, cursor: cursor, limit: limit)
            let page = try await driver.list(request, context: test.call)
            #expect(page.objects.count + page.commonPrefixes.count <= limit)
            keys += page.objects.map(\.key)
            prefixes += page.commonPrefixes
            cursor = page.next
        } while cursor != nil
        return (keys, prefixes)
    }

    @Test func `A1 a put returns size, etag, time and checksum, and head agrees`() async throws {
        let info = try await put("k", "hello", metadata: ["a": "1"])
        #expect(info.size == 5 && info.modified == test.now && info.contentType == "text/plain")
        #expect(info.metadata == ["a": "1"])
        #expect(info.sha256 == SHA256Digest.hexadecimal(of: bytes("hello")))
        #expect(try await driver.head("k", context: test.call) == info)
        #expect(try await driver.head("none", context: test.call) == nil)
        #expect(try await driver.get("none", range: nil, context: test.call)?.info == nil)
        #expect(try await put("k", "hello").etag != info.etag)
    }

    @Test(arguments: [7, 1000, 300_000, 5_000_000])
    func `bodies in chunks of any size read back whole and in parts`(chunk: Int) async throws {
        let count = 700_000
        let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        let chunks = stride(from: 0, to: count, by: chunk).map { Array(content[$0..<min($0 + chunk, count)]) }
        let body = ArtifactBody(AsyncStream.of(chunks), deadline: .after(.seconds(600)), maxSize: nil)
        let info = try await driver.put(ArtifactPut(key: "k"), body: body, context: test.call)
        #expect(info.size == Int64(count))
        #expect(try await read("k") == content)
        #expect(try await read("k", range: .bytes(offset: 262_143, length: 3)) == Array(content[262_143..<262_146]))
        #expect(try await read("k", range: .from(Int64(count) - 1)) == [content[count - 1]])
        #expect(try await read("k", range: .suffix(300_001)) == content.suffix(300_001))
        #expect(try await read("k", range: .bytes(offset: 0, length: Int64(count))) == content)
    }

    @Test func `A2 conditions hold`() async throws {
        let info = try await put("k", "1", condition: .ifAbsent)
        let second = try await put("k", "2", condition: .ifMatch(info.etag))
        for (key, condition, current) in [
            ("k", .ifAbsent, second.etag), ("k", .ifMatch(info.etag), second.etag), ("none", .ifMatch("e"), nil),
        ] as [(String, ArtifactCondition, String?)] {
            let error = await #expect(throws: StoreError.self) { try await put(key, "3", condition: condition) }
            #expect(error?.code == .conflict && error?.applied == .no)
            #expect(error?.conflict == .etag(current: current))
        }
        #expect(try await read("k") == bytes("2"))
    }

    @Test func `A2 a condition that fails at the start pulls no byte, and one that fails meanwhile writes nothing`()
        async throws
    {
        try await put("k", "1")
        let untouched = ArtifactBody(AsyncStream.of([[1]]), deadline: .after(.seconds(600)), maxSize: nil)
        await #expect(throws: StoreError.self) {
            try await driver.put(ArtifactPut(key: "k", condition: .ifAbsent), body: untouched, context: test.call)
        }
        #expect(!untouched.isStarted)

        let (store, call) = (driver, test.call)
        let meanwhile = AsyncThrowingStream<[UInt8], any Error>(unfolding: {
            // The body's first pull: somebody else puts the object.
            guard try await store.head("late", context: call) == nil else { return nil }
            let other = ArtifactBody(AsyncStream.of([bytes("theirs")]), deadline: .after(.seconds(600)), maxSize: nil)
            _ = try await store.put(ArtifactPut(key: "late"), body: other, context: call)
            return bytes("ours")
        })
        let body = ArtifactBody(meanwhile, deadline: .after(.seconds(600)), maxSize: nil)
        let error = await #expect(throws: StoreError.self) {
            try await store.put(ArtifactPut(key: "late", condition: .ifAbsent), body: body, context: call)
        }
        #expect(error?.code == .conflict)
        #expect(try await read("late") == bytes("theirs"))
    }

    @Test func `A3 a failed or cancelled put leaves no object and keeps the old one`() async throws {
        struct Broken: Error {}
        for key in ["new", "old"] {
            if key == "old" { try await put("old", "before") }
            let stream = AsyncThrowingStream<[UInt8], any Error> { continuation in
                continuation.yield([1])
                continuation.finish(throwing: Broken())
            }
            let body = ArtifactBody(stream, deadline: .after(.seconds(600)), maxSize: nil)
            await #expect(throws: StoreError.self) {
                try await driver.put(ArtifactPut(key: key), body: body, context: test.call)
            }
        }
        let (store, call) = (driver, test.call)
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        continuation.yield([1])
        let task = Task {
            let body = ArtifactBody(stream, deadline: .after(.seconds(600)), maxSize: nil)
            return try await store.put(ArtifactPut(key: "cancelled"), body: body, context: call)
        }
        task.cancel()
        let error = await #expect(throws: StoreError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(try await list(limit: 10).keys == ["old"])
        #expect(try await read("old") == bytes("before"))
    }

    @Test func `A4 a reader goes on with the version that it opened`() async throws {
        try await put("k", String(repeating: "1", count: 600_000))
        let download = try #require(try await driver.get("k", range: nil, context: test.call))
        let first = try #require(try await download.chunks.next())
        try await put("k", "2")
        let rest = try await drain(download.chunks)
        #expect(first + rest == bytes(String(repeating: "1", count: 600_000)))
        _ = try await driver.delete(["k"], context: test.call)
        #expect(try await read("k") == nil)
    }

    @Test func `A5 ranges past the end are refused`() async throws {
        try await put("k", "12345")
        try await put("empty", "")
        #expect(try await read("empty") == [])
        #expect(try await read("k", range: .suffix(5)) == bytes("12345"))
        let bad: [(String, ByteRange)] = [
            ("k", .bytes(offset: 5, length: 1)), ("k", .bytes(offset: 0, length: 6)),
            ("k", .bytes(offset: 1, length: 0)),
            ("k", .bytes(offset: -1, length: 1)), ("k", .from(5)), ("k", .suffix(6)), ("k", .suffix(0)),
            ("k", .bytes(offset: .max, length: .max)), ("empty", .from(0)), ("empty", .suffix(1)),
        ]
        for (key, range) in bad {
            let error = await #expect(throws: StoreError.self) { try await read(key, range: range) }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func `A6 deletes say whether it was there`() async throws {
        try await put("a")
        let results = try await driver.delete(["a", "none", "a"], context: test.call)
        #expect(try results.map { try $0.get() } == [true, false, false])
    }

    @Test(arguments: [1, 2, 3, 100])
    func `A7 listings are in byte order, paged, with common prefixes rolled up`(limit: Int) async throws {
        let keys = ["a", "a!b", "a/", "a/1", "a/2/x", "a/2/y", "a/3", "a0", "b/x", "é", "😀/1", "😀/2"]
        for key in keys.shuffled() { try await put(key) }
        #expect(try await list(limit: limit).keys == keys)
        #expect(try await list("a/", limit: limit).keys == ["a/", "a/1", "a/2/x", "a/2/y", "a/3"])
        let top = try await list("", "/", limit: limit)
        #expect(top.keys == ["a", "a!b", "a0", "é"])
        #expect(top.prefixes == ["a/", "b/", "😀/"])
        let inner = try await list("a/", "/", limit: limit)
        #expect(inner.keys == ["a/", "a/1", "a/3"])
        #expect(inner.prefixes == ["a/2/"])
        let middle = try await list("a", "2/", limit: limit)
        #expect(middle.keys == ["a", "a!b", "a/", "a/1", "a/3", "a0"])
        #expect(middle.prefixes == ["a/2/"])
        #expect(try await list("zz", limit: limit).keys == [])
    }

    @Test func `a cursor goes on after a prefix whose keys were deleted meanwhile`() async throws {
        for key in ["a/1", "a/2", "b", "c"] { try await put(key) }
        let first = try await driver.list(ArtifactList(delimiter: "/", limit: 1), context: test.call)
        #expect(first.commonPrefixes == ["a/"])
        _ = try await driver.delete(["a/1"], context: test.call)
        try await put("a/3")
        let second = try await driver.list(
            ArtifactList(delimiter: "/", cursor: first.next, limit: 9), context: test.call)
        #expect(second.objects.map(\.key) == ["b", "c"] && second.commonPrefixes.isEmpty && second.next == nil)
        for raw in ["", "6b", "ff.00", "78.78"] {
            await #expect(throws: StoreError.self) {
                try await driver.list(ArtifactList(cursor: Cursor(rawValue: raw), limit: 1), context: test.call)
            }
        }
    }

    @Test func `X11 hostile keys are different objects`() async throws {
        for name in hostileNames { try await put(name, name) }
        for name in hostileNames { #expect(try await read(name) == bytes(name)) }
        #expect(try await list(limit: 4).keys.count == hostileNames.count)
        #expect(try await list("cafe\u{301}", limit: 4).keys.map(bytes) == [bytes("cafe\u{301}")])
        #expect(try await list("100%", limit: 4).keys == ["100%"])
    }

    @Test func `of concurrent puts under ifAbsent one wins`() async throws {
        let (driver, call) = (driver, test.call)
        for round in 0..<20 {
            let wins = await withTaskGroup(of: Bool.self) { group in
                for task in 0..<8 {
                    group.addTask {
                        let body = ArtifactBody(
                            AsyncStream.of([[UInt8(task)]]), deadline: .after(.seconds(600)), maxSize: nil)
                        let request = ArtifactPut(key: "k\(round)", condition: .ifAbsent)
                        return (try? await driver.put(request, body: body, context: call)) != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(wins == 1)
        }
    }

    @Test func `planned faults strike before the first byte or after the write`() async throws {
        let faults = FaultPlan()
        let driver = InMemoryArtifactDriver(behavior: InMemoryBehavior(faults: faults))
        for (moment, exists) in [(FaultPlan.Moment.before, false), (.after, true)] {
            faults.fail(.artifact, "put", at: moment)
            let body = ArtifactBody(AsyncStream.of([[1]]), deadline: .after(.seconds(600)), maxSize: nil)
            await #expect(throws: StoreError.self) {
                try await driver.put(ArtifactPut(key: "k"), body: body, context: test.call)
            }
            #expect(body.isStarted == exists)
            #expect(try await (driver.head("k", context: test.call) != nil) == exists)
        }
        #expect(!InMemoryBehavior().capabilities(of: .artifact).contains(.artifact(.presign)))
    }
}
