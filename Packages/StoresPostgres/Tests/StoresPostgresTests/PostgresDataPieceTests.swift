import StoresCore
import Testing

@testable import StoresPostgres

/// The parts of the vector, memory and search tiers that need no server.
@Suite struct PostgresDataPieceTests {
    // MARK: - Options

    @Test func optionsAreReadAndCheckedAgainstEachOther() throws {
        let standard = try PostgresCollectionOptions([:])
        #expect(standard.index == .hnsw && standard.build == .now)
        #expect(try PostgresCollectionOptions(["index": "ivfflat"]).build == .later)
        for wrong in [
            ["index": "btree"], ["hnsw.m": "1"], ["hnsw.m": "x"], ["hnsw.m": "64"], ["m": "16"],
            ["index": "none", "hnsw.m": "16"], ["index": "none", "quantization": "halfvec"],
            ["ivfflat.lists": "10"], ["index": "ivfflat", "hnsw.ef_search": "10"], ["hnsw.ef_search": "1001"],
        ] {
            let error = #expect(throws: StoreError.self) { try PostgresCollectionOptions(wrong) }
            #expect(error?.code == .invalidArgument, "\(wrong)")
        }
    }

    @Test func dimensionsBeyondTheIndexAreRefusedWithTheOptionThatHelps() throws {
        let hnsw = try PostgresCollectionOptions([:])
        try hnsw.check(dimensions: 2000)
        let error = #expect(throws: StoreError.self) { try hnsw.check(dimensions: 2001) }
        #expect(error?.code == .invalidArgument && error?.remedy?.contains("halfvec") == true)
        let half = try PostgresCollectionOptions(["quantization": "halfvec"])
        try half.check(dimensions: 4000)
        #expect(throws: StoreError.self) { try half.check(dimensions: 4001) }
        try PostgresCollectionOptions(["index": "none"]).check(dimensions: 16_000)
    }

    @Test func whatPgvectorCannotComputeWithIsRefused() {
        #expect(PostgresVectorRange.problem([1, 2], .cosine, isHalf: true) == nil)
        #expect(PostgresVectorRange.problem([3e18, 3e18], .dot, isHalf: false) == nil)
        #expect(PostgresVectorRange.problem([1e19, 0], .dot, isHalf: false) != nil)
        #expect(PostgresVectorRange.problem([1e-20, 0], .cosine, isHalf: false) != nil)
        #expect(PostgresVectorRange.problem([1e-20, 0], .euclidean, isHalf: false) == nil)
        #expect(PostgresVectorRange.problem([70_000, 0], .euclidean, isHalf: true) != nil)
        #expect(PostgresVectorRange.problem([1e-6, 0], .cosine, isHalf: true) != nil)
    }

    @Test func versionsOfPgvectorThatDamageIndexesAreTold() {
        #expect(PgvectorVersion.finding("0.8.5") == "0.8.5" && PgvectorVersion.finding("0.10.0") == "0.10.0")
        #expect(PgvectorVersion.finding("0.8.3").contains("REINDEX"))
        #expect(PgvectorVersion("0.8.0")?.hasIterativeScan == true)
        #expect(PgvectorVersion("0.7.4")?.hasIterativeScan == false)
        #expect(PgvectorVersion("1.0")?.hasIterativeScan == true)
        #expect(PgvectorVersion("x") == nil)
    }

    // MARK: - Words

    @Test func wordsStandBetweenSpacesAndTextsApart() throws {
        let (words, count) = try PostgresWords.encode(["White whale", "?!", "Ship"], .standard)
        #expect(words == " white  whale  |  ship ")
        #expect(count == 3)
        #expect(words.contains(PostgresWords.needle(phrase: ["white", "whale"])))
        #expect(!words.contains(PostgresWords.needle(phrase: ["whale", "ship"])))
        #expect(words.contains(PostgresWords.needle(prefix: "wha")) && !words.contains(PostgresWords.needle("wha")))
        #expect(try PostgresWords.encode([], .standard) == ("", 0))
        #expect(PostgresWords.any(["a", "b", "a"]) == "'a' | 'b'")
    }

    @Test func aWordLongerThanALexemeIsToldFromOthersOfTheSameBeginning() {
        let long = String(repeating: "x", count: 5000)
        #expect(PostgresWords.needle(long).utf8.count < 2000)
        #expect(PostgresWords.needle(long) != PostgresWords.needle(long + "y"))
        #expect(PostgresWords.needle(long).hasPrefix(PostgresWords.needle(prefix: long)))
    }

    @Test func moreWordsThanATsvectorHoldsAreRefused() {
        let text = (0..<200_000).map { "word\($0)" }.joined(separator: " ")
        let error = #expect(throws: StoreError.self) { try PostgresWords.encode([text], .standard) }
        #expect(error?.code == .tooLarge)
    }

    // MARK: - Scopes

    @Test func keysKeepTheOrderOfScopesAndFitIntoAnIndex() throws {
        let scopes: [Scope] = [["a"], ["a", "a"], ["a", "b"], ["a!"], ["ab"], ["b"], ["é"]]
        let keys = try scopes.map { try PostgresScope($0).key }
        #expect(keys == keys.sorted { $0.lexicographicallyPrecedes($1) })
        for scope in scopes {
            let packed = try PostgresScope(scope)
            #expect(PostgresScope.scope(key: packed.key, long: packed.long) == scope)
        }
        let long = try PostgresScope(Scope((0..<16).map { String(repeating: "\($0 % 10)", count: 256) }))
        #expect(long.key.count == PostgresScope.maxKeyBytes && long.long?.count == 16 * 257)
        let sibling = try PostgresScope(
            Scope((0..<16).map { String(repeating: "\($0 % 10)", count: $0 == 15 ? 255 : 256) }))
        #expect(long.key != sibling.key)
        #expect(throws: StoreError.self) { try PostgresScope(["a\u{0}"]) }
    }

    // MARK: - Places of pages

    @Test func aPlaceReadsBackAndAnotherQuerysIsRefused() throws {
        let place = PostgresSearchPlace(score: 1.0 / 3, id: "é", weights: [0.1, 2])
        #expect(try PostgresSearchPlace(place.cursor, weights: 2) == place)
        for (cursor, count) in [(place.cursor, 1), (Cursor(rawValue: "zz"), 2), (Cursor(rawValue: ""), 0)] {
            let error = #expect(throws: StoreError.self) { try PostgresSearchPlace(cursor, weights: count) }
            #expect(error?.code == .invalidArgument)
        }
    }
}
