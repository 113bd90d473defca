import StoresCore

/// A, and what of X and R concerns the artifact tier.
enum ArtifactCases {
    static let all: [ConformanceCase] =
        common + puts + conditions + failures + reads + ranges + deletes + listing + keys + metadata + presigned

    /// Bytes that differ everywhere, so that a lost or repeated chunk shows.
    static func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            withUnsafeBytes(of: random.next().littleEndian) { bytes.append(contentsOf: $0) }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    static func read(_ store: ArtifactStore, _ key: String, range: ByteRange? = nil) async throws -> [UInt8] {
        let artifact = try unwrap(try await store.get(key, range: range), "the object")
        return try await artifact.body.collect(upTo: 64 << 20)
    }

    static func expectBody(_ store: ArtifactStore, _ key: String, _ expected: [UInt8], _ what: String) async throws {
        let found = try await read(store, key)
        try expect(
            found == expected,
            "\(what): expected \(expected.count) bytes, got \(found.count)\(found.count == expected.count ? ", but other ones" : "")"
        )
    }

    static func pages(
        _ store: ArtifactStore, _ prefix: String, delimiter: String? = nil, limit: Int = 1000
    ) async throws -> (keys: [String], prefixes: [String]) {
        var keys: [String] = []
        var prefixes: [String] = []
        var cursor: Cursor?
        var count = 0
        repeat {
            let page = try await store.list(prefix: prefix, delimiter: delimiter, cursor: cursor, limit: limit)
            let size = page.objects.count + page.commonPrefixes.count
            try expect(size <= limit, "a page of \(limit): expected at most that many, got \(size)")
            keys += page.objects.map(\.key)
            prefixes += page.commonPrefixes
            cursor = page.next
            count += 1
            try expect(count <= 10_000, "the listing: expected an end, got \(count) pages")
        } while cursor != nil
        return (keys, prefixes)
    }

    static let common = CommonCases.all(
        TierProbe(
            tier: .artifact,
            write: { bench, stores in
                let key = bench.key()
                try await stores.artifact.put(key, bytes: [1, 2, 3])
                return { try await $0.artifact.head(key)?.size == 3 }
            },
            touch: { bench, stores, deadline in
                _ = try await stores.artifact.head("\(bench.root)/none", deadline: deadline)
            },
            refused: { bench, text in try await bench.stores.artifact.put("", bytes: Array(text.utf8)) },
            failing: { bench, text in
                let key = bench.key()
                try await bench.stores.artifact.put(key, bytes: Array(text.utf8))
                try await bench.stores.artifact.delete(key)
                _ = try await bench.stores.artifact.get(key)
            },
            bulk: { bench, count in
                let keys = (0..<min(count, 1100)).map { "\(bench.root)/bulk\(count)/\($0)" }
                for key in keys.prefix(30) { try await bench.stores.artifact.put(key, bytes: [1]) }
                let result = try await bench.stores.artifact.delete(keys)
                let left = try await pages(bench.stores.artifact, "\(bench.root)/bulk\(count)/").keys.count
                return (keys, result, keys.count - left)
            },
            slow: { bench in
                let chunk = pattern(64 << 10)
                return { deadline in
                    let key = bench.key()
                    let body = AsyncStream<[UInt8]> { continuation in
                        for _ in 0..<64 { continuation.yield(chunk) }
                        continuation.finish()
                    }
                    try await bench.stores.artifact.put(key, body: body, deadline: deadline)
                    return BulkResult(succeeded: [key])
                }
            },
            ping: { try await $0.artifact.ping() },
            native: { try await $0.artifact.withNative((any Sendable).self) { _ in } },
            wrongNative: { try await $0.artifact.withNative(NoHandle.self) { _ in } },
            limited: { bench, limit in _ = try await bench.stores.artifact.list(prefix: bench.root, limit: limit) },
            ordered: { bench in
                let root = bench.key() + "/"
                let names = ["b", "a", "é", "B", "10", "9", "a/1", "a!"].map { root + $0 }
                for name in names { try await bench.stores.artifact.put(name, bytes: [1]) }
                return (try await pages(bench.stores.artifact, root).keys, names.sortedByBytes)
            }))

    /// A7.
    static let listing: [ConformanceCase] = [
        // Usually: a directory's order, a locale's, or a cache of the client.
        ConformanceCase(
            "A7.order", .artifact, "objects are listed in UTF-8 byte order, with all that is known, in pages"
        ) { bench in
            let store = bench.stores.artifact
            let root = bench.key() + "/"
            let names = [
                "a", "a/b", "a/b/c", "a-b", "a.b", "ab", "B", "Z", "z", "é", "e\u{301}", "日本", "👩", "0", "~", "a b",
                "a/c", "\u{FFFD}", "\u{10000}",
            ]
            .map { root + $0 }
            for (index, name) in names.enumerated() {
                try await store.put(name, bytes: Array(repeating: 1, count: index), contentType: "a/x")
            }
            for limit in [1, 4, 1000] {
                try expectBytes(
                    try await pages(store, root, limit: limit).keys, names.sortedByBytes, "keys in pages of \(limit)")
            }
            let listed = try await store.list(prefix: root).objects
            for (index, name) in names.enumerated() {
                let object = try unwrap(
                    listed.first { $0.key.utf8.elementsEqual(name.utf8) }, "the listed \(shown(name))")
                try expectEqual(object.size, Int64(index), "the listed size of \(shown(name))")
                let head = try unwrap(try await store.head(name), "head of \(shown(name))")
                try expectEqual(object.etag, head.etag, "the listed etag of \(shown(name))")
            }
        },
        // Usually: a prefix that is taken for a directory or a pattern.
        ConformanceCase("A7.prefix", .artifact, "a prefix is a prefix of the key's bytes") { bench in
            let store = bench.stores.artifact
            let root = bench.key() + "/"
            let names = ["a", "ab", "a/b", "A", "a%c", "a_c", "axc", "b", "é", "e\u{301}"]
            for name in names { try await store.put(root + name, bytes: [1]) }
            for prefix in ["a", "a/", "ab", "a%", "a_", "%", "*", "e", "é", "c", ""] {
                let expected = names.filter { $0.utf8.starts(with: prefix.utf8) }.map { root + $0 }.sortedByBytes
                try expectBytes(
                    try await pages(store, root + prefix, limit: 2).keys, expected,
                    "keys with the prefix \(shown(prefix))")
            }
            let fresh = root + "new"
            try await bench.other.artifact.put(fresh, bytes: [1])
            try expectBytes(try await pages(store, fresh).keys, [fresh], "a key that another view has just written")
            try await bench.other.artifact.delete(fresh)
            try expectBytes(try await pages(store, fresh).keys, [], "a key that another view has just deleted")
        },
        // Usually: prefixes repeated on each page, or pages that count objects alone.
        ConformanceCase(
            "A7.delimiter", .artifact, "a delimiter rolls keys up into common prefixes, each once",
            requires: [.artifact(.delimiter)]
        ) { bench in
            let store = bench.stores.artifact
            let root = bench.key() + "/"
            for name in ["a", "b/1", "b/2", "b/c/1", "b/c/2", "b.x", "d/1", "z"] {
                try await store.put(root + name, bytes: [1])
            }
            for limit in [1, 2, 3, 100] {
                let top = try await pages(store, root, delimiter: "/", limit: limit)
                try expectBytes(
                    top.keys, ["a", "b.x", "z"].map { root + $0 }, "objects at the top, in pages of \(limit)")
                try expectBytes(
                    top.prefixes, ["b/", "d/"].map { root + $0 }, "prefixes at the top, in pages of \(limit)")
            }
            let inner = try await pages(store, root + "b/", delimiter: "/")
            try expectBytes(inner.keys, ["b/1", "b/2"].map { root + $0 }, "objects under b/")
            try expectBytes(inner.prefixes, [root + "b/c/"], "prefixes under b/")
        },
        ConformanceCase(
            "A7.noDelimiter", .artifact, "a delimiter is refused where it is not declared",
            excludes: [.artifact(.delimiter)]
        ) { bench in
            try await expectUnsupported(bench, .artifact(.delimiter), "a delimiter") {
                try await bench.stores.artifact.list(prefix: bench.root, delimiter: "/")
            }
        },
    ]

    /// A8 and X11.
    static let keys: [ConformanceCase] = [
        // Usually: a path that is normalised.
        ConformanceCase(
            "A8.refused", .artifact, "keys that are empty, too long, or have NUL or a dot segment are invalid"
        ) { bench in
            let store = bench.stores.artifact
            let root = bench.root
            for key in [
                "", "\(root)/..", "../\(root)", "\(root)/../x", "\(root)/./x", ".", "..", "/../\(root)",
                "\(root)/a\u{0}b",
                "../\u{301}\(root)", "\(root)/../\u{301}x", root + String(repeating: "x", count: 1025),
            ] {
                try await expectError(.invalidArgument, during: "put of \(shown(key))") {
                    try await store.put(key, bytes: [1])
                }
                try await expectError(.invalidArgument, during: "get of \(shown(key))") { try await store.get(key) }
                try await expectError(.invalidArgument, during: "delete of \(shown(key))") {
                    try await store.delete(key)
                }
            }
            try expectEqual(try await pages(store, root).keys, [], "keys after refused puts")
        },
        ConformanceCase("A8.directories", .artifact, "a key may be the beginning of another's path") { bench in
            let store = bench.stores.artifact
            let root = bench.key()
            for (number, name) in ["a", "a/b", "a/b/c", "a/", "a//b"].enumerated() {
                try await store.put("\(root)/\(name)", bytes: [UInt8(number)])
            }
            for (number, name) in ["a", "a/b", "a/b/c", "a/", "a//b"].enumerated() {
                try await expectBody(store, "\(root)/\(name)", [UInt8(number)], "the body of \(name)")
            }
            try expect(try await store.delete("\(root)/a"), "delete of a: expected that it was there")
            try expectBytes(
                try await pages(store, root).keys, ["a/", "a//b", "a/b", "a/b/c"].map { "\(root)/\($0)" },
                "what is left")
        },
        ConformanceCase(
            "X11.artifact.keys", .artifact, "hostile keys round-trip or are invalid, and reach no other object"
        ) { bench in
            let store = bench.stores.artifact
            let root = bench.key() + "/"
            let names = HostileNames.all.map { root + $0 }
            try await NameCases.check(
                "the key", names: names, mustTake: ["a", "A", "é", "'", "*", "%"].map { root + $0 }
            ) { key, number in
                try await store.put(key, bytes: Array("\(number)".utf8))
            } read: { key in
                guard let info = try await store.head(key) else { return nil }
                try expectBytes(info.key, key, "the key of the object")
                return Int(String(decoding: try await read(store, key), as: UTF8.self))
            } remove: { key in
                try expect(try await store.delete(key), "delete of \(shown(key)): expected that it was there")
            }
        },
    ]
}
