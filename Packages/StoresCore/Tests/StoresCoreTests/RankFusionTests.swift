import Testing

@testable import StoresCore

struct RankFusionTests {
    @Test func sumsReciprocalRanksWithTiesByID() {
        // a: 1/61; b: 1/62 + 1/62 = 0.03226; c: 1/63 + 1/61 = 0.03227.
        #expect(RankFusion.fuse([["a", "b", "c"], ["c", "b"]]) == ["c", "b", "a"])
        #expect(RankFusion.fuse([["b"], ["a"]]) == ["a", "b"])
        #expect(RankFusion.fuse([]) == [])
        #expect(RankFusion.fuse([["e\u{301}"], ["\u{e9}"]]).count == 2, "ids are bytes")
    }

    @Test func hybridFindsWhatEitherListHas() async throws {
        let stores = try await Stores.open(environment: [:], options: .patient)
        let docs = try await stores.vector.collection("docs", dimensions: 2)
        try await docs.upsert([
            VectorRecord(id: "near", vector: [1, 0], document: "nothing of interest"),
            VectorRecord(id: "both", vector: [0.9, 0.1], document: "swift server"),
            VectorRecord(id: "third", vector: [0.5, 0.5], document: "nor here"),
            VectorRecord(id: "text", vector: [-1, 0], document: "swift swift server server"),
        ])
        let matches = try await docs.hybridQuery(text: "swift server", vector: [1, 0], limit: 2)
        #expect(matches.count == 2)
        #expect(matches.first?.id == "both")
        #expect(matches.allSatisfy { $0.similarity == nil && $0.score == nil })
        await stores.shutdown()
    }
}

struct BatchSplitterTests {
    @Test(
        arguments: [
            (0, nil, nil, []), (3, nil, nil, [0..<3]), (5, 2, nil, [0..<2, 2..<4, 4..<5]),
            (4, nil, 25, [0..<2, 2..<4]), (3, nil, 5, [0..<1, 1..<2, 2..<3]), (5, 3, 25, [0..<2, 2..<4, 4..<5]),
        ] as [(Int, Int?, Int?, [Range<Int>])])
    func pieces(_ count: Int, _ maxCount: Int?, _ maxBytes: Int?, _ expected: [Range<Int>]) {
        #expect(BatchSplitter.split(count: count, maxCount: maxCount, maxBytes: maxBytes) { _ in 10 } == expected)
    }

    @Test func sizesThatOverflowDoNotTrap() {
        #expect(BatchSplitter.split(count: 3, maxCount: nil, maxBytes: .max) { _ in .max } == [0..<1, 1..<2, 2..<3])
    }
}
