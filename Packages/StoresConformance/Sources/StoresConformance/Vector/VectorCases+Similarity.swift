import StoresCore

extension VectorCases {
    /// V6 to V8: what a match says, and in which order.
    static let similarity: [ConformanceCase] = [
        metric(.cosine, .cosine), metric(.dot, .dot), metric(.euclidean, .euclidean),
        // Usually: the score is derived although the vectors are of any length.
        ConformanceCase(
            "V6.dotScore", .vector, "dot has a score only for declared unit vectors, checked on write",
            requires: [.vector(.dot)]
        ) { bench in
            let plain = try await bench.collection(3, .dot)
            try await fill(plain, axes)
            try expectEqual(try await plain.query([1, 0, 0], limit: 1).first?.score, nil, "the score of a plain dot")
            let unit = try await bench.collection(3, .dot, hasUnitVectors: true)
            try await fill(unit, axes)
            try expectClose(
                try await unit.query([0.6, 0.8, 0], limit: 1).first?.score, 0.9, "the score of unit vectors")
            try await expectError(.invalidArgument, during: "upsert of a vector of length 2 among unit vectors") {
                try await unit.upsert([VectorRecord(id: "long", vector: [2, 0, 0])])
            }
        },
        // Usually: the bound is exclusive, or is applied to a distance.
        ConformanceCase(
            "V7.inclusive", .vector, "minScore is inclusive and cuts what lies below", requires: [.vector(.euclidean)]
        ) {
            bench in
            let collection = try await bench.collection(2, .euclidean)
            // Distances 0, 1, 3: scores 1, 0.5, 0.25, all exact in binary.
            try await fill(
                collection,
                [
                    VectorRecord(id: "at", vector: [0, 0]), VectorRecord(id: "near", vector: [1, 0]),
                    VectorRecord(id: "far", vector: [0, 3]),
                ])
            for (bound, ids) in [
                (0, ["at", "near", "far"]), (0.25, ["at", "near", "far"]), (0.26, ["at", "near"]),
                (0.5, ["at", "near"]), (0.51, ["at"]), (1, ["at"]),
            ] {
                try expectBytes(
                    try await collection.query([0, 0], limit: 10, minScore: bound).map(\.id), ids, "minScore \(bound)")
            }
        },
        ConformanceCase(
            "V7.inclusiveCosine", .vector, "minScore bounds (1 + cos) / 2", requires: [.vector(.cosine)]
        ) { bench in
            let collection = try await bench.collection(3, .cosine)
            try await fill(collection, axes + [VectorRecord(id: "opposite", vector: [-1, 0, 0])])
            try expectBytes(
                try await collection.query([1, 0, 0], limit: 10, minScore: 0.499).map(\.id), ["a", "b", "c"],
                "minScore 0.499")
            try expectBytes(
                try await collection.query([1, 0, 0], limit: 10, minScore: 0.75).map(\.id), ["a"], "minScore 0.75")
        },
        ownScore(.cosine, .cosine), ownScore(.euclidean, .euclidean),
        ConformanceCase(
            "V7.refusedWithoutScore", .vector, "a collection without score refuses minScore", requires: [.vector(.dot)]
        ) { bench in
            let collection = try await bench.collection(3, .dot)
            try await fill(collection, axes)
            try await expectError(.invalidArgument, during: "minScore under dot") {
                try await collection.query([1, 0, 0], limit: 1, minScore: 0.5)
            }
        },
        // Usually: ties come in the order of insertion, or ids compare in the database's collation.
        ConformanceCase("V8.order", .vector, "matches come by similarity descending, then id ascending by bytes") {
            bench in
            let collection = try await bench.collection()
            let tied = ["b", "B", "a", "10", "9", "é", "z", "Z", "_", "~"]
            try await fill(
                collection,
                tied.map { VectorRecord(id: $0, vector: [1, 1, 0]) } + [
                    VectorRecord(id: "m", vector: [1, 0.9, 0]), VectorRecord(id: "n", vector: [0.1, 1, 0]),
                ])
            let expected = bench.anyMetric == .dot ? nil : ["m", "n"]
            let ids = try await collection.query([1, 1, 0], limit: 20).map(\.id)
            try expectBytes(Array(ids.prefix(10)), tied.sortedByBytes, "the tied ids")
            if let expected { try expectBytes(Array(ids.dropFirst(10)), expected, "the ids after the tied ones") }
            try expectBytes(
                try await collection.query([1, 1, 0], limit: 3).map(\.id), Array(tied.sortedByBytes.prefix(3)),
                "the first three of the tied")
        },
        ConformanceCase("V8.limit", .vector, "limit is at least 1 and is kept") { bench in
            let collection = try await bench.collection()
            try await fill(collection, spiral(30))
            for limit in [0, -1, .min] {
                try await expectError(.invalidArgument, during: "limit \(limit)") {
                    try await collection.query([1, 0, 0], limit: limit)
                }
            }
            for limit in [1, 7, 30, 100] {
                let matches = try await collection.query([1, 0, 0], limit: limit)
                try expectEqual(matches.count, min(limit, 30), "matches with limit \(limit)")
                try expect(
                    zip(matches, matches.dropFirst()).allSatisfy { ($0.similarity ?? .nan) >= ($1.similarity ?? .nan) },
                    "similarities with limit \(limit): expected descending, got \(matches.map(\.similarity))")
            }
        },
    ]

    // Usually: the score is turned back into a distance, which rounds, or is compared in another precision.
    private static func ownScore(_ metric: VectorMetric, _ capability: VectorCapability) -> ConformanceCase {
        ConformanceCase(
            "V7.ownScore.\(metric.rawValue)", .vector,
            "a match's own score as minScore finds it again, under \(metric.rawValue)", requires: [.vector(capability)]
        ) { bench in
            let collection = try await bench.collection(3, metric)
            var random = SplitMix64(seed: 11)
            func component() -> Float { Float(random.next() >> 40) / Float(1 << 23) - 1 }
            try await fill(
                collection,
                (0..<40).map { VectorRecord(id: "r\($0)", vector: [component(), component(), component()]) })
            let query: [Float] = [component(), component(), component()]
            let matches = try await collection.query(query, limit: 40)
            try expectEqual(matches.count, 40, "matches")
            for (place, match) in matches.enumerated() {
                let score = try unwrap(match.score, "the score of \(match.id)")
                let again = try await collection.query(query, limit: 40, minScore: score)
                try expect(
                    again.contains { $0.id == match.id },
                    "minScore \(score), the score of \(match.id): expected it among \(again.count) matches")
                try expect(
                    again.count >= place + 1 && again.allSatisfy { ($0.score ?? -1) >= score },
                    "minScore \(score): expected the \(place + 1) best and no worse, got \(again.map(\.score))")
            }
        }
    }

    // Usually: a distance returned as a similarity, its square, a clamp, or the score of another metric.
    private static func metric(_ metric: VectorMetric, _ capability: VectorCapability) -> ConformanceCase {
        ConformanceCase(
            "V6.\(metric.rawValue)", .vector, "similarity under \(metric.rawValue) is exact to 1e-4, higher is better",
            requires: [.vector(capability)]
        ) { bench in
            let collection = try await bench.collection(3, metric)
            let vectors: [(String, [Float])] = [
                ("same", [0.5, 1, -2]), ("longer", [1, 2, -4]), ("opposite", [-0.5, -1, 2]),
                ("orthogonal", [2, -1, 0]),
                ("other", [0.3, -0.2, 0.9]), ("far", [30, 10, 5]),
            ]
            try await fill(collection, vectors.map { VectorRecord(id: $0.0, vector: $0.1) })
            let query: [Float] = [0.5, 1, -2]
            let matches = try await collection.query(query, limit: 10)
            let expected = vectors.map { ($0.0, Exact.similarity(metric, $0.1, query)) }
            try expectEqual(matches.count, expected.count, "matches")
            for (id, similarity) in expected {
                let match = try unwrap(matches.first { $0.id == id }, "the match \(id)")
                try expectClose(
                    match.similarity, similarity, "the similarity of \(id)", within: 1e-4 * max(1, abs(similarity)))
                guard metric != .dot else { continue }
                let score = metric == .cosine ? (1 + similarity) / 2 : 1 / (1 - similarity)
                try expectClose(match.score, score, "the score of \(id)")
            }
            try expect(
                zip(matches, matches.dropFirst()).allSatisfy { ($0.similarity ?? .nan) >= ($1.similarity ?? .nan) },
                "similarities: expected descending, got \(matches.map(\.similarity))")
        }
    }
}
