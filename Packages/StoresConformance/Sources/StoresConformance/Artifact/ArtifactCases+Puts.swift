import StoresCore
import Synchronization

extension ArtifactCases {
    /// Chunks that a reader pulls, counted; a body that fails says so after its last chunk.
    struct Body: AsyncSequence, Sendable {
        struct Broken: Error {}

        final class Pulled: Sendable {
            let chunks = Atomic<Int>(0)
        }

        let chunks: [[UInt8]]
        var fails = false
        /// Called before each chunk, with its number.
        var before: @Sendable (Int) async throws -> Void = { _ in }
        let pulled = Pulled()

        struct Iterator: AsyncIteratorProtocol {
            let body: Body
            var index = 0

            mutating func next() async throws -> [UInt8]? {
                try await body.before(index)
                guard index < body.chunks.count else {
                    if body.fails { throw Broken() }
                    return nil
                }
                body.pulled.chunks.add(1, ordering: .relaxed)
                index += 1
                return body.chunks[index - 1]
            }
        }

        func makeAsyncIterator() -> Iterator { Iterator(body: self) }
    }

    /// The bytes in chunks of uneven sizes.
    static func uneven(_ bytes: [UInt8]) -> [[UInt8]] {
        var chunks: [[UInt8]] = []
        var start = 0
        var size = 1
        while start < bytes.count {
            let end = min(start + size, bytes.count)
            chunks.append(Array(bytes[start..<end]))
            start = end
            size = size * 7 % 300_007 + 1
        }
        return chunks
    }

    /// A1, A4 and A11.
    static let puts: [ConformanceCase] = [
        // Usually: a chunk lost at a part's boundary.
        ConformanceCase("A1.streams", .artifact, "a body of any size, in chunks of any size, reads back as it was") {
            bench in
            let store = bench.stores.artifact
            for size in [0, 1, 65_536, 1 << 20, (9 << 20) + 17] {
                let key = bench.key()
                let bytes = pattern(size, seed: UInt64(size))
                let info = try await store.put(key, body: Body(chunks: uneven(bytes)), contentType: "image/png")
                try expectBytes(info.key, key, "the key of put")
                try expectEqual(info.size, Int64(size), "the size of put")
                try expectEqual(info.contentType, "image/png", "the content type of put")
                try expectEqual(info.sha256, SHA256Digest.hexadecimal(of: bytes), "the SHA-256 of put")
                let head = try unwrap(try await store.head(key), "head")
                try expectEqual(head.size, info.size, "the size of head")
                try expectEqual(head.etag, info.etag, "the etag of head")
                try expectEqual(head.sha256, info.sha256, "the SHA-256 of head")
                try expectEqual(head.contentType, "image/png", "the content type of head")
                try await expectBody(store, key, bytes, "the body of \(size) bytes")
                let artifact = try unwrap(try await store.get(key), "get")
                try expectEqual(artifact.range, 0..<Int64(size), "the range of get")
                try expectEqual(artifact.info.etag, info.etag, "the etag of get")
            }
        },
        ConformanceCase("A1.bytes", .artifact, "a body from memory is the same object as a streamed one") { bench in
            let key = bench.key()
            let bytes = pattern(100_000)
            let info = try await bench.stores.artifact.put(key, bytes: bytes)
            try expectEqual(info.contentType, "application/octet-stream", "the content type")
            try expectEqual(info.sha256, SHA256Digest.hexadecimal(of: bytes), "the SHA-256")
            try await expectBody(bench.other.artifact, key, bytes, "the body")
        },
        ConformanceCase("A1.chunksWithoutBytes", .artifact, "empty chunks end nothing") { bench in
            let key = bench.key()
            let info = try await bench.stores.artifact.put(key, body: Body(chunks: [[], [1], [], [], [2], []]))
            try expectEqual(info.size, 2, "the size")
            try await expectBody(bench.stores.artifact, key, [1, 2], "the body")
        },
        // Usually: the object is written in place.
        ConformanceCase(
            "A4.atomic", .artifact, "a reader during an overwrite sees the old object or the new, never a part"
        ) { bench in
            let store = bench.stores.artifact
            let key = bench.key()
            let versions = (0..<4).map { pattern(300_000 + $0 * 50_000, seed: UInt64($0)) }
            try await store.put(key, bytes: versions[0])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for round in 1..<12 { try await store.put(key, body: Body(chunks: uneven(versions[round % 4]))) }
                }
                for reader in 0..<3 {
                    let view = reader % 2 == 0 ? bench.stores.artifact : bench.other.artifact
                    group.addTask {
                        for _ in 0..<15 {
                            let found = try await read(view, key)
                            try expect(
                                versions.contains(found),
                                "a read during overwrites: expected a whole version, got \(found.count) bytes")
                        }
                    }
                }
                try await group.waitForAll()
            }
        },
        ConformanceCase("A4.invisibleUntilDone", .artifact, "an object is not visible before its put has ended") {
            bench in
            let store = bench.stores.artifact
            let key = bench.key()
            let body = Body(chunks: uneven(pattern(400_000))) { number in
                guard number > 0 else { return }
                let head = try await store.head(key)
                try expect(head == nil, "head at chunk \(number): expected nothing, got \(head?.size ?? 0) bytes")
            }
            do {
                try await store.put(key, body: body)
            } catch let error as StoreError {
                throw (error.underlying as? CaseFailure) ?? error
            }
            try expectEqual(try await store.head(key)?.size, 400_000, "the size after the put")
            try expectBytes(try await pages(store, key).keys, [key], "the listing after the put")
        },
        // Usually: the checksum of the backend (MD5, CRC) taken for the object's, or none kept.
        ConformanceCase("A11.checksum", .artifact, "the SHA-256 is the body's, and the etag changes with every write") {
            bench in
            let store = bench.stores.artifact
            let key = bench.key()
            var etags: Set<String> = []
            for bytes in [pattern(1000), pattern(1000, seed: 2), pattern(1000)] {
                let info = try await store.put(key, bytes: bytes)
                try expectEqual(info.sha256, SHA256Digest.hexadecimal(of: bytes), "the SHA-256")
                try expectEqual(try await store.get(key)?.info.sha256, info.sha256, "the SHA-256 of get")
                etags.insert(info.etag)
            }
            // The third write has the first one's bytes: an etag made of content may be the first one's.
            try expect(etags.count >= 2, "etags of three writes: expected at least two, got \(etags.count)")
        },
    ]

    /// A2.
    static let conditions: [ConformanceCase] = [
        // Usually: the condition is sent with a single put and dropped on the multipart path.
        ConformanceCase(
            "A2.ifAbsent", .artifact, "ifAbsent holds for small, large and streamed bodies",
            requires: [.artifact(.putIfAbsent)]
        ) { bench in
            let store = bench.stores.artifact
            for size in [10, (9 << 20) + 1] {
                let key = bench.key()
                let first = try await store.put(key, body: Body(chunks: uneven(pattern(size))), condition: .ifAbsent)
                try await conflict(first.etag, "streamed, \(size) bytes") {
                    try await store.put(key, body: Body(chunks: uneven(pattern(size, seed: 2))), condition: .ifAbsent)
                }
                try await conflict(first.etag, "from memory, \(size) bytes") {
                    try await store.put(key, bytes: pattern(size, seed: 3), condition: .ifAbsent)
                }
                try await expectBody(store, key, pattern(size), "the body after refused puts")
                try expect(try await store.delete(key), "delete: expected that it was there")
                try await store.put(key, bytes: [1], condition: .ifAbsent)
            }
        },
        ConformanceCase(
            "A2.ifMatch", .artifact, "ifMatch holds for small, large and streamed bodies",
            requires: [.artifact(.putIfMatch)]
        ) { bench in
            let store = bench.stores.artifact
            for size in [10, (9 << 20) + 1] {
                let key = bench.key()
                try await conflict(nil, "ifMatch on a missing key, \(size) bytes") {
                    try await store.put(key, body: Body(chunks: uneven(pattern(size))), condition: .ifMatch("abc"))
                }
                try expectEqual(try await store.head(key), nil, "head after a refused put")
                let one = try await store.put(key, bytes: pattern(size))
                let two = try await store.put(
                    key, body: Body(chunks: uneven(pattern(size, seed: 2))), condition: .ifMatch(one.etag))
                try await conflict(two.etag, "a stale etag, \(size) bytes") {
                    try await store.put(
                        key, body: Body(chunks: uneven(pattern(size, seed: 3))), condition: .ifMatch(one.etag))
                }
                try await expectBody(store, key, pattern(size, seed: 2), "the body after refused puts")
            }
            try await expectError(.invalidArgument, during: "a malformed etag") {
                try await store.put(bench.key(), bytes: [1], condition: .ifMatch("a b"))
            }
        },
        // Usually: look, then put.
        ConformanceCase(
            "A2.oneWins", .artifact, "of parallel puts with ifAbsent exactly one wins",
            requires: [.artifact(.putIfAbsent)]
        ) { bench in
            for round in 0..<4 {
                let key = bench.key()
                let wins = try await race(6) { number in
                    let store = number % 2 == 0 ? bench.stores.artifact : bench.other.artifact
                    try await store.put(
                        key, body: Body(chunks: uneven(pattern(50_000, seed: UInt64(number)))), condition: .ifAbsent)
                }
                try expectEqual(wins, 1, "winners in round \(round)")
            }
        },
        refused("A2.noIfAbsent", .putIfAbsent, .ifAbsent), refused("A2.noIfMatch", .putIfMatch, .ifMatch("abc")),
    ]

    private static func conflict<T>(_ current: String?, _ what: String, _ body: () async throws -> T) async throws {
        let error = try await expectError(.conflict, during: what, body)
        try expectEqual(error.conflict, .etag(current: current), "the conflict of \(what)")
    }

    private static func refused(
        _ id: String, _ capability: ArtifactCapability, _ condition: ArtifactCondition
    ) -> ConformanceCase {
        ConformanceCase(
            id, .artifact, "\(capability.rawValue) is refused before the first byte where it is not declared",
            excludes: [.artifact(capability)]
        ) { bench in
            let key = bench.key()
            let body = Body(chunks: [[1], [2]])
            try await expectUnsupported(bench, .artifact(capability), "a put with a condition") {
                try await bench.stores.artifact.put(key, body: body, condition: condition)
            }
            try expectEqual(body.pulled.chunks.load(ordering: .relaxed), 0, "chunks that were pulled")
            try expectEqual(try await bench.stores.artifact.head(key), nil, "head after a refused put")
        }
    }

    /// A3.
    static let failures: [ConformanceCase] = [
        // Usually: the temporary object stays, or the destination was opened first.
        ConformanceCase("A3.failedBody", .artifact, "a body that fails leaves no object, and an older one as it was") {
            bench in
            let store = bench.stores.artifact
            let (fresh, old) = (bench.key(), bench.key())
            try await store.put(old, bytes: [1, 2, 3])
            for size in [0, 100_000, 9 << 20] {
                for key in [fresh, old] {
                    let error = try await expectError(
                        .internal, during: "a put of a body that fails after \(size) bytes"
                    ) {
                        try await store.put(key, body: Body(chunks: uneven(pattern(size)), fails: true))
                    }
                    try expect(error.applied == .no, "applied: expected no, got \(String(describing: error.applied))")
                }
                try expectEqual(try await store.head(fresh), nil, "head of the new key")
                try await expectBody(store, old, [1, 2, 3], "the old object")
                try expectSame(try await pages(store, bench.root).keys, [old], "the listing")
            }
        },
        ConformanceCase("A3.cancelled", .artifact, "a cancelled put leaves no object") { bench in
            let store = bench.stores.artifact
            for chunksBefore in [0, 1, 30] {
                let key = bench.key()
                let body = Body(chunks: Array(repeating: pattern(100_000), count: 60)) { number in
                    if number == chunksBefore { withUnsafeCurrentTask { $0?.cancel() } }
                }
                let task = Task { _ = try await store.put(key, body: body) }
                try await expectError(.cancelled, during: "a put cancelled at chunk \(chunksBefore)") {
                    try await task.value
                }
                try expectEqual(try await store.head(key), nil, "head after a put cancelled at chunk \(chunksBefore)")
                try expectSame(try await pages(store, bench.root).keys, [], "the listing")
            }
        },
        ConformanceCase("A3.deadline", .artifact, "a put past its deadline leaves no object") { bench in
            let store = bench.stores.artifact
            let key = bench.key()
            let body = Body(chunks: Array(repeating: pattern(1000), count: 1000)) { _ in
                try await Task.sleep(for: .milliseconds(5))
            }
            let start = ContinuousClock.now
            try await expectError(.timeout, during: "a put of a slow body") {
                try await store.put(key, body: body, deadline: .after(.milliseconds(200)))
            }
            let took = start.duration(to: .now)
            try expect(took < .seconds(3), "a put past its deadline: expected an end at once, got one after \(took)")
            try expectEqual(try await store.head(key), nil, "head")
        },
    ]
}
