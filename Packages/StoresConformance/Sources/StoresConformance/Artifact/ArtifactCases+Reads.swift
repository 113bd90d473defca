import StoresCore

extension ArtifactCases {
    /// A5.
    static let reads: [ConformanceCase] = [
        ConformanceCase("A5.missing", .artifact, "get of a missing key is not found, head is nil") { bench in
            let store = bench.stores.artifact
            let key = bench.key()
            try await expectError(.notFound, during: "get of a missing key") { try await store.get(key) }
            try await expectError(.notFound, during: "get of a missing key with an etag") {
                try await store.get(key, ifNoneMatch: "abc")
            }
            try expectEqual(try await store.head(key), nil, "head of a missing key")
        },
        ConformanceCase("A5.ifNoneMatch", .artifact, "get returns nothing while the etag is the same") { bench in
            let store = bench.stores.artifact
            let key = bench.key()
            let one = try await store.put(key, bytes: [1])
            try expect(try await store.get(key, ifNoneMatch: one.etag) == nil, "get with its etag: expected nothing")
            let two = try await store.put(key, bytes: [2])
            let artifact = try unwrap(try await store.get(key, ifNoneMatch: one.etag), "get with an older etag")
            try expectEqual(artifact.info.etag, two.etag, "the etag")
            try expectEqual(try await artifact.body.collect(upTo: 10), [2], "the body")
            try await expectError(.invalidArgument, during: "a malformed etag") {
                try await store.get(key, ifNoneMatch: "a b")
            }
        },
        // Usually: a connection or descriptor that stays with each reader who stops.
        ConformanceCase("A5.stopsEarly", .artifact, "readers may stop early, often, and the store stays usable") {
            bench in
            let store = bench.stores.artifact
            let key = bench.key()
            let bytes = pattern(2 << 20)
            try await store.put(key, bytes: bytes)
            for _ in 0..<200 {
                let artifact = try unwrap(try await store.get(key), "get")
                var iterator = artifact.body.makeAsyncIterator()
                let first = try unwrap(try await iterator.next(), "the first chunk")
                try expect(
                    !first.isEmpty && first.count <= 4 << 20, "a chunk: expected 1 byte to 4 MiB, got \(first.count)")
            }
            try await expectBody(store, key, bytes, "the whole body after 200 readers")
        },
    ]

    static let ranges: [ConformanceCase] = [
        // Usually: an end that is inclusive, a range past the end that is cut.
        ConformanceCase(
            "A5.ranges", .artifact, "a range gives exactly its bytes; one past the end is invalid",
            requires: [.artifact(.ranges)]
        ) { bench in
            let store = bench.stores.artifact
            let key = bench.key()
            let bytes = pattern(100_003)
            try await store.put(key, bytes: bytes)
            let size = Int64(bytes.count)
            let good: [(ByteRange, Range<Int64>)] = [
                (.bytes(offset: 0, length: 1), 0..<1), (.bytes(offset: 0, length: size), 0..<size),
                (.bytes(offset: size - 1, length: 1), size - 1..<size),
                (.bytes(offset: 65_535, length: 3), 65_535..<65_538), (.from(0), 0..<size),
                (.from(size - 1), size - 1..<size),
                (.from(70_000), 70_000..<size), (.suffix(1), size - 1..<size), (.suffix(size), 0..<size),
                (.suffix(5), size - 5..<size),
            ]
            for (range, expected) in good {
                let artifact = try unwrap(try await store.get(key, range: range), "get of \(range)")
                try expectEqual(artifact.range, expected, "the range of \(range)")
                try expectEqual(artifact.info.size, size, "the object's size, with \(range)")
                let body = try await artifact.body.collect(upTo: bytes.count)
                try expect(
                    body == Array(bytes[Int(expected.lowerBound)..<Int(expected.upperBound)]),
                    "\(range): expected its \(expected.count) bytes, got \(body.count)")
            }
            let bad: [ByteRange] = [
                .bytes(offset: 0, length: size + 1), .bytes(offset: size, length: 1),
                .bytes(offset: size - 1, length: 2), .bytes(offset: 0, length: 0),
                .bytes(offset: -1, length: 1), .bytes(offset: 0, length: -1), .bytes(offset: 1, length: .max),
                .bytes(offset: .max, length: .max), .from(size),
                .from(size + 1), .from(-1), .from(.max), .suffix(0), .suffix(size + 1), .suffix(-1), .suffix(.max),
            ]
            for range in bad {
                try await expectError(.invalidArgument, during: "get of \(range) of \(size) bytes") {
                    try await store.get(key, range: range)
                }
            }
            let empty = bench.key()
            try await store.put(empty, bytes: [])
            for range in [ByteRange.from(0), .suffix(1), .bytes(offset: 0, length: 1)] {
                try await expectError(.invalidArgument, during: "get of \(range) of an empty object") {
                    try await store.get(empty, range: range)
                }
            }
            try await expectError(.notFound, during: "a range of a missing key") {
                try await store.get(bench.key(), range: .from(0))
            }
        },
        ConformanceCase(
            "A5.noRanges", .artifact, "a range is refused where it is not declared", excludes: [.artifact(.ranges)]
        ) {
            bench in
            let key = bench.key()
            try await bench.stores.artifact.put(key, bytes: [1, 2, 3])
            try await expectUnsupported(bench, .artifact(.ranges), "a range") {
                try await bench.stores.artifact.get(key, range: .from(1))
            }
        },
    ]

    /// A6.
    static let deletes: [ConformanceCase] = [
        ConformanceCase("A6.delete", .artifact, "delete says whether it was there; of many, missing ones succeed") {
            bench in
            let store = bench.stores.artifact
            let keys = (0..<4).map { _ in bench.key() }
            for key in keys.prefix(3) { try await store.put(key, bytes: [1]) }
            try expect(try await store.delete(keys[0]), "delete: expected that it was there")
            try expect(try await !store.delete(keys[0]), "a second delete: expected that it was not there")
            try expectEqual(try await store.head(keys[0]), nil, "head after the delete")
            let result = try await store.delete(keys + [keys[1]])
            try expectSame(result.succeeded, keys, "deleted of four, of which two were there")
            try expect(result.failed.isEmpty, "failed: expected none, got \(result.failed.count)")
            try expectSame(try await pages(store, bench.root).keys, [], "what is left")
            try expect(try await store.delete([String]()).isComplete, "a delete of nothing: expected success")
        }
    ]

    /// A9.
    static let metadata: [ConformanceCase] = [
        ConformanceCase(
            "A9.roundTrips", .artifact, "metadata reads back as it was, and an overwrite replaces it",
            requires: [.artifact(.metadata)]
        ) { bench in
            let store = bench.stores.artifact
            let key = bench.key()
            let metadata = [
                "author": "Ada", "note-2": "100% of \"it\"; a=b, c", "empty_": "", "unicode": "é 日本 👩‍👩‍👧", "space": " x ",
            ]
            let info = try await store.put(
                key, bytes: [1], contentType: "text/plain; charset=utf-8", metadata: metadata)
            for (way, found) in [
                ("put", info), ("head", try await store.head(key)), ("get", try await store.get(key)?.info),
            ] {
                try expectEqual(found?.metadata, metadata, "metadata of \(way)")
                try expectEqual(found?.contentType, "text/plain; charset=utf-8", "content type of \(way)")
            }
            try await store.put(key, bytes: [2], metadata: ["only": "this"])
            try expectEqual(try await store.head(key)?.metadata, ["only": "this"], "metadata after an overwrite")
        },
        ConformanceCase(
            "A9.refused", .artifact,
            "metadata keys are lower-case ASCII, values without control characters, all of it small",
            requires: [.artifact(.metadata)]
        ) {
            bench in
            let key = bench.key()
            for metadata in [
                ["Upper": "x"], ["é": "x"], ["a b": "x"], ["": "x"], ["a:b": "x"], ["a": "x\r\ny: z"], ["a": "\u{0}"],
                ["a": "\u{7F}"],
            ] {
                try await expectError(.invalidArgument, during: "metadata \(metadata)") {
                    try await bench.stores.artifact.put(key, bytes: [1], metadata: metadata)
                }
            }
            let most = bench.subject.capabilities(of: .artifact).limits[.metadataBytes] ?? 2048
            try await expectError(.tooLarge, during: "metadata of more than \(most) bytes") {
                try await bench.stores.artifact.put(
                    key, bytes: [1], metadata: ["a": String(repeating: "x", count: most)])
            }
            for type in ["", "a\r\nb", "é"] {
                try await expectError(.invalidArgument, during: "the content type \(shown(type))") {
                    try await bench.stores.artifact.put(key, bytes: [1], contentType: type)
                }
            }
            try expectEqual(try await bench.stores.artifact.head(key), nil, "head after refused puts")
            try await bench.stores.artifact.put(
                key, bytes: [1], metadata: ["a": String(repeating: "x", count: most - 1)])
            try expectEqual(
                try await bench.stores.artifact.head(key)?.metadata["a"]?.utf8.count, most - 1, "metadata at the limit")
        },
        ConformanceCase(
            "A9.noMetadata", .artifact, "metadata is refused where it is not declared", excludes: [.artifact(.metadata)]
        ) {
            bench in
            let key = bench.key()
            try await expectUnsupported(bench, .artifact(.metadata), "metadata") {
                try await bench.stores.artifact.put(key, bytes: [1], metadata: ["a": "b"])
            }
            try expectEqual(try await bench.stores.artifact.head(key), nil, "head after a refused put")
        },
    ]

    /// A10. That the request works needs an HTTP client, which the kit has not: the adapter's own tests send it.
    static let presigned: [ConformanceCase] = [
        ConformanceCase(
            "A10.presign", .artifact, "a presigned request has a method, a URL and an expiry, and shows no secret",
            requires: [.artifact(.presign)]
        ) { bench in
            let store = bench.stores.artifact
            let key = bench.key("/é %?#&+.txt")
            var urls: Set<String> = []
            for method in PresignedMethod.allCases {
                let request = try await store.presign(method, key, expires: .seconds(60))
                try expectEqual(request.method, method, "the method")
                try expect(
                    request.url.hasPrefix("http://") || request.url.hasPrefix("https://"),
                    "the URL: expected http or https, got another")
                try expect(
                    request.url.utf8.allSatisfy { (0x21...0x7E).contains($0) },
                    "the URL: expected it encoded, got \(shown(request.url))")
                try expect(urls.insert(request.url).inserted, "the URL of \(method.rawValue): expected one of its own")
            }
            for expires in [Duration.zero, .seconds(-1), .seconds(8 * 86_400)] {
                try await expectError(.invalidArgument, during: "an expiry of \(expires)") {
                    try await store.presign(.get, key, expires: expires)
                }
            }
        },
        ConformanceCase(
            "A10.noPresign", .artifact, "presigning is refused where it is not declared",
            excludes: [.artifact(.presign)]
        ) {
            bench in
            try await expectUnsupported(bench, .artifact(.presign), "presigning") {
                try await bench.stores.artifact.presign(.get, bench.key(), expires: .seconds(60))
            }
        },
    ]
}
