#if HTTP
import StoresCore
import StoresHTTP
import Testing

@testable import StoresChroma

/// What is sent, without a server.
@Suite struct ChromaFilterCompilerTests {
    private static func json(_ filter: Filter) throws -> String {
        ChromaFilterCompiler.json(try TermFilter(filter))
    }

    @Test func oneFieldAndOneOperatorInAnObject() throws {
        #expect(
            try Self.json(.field("section") == "libs" && .field("size") > 100)
                == ##"{"$and":[{"$and":[{"_stores_terms":{"$contains":"/section?s"}},{"section":{"$eq":"libs"}}]},"##
                + ##"{"$or":[{"_stores_terms":{"$contains":"/size?n"}},{"_stores_terms":{"$contains":"/size?N"}}]},"##
                + ##"{"_stores_o0_size":{"$gt":4636737291354636288}}]}"##)
        #expect(
            try Self.json(.not(.equal("a", "\"}]")))
                == ##"{"$or":[{"_stores_terms":{"$not_contains":"/a?s"}},{"a":{"$ne":"\"}]"}}]}"##)
        // A double that equals the integer has a term.
        #expect(
            try Self.json(.in("n", [1, 2.5, 3, "x"]))
                == ##"{"$or":[{"_stores_terms":{"$contains":"/n=n1"}},"##
                + ##"{"$and":[{"_stores_terms":{"$contains":"/n?n"}},{"n":{"$in":[1,3]}}]},"##
                + ##"{"_stores_terms":{"$contains":"/n=n2.5"}},{"_stores_terms":{"$contains":"/n=n3"}},"##
                + ##"{"$and":[{"_stores_terms":{"$contains":"/n?s"}},{"n":{"$eq":"x"}}]}]}"##)
        #expect(
            try Self.json(.equal(FieldPath(["a", "b"]), "x")) == ##"{"_stores_terms":{"$contains":"/a/b=sx"}}"##)
    }

    /// What another client's dropped collection leaves behind must not be found in them.
    @Test func recordsWithoutMetadataAreToldByTheirPlace() throws {
        func whole(_ filter: Filter) throws -> String {
            var writer = JSONWriter()
            ChromaFilterCompiler.appendWhole(try TermFilter(filter), to: &writer)
            return String(decoding: writer.finish(), as: UTF8.self)
        }
        let instant = Value.instant(Timestamp(millisecondsSinceEpoch: 1))
        #expect(
            try whole(.equal("a", instant)) == ##"{"$and":[{"_stores_place":{"$gte":562949953421312}},"##
                + ##"{"_stores_terms":{"$contains":"/a=t1"}}]}"##)
        #expect(
            try whole(.notEqual("a", instant)) == ##"{"$or":[{"_stores_place":{"$lt":562949953421312}},"##
                + ##"{"_stores_terms":{"$not_contains":"/a=t1"}}]}"##)
        let places = [VectorRecord(id: "r", vector: [1]), VectorRecord(id: "r", vector: [1], metadata: ["a": nil])]
            .map(ChromaCodec.place)
        #expect(places[0] < ChromaCodec.firstWithTerms && places[1] == places[0] + ChromaCodec.firstWithTerms)
        #expect(ChromaCodec.place(of: VectorRecord(id: "r", vector: [1], document: "")) == places[0] + 1)
    }

    @Test func emptyListsAreConstants() throws {
        #expect(try TermFilter(.in("a", [])) == .nothing)
        #expect(try TermFilter(.notIn("a", [])) == .everything)
        #expect(try Self.json(.or([])) == ##"{"_stores_none":{"$eq":""}}"##)
    }

    @Test func whatHasItsOwnNameHasNoTerm() throws {
        let names = ["plain", "", "a/b=c?d@e~f", "é", "$and", "_stores_x", "#document"]
        for name in names {
            let fields: Metadata = [name: "=v"]
            let values = FilterTerms(fields).terms.compactMap { ChromaValue(term: $0) }
            #expect(values.map(\.name) == (ChromaCodec.isOwn(name) ? [name] : []), "\(name)")
            #expect(values.allSatisfy { $0.value == "=v" && $0.stands(in: fields) })
        }
        let others: Metadata = [
            "d": 5.0, "t": .instant(Timestamp(millisecondsSinceEpoch: 5)), "a": ["x"], "o": ["x": "y"], "n": nil,
            "l": .string(String(repeating: "x", count: 300)),
        ]
        let kept = FilterTerms(others).terms.filter { ChromaValue(term: $0)?.stands(in: others) != true }
        #expect(kept.count == FilterTerms(others).terms.count)
    }

    /// SQLite takes expressions of 1,000 levels, Chroma's parser JSON of 128.
    @Test func longListsAreCutIntoGroups() throws {
        let json = try Self.json(
            .in("n", (0..<1000).map { .instant(Timestamp(millisecondsSinceEpoch: $0)) }))
        let value = try JSONReader.value(from: json)
        func widest(_ value: Value) -> Int {
            switch value {
            case .object(let fields): fields.values.map(widest).max() ?? 0
            case .array(let items): max(items.count, items.map(widest).max() ?? 0)
            default: 0
            }
        }
        #expect(widest(value) == 32)
        #expect(json.split(separator: "$contains").count == 1001)
    }

    @Test func namesAreApartAndOfChromasAlphabet() {
        let names = ["docs", "Docs", "do", "a", "", "é", "e\u{301}", "a.b", "x.a.b.x", "-a", "a-", "a_b", "a b"]
        var made: Set<String> = []
        for name in names + [String(repeating: "é", count: 64), String(repeating: "x", count: 128)] {
            for namespace in ["default", "tenant", "", "é", String(repeating: "日", count: 42)] {
                let plain = ChromaName.make(name, namespace: namespace)
                #expect(made.insert(plain).inserted, "\(plain)")
                #expect(
                    (3...512).contains(plain.utf8.count)
                        && plain.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]/) != nil, "\(plain)")
            }
        }
        #expect(ChromaName.make("docs", namespace: "default") == "docs")
        #expect(ChromaName.make("docs", namespace: "acme") == "x.docs.acme.x")
    }

    @Test func cursorsOfOthersAreRefused() throws {
        let position = ChromaPosition(hash: 77, id: "a:b")
        let again = try ChromaPosition(position.cursor)
        #expect(again.hash == 77 && again.id == "a:b")
        for text in ["", "77", "x:", "1000000000001:", "-1:"] {
            #expect(throws: StoreError.self) { try ChromaPosition(Cursor(rawValue: text)) }
        }
    }

    @Test func hashesAreSpreadEvenly() {
        var buckets = [Int](repeating: 0, count: 16)
        for number in 0..<16_000 { buckets[Int(ChromaCodec.hash("r\(number)") >> 44)] += 1 }
        #expect(buckets.allSatisfy { (850...1150).contains($0) }, "\(buckets)")
    }
}
#endif
