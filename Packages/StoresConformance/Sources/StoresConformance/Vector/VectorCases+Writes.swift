import StoresCore

extension VectorCases {
    /// V4, V5, V13: what a write leaves behind.
    static let writes: [ConformanceCase] = [
        // Usually: an upsert that merges metadata, or keeps the old document.
        ConformanceCase("V4.replacesWhole", .vector, "an upsert replaces the whole record") { bench in
            let collection = try await bench.collection()
            try await fill(
                collection, [VectorRecord(id: "a", vector: [1, 0, 0], metadata: ["old": 1], document: "old words")])
            try await fill(collection, [VectorRecord(id: "a", vector: [0, 1, 0], metadata: ["new": 2])])
            let record = try unwrap(
                try await collection.get(ids: ["a"], include: [.metadata, .document]).first, "the record")
            try expectEqual(record.metadata, ["new": 2], "its metadata")
            try expectEqual(record.document, nil, "its document")
            try expectEqual(try await collection.count(), 1, "records")
        },
        // Usually: a multi-row statement that touches the same row twice and fails, or keeps the first.
        ConformanceCase("V4.lastWins", .vector, "the same id twice in one call keeps the last") { bench in
            let collection = try await bench.collection()
            let receipt = try await fill(
                collection,
                [
                    VectorRecord(id: "a", vector: [1, 0, 0], metadata: ["n": 1]),
                    VectorRecord(id: "b", vector: [0, 1, 0], metadata: ["n": 2]),
                    VectorRecord(id: "a", vector: [0, 0, 1], metadata: ["n": 3]),
                ])
            try expectSame(receipt.result.succeeded, ["a", "b"], "succeeded ids")
            try expectEqual(try await collection.get(ids: ["a"]).first?.metadata["n"], 3, "n of a")
            try expectEqual(try await collection.count(), 2, "records")
        },
        // Usually: the write returns before the index has it.
        ConformanceCase("V5.searchable", .vector, "a write that is searchable is found by the next query") { bench in
            let collection = try await bench.collection()
            for round in 0..<5 {
                let receipt = try await collection.upsert(
                    [VectorRecord(id: "r\(round)", vector: [1, Float(round), 0])],
                    visibility: .searchable(within: .seconds(10)))
                try expect(receipt.isSearchable, "the receipt of round \(round): expected searchable")
                let ids = try await collection.query([1, Float(round), 0], limit: 10).map(\.id)
                try expect(ids.contains("r\(round)"), "the query of round \(round): expected r\(round), got \(ids)")
            }
        },
        // Usually: "accepted" is lost when a background flush fails.
        ConformanceCase("V5.accepted", .vector, "a write that is accepted becomes searchable") { bench in
            let collection = try await bench.collection()
            let receipt = try await collection.upsert(axes, visibility: .accepted)
            try receipt.result.throwIfFailed()
            try expectSame(receipt.result.succeeded, ["a", "b", "c"], "succeeded ids")
            _ = try await bench.eventually("accepted records are found") {
                try await collection.query([1, 1, 1], limit: 10).count == 3 ? true : nil
            }
        },
        // Usually: a select of all columns whatever was asked.
        ConformanceCase("V13.onlyWhenAsked", .vector, "vectors and documents come back only when asked for") { bench in
            let collection = try await bench.collection()
            try await fill(collection, axes)
            let choices: [VectorInclude] = [[], .metadata, .document, .vector, .all]
            for include in choices {
                let got = try unwrap(try await collection.get(ids: ["a"], include: include).first, "get of a")
                let match = try unwrap(
                    try await collection.query([1, 0, 0], limit: 1, include: include).first, "query")
                let scrolled = try unwrap(
                    try await collection.scroll(limit: 10, include: include).items.first { $0.id == "a" }, "scroll")
                for (way, metadata, document, vector) in [
                    ("get", got.metadata, got.document, got.vector),
                    ("query", match.metadata, match.document, match.vector),
                    ("scroll", scrolled.metadata, scrolled.document, scrolled.vector),
                ] {
                    let what = "\(way), include \(include.rawValue)"
                    try expectEqual(metadata.isEmpty, !include.contains(.metadata), "\(what): no metadata")
                    try expectEqual(document, include.contains(.document) ? "alpha" : nil, "\(what): document")
                    try expectEqual(vector == nil, !include.contains(.vector), "\(what): no vector")
                }
            }
        },
        // Usually: floats that pass through a short decimal form, or a backend that normalises.
        ConformanceCase(
            "V13.bitForBit", .vector, "a float32 reads back bit for bit", requires: [.vector(.exactVectors)]
        ) { bench in
            let collection = try await bench.collection(oddFloats.count)
            try await fill(collection, [VectorRecord(id: "odd", vector: oddFloats)])
            let record = try unwrap(try await collection.get(ids: ["odd"], include: .vector).first, "the record")
            let bits = try unwrap(record.vector, "its vector").map(\.bitPattern)
            try expectEqual(bits, oddFloats.map(\.bitPattern), "the bits of the vector")
        },
        ConformanceCase(
            "V13.direction", .vector, "a vector that is normalised or quantised reads back with its direction",
            excludes: [.vector(.exactVectors)]
        ) { bench in
            let collection = try await bench.collection()
            let vector: [Float] = [3, -4, 12]
            try await fill(collection, [VectorRecord(id: "v", vector: vector)])
            let record = try unwrap(try await collection.get(ids: ["v"], include: .vector).first, "the record")
            let found = try unwrap(record.vector, "its vector")
            try expectEqual(found.count, 3, "its dimensions")
            try expect(Exact.cosine(found, vector) > 0.98, "its direction: expected near \(vector), got \(found)")
        },
        // Usually: metadata through JSON without care: 1.0 becomes 1, 2^53 + 1 loses its last bit, null disappears.
        ConformanceCase("V13.metadataRoundTrips", .vector, "every kind of metadata value reads back as it was") {
            bench in
            let collection = try await bench.collection()
            let metadata = SampleValues.metadata(nested: bench.declares(.vector(.nestedFields)))
            try await fill(collection, [VectorRecord(id: "m", vector: [1, 2, 3], metadata: metadata, document: "")])
            let record = try unwrap(
                try await collection.get(ids: ["m"], include: [.metadata, .document]).first, "the record")
            try SampleValues.expectSame(record.metadata, metadata)
            try expectEqual(record.document, "", "an empty document")
        },
    ]

    /// Values whose shortest decimal form is long, subnormals, minus zero.
    private static let oddFloats: [Float] = [
        0.1, 1 / 3, -0.0, .leastNonzeroMagnitude, .leastNormalMagnitude, 16_777_215, 3.402_823e18, -1e-20, 0.333_333_34,
        2,
    ]
}
