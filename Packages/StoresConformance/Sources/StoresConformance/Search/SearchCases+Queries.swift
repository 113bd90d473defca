import StoresCore

extension SearchCases {
    private static let library: [(String, Metadata)] = [
        (
            "1",
            [
                "title": "The white whale", "body": "A white whale hunts the ship across the sea", "kind": "novel",
                "year": 1851,
            ]
        ),
        ("2", ["title": "White noise", "body": "The noise of the supermarket", "kind": "novel", "year": 1985]),
        (
            "3",
            [
                "title": "Ships and shipping", "body": "Running a shipping company; whales are rare",
                "kind": ["guide", "business"], "year": 2001,
            ]
        ),
        ("4", ["title": "Garden", "body": "Roses, tulips, and a whale-shaped hedge", "kind": "guide", "year": 2010]),
        ("5", ["kind": "empty"]),
    ]
    private static let libraryFields: [String: SearchFieldType] = [
        "title": .text(.standard), "body": .text(.standard), "kind": .keyword, "year": .number,
    ]

    private static func expectIDs(_ index: SearchIndex, _ query: SearchQuery, _ expected: [String]) async throws {
        try expectSame(try await ids(index, query), expected, "documents of \(query)")
    }

    /// T2.
    static let queries: [ConformanceCase] = [
        // Usually: another analyzer, or all words instead of any.
        ConformanceCase("T2.match", .search, "match finds any or all of the words, in any text field or in one") {
            bench in
            let index = try await bench.index(libraryFields)
            try await fill(index, library)
            try await expectIDs(index, .all, ["1", "2", "3", "4", "5"])
            try await expectIDs(index, .match("whale"), ["1", "4"])
            try await expectIDs(index, .match("WHALE!"), ["1", "4"])
            try await expectIDs(index, .match("white noise"), ["1", "2"])
            try await expectIDs(index, .match("white noise", operator: .and), ["2"])
            try await expectIDs(index, .match(field: "title", "whale"), ["1"])
            try await expectIDs(index, .match(field: "body", "white", operator: .and), ["1"])
            try await expectIDs(index, .match("whal"), [])
            try await expectIDs(index, .match("novel"), [])
            try await expectIDs(index, .match(""), [])
            try await expectIDs(index, .match("?!"), [])
            for field in ["kind", "year", "nowhere", ""] {
                try await expectError(.invalidArgument, during: "a match in \(shown(field))") {
                    try await index.search(.match(field: field, "x"))
                }
            }
        },
        ConformanceCase(
            "T2.phrase", .search, "a phrase finds its words next to each other, in order", requires: [.search(.phrase)]
        ) { bench in
            let index = try await bench.index(libraryFields)
            try await fill(index, library)
            try await expectIDs(index, .phrase("white whale"), ["1"])
            try await expectIDs(index, .phrase("whale white"), [])
            try await expectIDs(index, .phrase("white whale hunts the ship"), ["1"])
            try await expectIDs(index, .phrase(field: "title", "whale hunts"), [])
            try await expectIDs(index, .phrase("shipping company; whales"), ["3"])
            try await expectIDs(index, .phrase("noise"), ["2"])
        },
        ConformanceCase(
            "T2.noPhrase", .search, "a phrase is refused where it is not declared", excludes: [.search(.phrase)]
        ) { bench in
            let index = try await bench.index()
            try await expectUnsupported(bench, .search(.phrase), "a phrase") {
                try await index.search(.boolean(must: [.all], mustNot: [.phrase("a b")]))
            }
        },
        ConformanceCase("T2.prefix", .search, "a prefix finds words that start with it", requires: [.search(.prefix)]) {
            bench in
            let index = try await bench.index(libraryFields)
            try await fill(index, library)
            try await expectIDs(index, .prefix("whal"), ["1", "3", "4"])
            try await expectIDs(index, .prefix("WHA"), ["1", "3", "4"])
            try await expectIDs(index, .prefix("hale"), [])
            try await expectIDs(index, .prefix(field: "title", "ship"), ["3"])
            try await expectIDs(index, .prefix("white n"), ["2"])
            try await expectIDs(index, .prefix("wh*"), ["1", "2", "3", "4"])
            try await expectIDs(index, .prefix("w_"), ["1", "2", "3", "4"])
        },
        ConformanceCase(
            "T2.noPrefix", .search, "a prefix is refused where it is not declared", excludes: [.search(.prefix)]
        ) { bench in
            let index = try await bench.index()
            try await expectUnsupported(bench, .search(.prefix), "a prefix") { try await index.search(.prefix("a")) }
        },
        ConformanceCase(
            "T2.boolean", .search,
            "a boolean query has its musts, none of its must-nots, a should when there is no must"
        ) { bench in
            let index = try await bench.index(libraryFields)
            try await fill(index, library)
            try await expectIDs(index, .boolean(must: [.match("whale"), .match("white")]), ["1"])
            try await expectIDs(index, .boolean(must: [.match("whale")], mustNot: [.match("white")]), ["4"])
            try await expectIDs(index, .boolean(should: [.match("garden"), .match("noise")]), ["2", "4"])
            try await expectIDs(index, .boolean(must: [.all], should: [.match("noise")]), ["1", "2", "3", "4", "5"])
            try await expectIDs(
                index, .boolean(must: [.all], mustNot: [.match("whale"), .match("noise")]), ["3", "5"])
            try await expectIDs(
                index,
                .boolean(
                    must: [.boolean(should: [.match("garden"), .match("sea")]), .match("whale")],
                    mustNot: [.match("ship")]), ["4"])
            if bench.declares(.search(.filters)) {
                try expectSame(
                    try await ids(index, .match("whale ship"), where: .field("year") < 2005), ["1"],
                    "documents of whale or ship, where year < 2005")
            }
        },
        // Usually: the stemmer of another language or age, or stop words that are kept in phrases.
        ConformanceCase(
            "T2.english", .search, "the english analyzer stems and leaves stop words out",
            requires: [.search(.englishAnalyzer)]
        ) { bench in
            let index = try await bench.index(["body": .text(.english)])
            try await fill(
                index,
                [
                    ("1", ["body": "Running the shipping companies"]), ("2", ["body": "He runs a company"]),
                    ("3", ["body": "The"]),
                    ("4", ["body": "relational databases"]),
                ])
            try await expectIDs(index, .match("run"), ["1", "2"])
            try await expectIDs(index, .match("COMPANY"), ["1", "2"])
            try await expectIDs(index, .match("ships"), ["1"])
            try await expectIDs(index, .match("the"), [])
            try await expectIDs(index, .match("database relation"), ["4"])
        },
    ]

    /// T3.
    static let ranking: [ConformanceCase] = [
        ConformanceCase("T3.rank", .search, "what fits better comes first; ties by id; should adds to the rank") {
            bench in
            let index = try await bench.index(["body": .text(.standard)])
            try await fill(
                index,
                [
                    ("tie2", ["body": "walrus"]), ("tie1", ["body": "walrus"]), ("both", ["body": "walrus oyster"]),
                    (
                        "long",
                        ["body": .string("walrus " + Array(repeating: "filler", count: 200).joined(separator: " "))]
                    ), ("none", ["body": "rose"]),
                ])
            let found = try await index.search(.match("walrus oyster"), limit: 10).hits
            try expectBytes(found.map(\.id), ["both", "tie1", "tie2", "long"], "the order")
            try expect(
                zip(found, found.dropFirst()).allSatisfy { $0.score >= $1.score },
                "scores: expected descending, got \(found.map(\.score))")
            let boosted = try await ids(index, .boolean(must: [.match("walrus")], should: [.match("filler")]))
            try expectBytes(boosted.first ?? "", "long", "the first, with a should that it has")
        },
        ConformanceCase(
            "T3.highlights", .search, "highlights mark the found words in the fields asked for",
            requires: [.search(.highlights)]
        ) { bench in
            let index = try await bench.index(libraryFields)
            try await fill(index, library)
            let hits = try await index.search(.match("whale"), highlight: ["body"]).hits
            let first = try unwrap(hits.first { $0.id == "1" }, "the hit 1")
            let fragments = first.highlights["body"] ?? []
            try expect(
                fragments.contains { $0.contains("<em>whale</em>") },
                "fragments of body: expected <em>whale</em>, got \(fragments)")
            try expect(first.highlights["title"] == nil, "fragments of title: expected none, got \(first.highlights)")
            let plain = try await index.search(.match("whale")).hits
            try expect(plain.allSatisfy(\.highlights.isEmpty), "highlights that were not asked for: expected none")
            try await expectError(.invalidArgument, during: "highlights of a keyword") {
                try await index.search(.match("whale"), highlight: ["kind"])
            }
        },
        ConformanceCase(
            "T3.noHighlights", .search, "highlights are refused where they are not declared",
            excludes: [.search(.highlights)]
        ) { bench in
            let index = try await bench.index()
            try await expectUnsupported(bench, .search(.highlights), "highlights") {
                try await index.search(.match("a"), highlight: ["body"])
            }
        },
        // Usually: counts of the page, or of one shard's best.
        ConformanceCase(
            "T3.facets", .search, "facets count all matching documents, most frequent first, ties by value",
            requires: [.search(.facets)]
        ) {
            bench in
            let index = try await bench.index(libraryFields)
            try await fill(index, library)
            let all = try await index.search(.all, facets: [FacetRequest("kind")], limit: 1)
            try expectEqual(
                all.facets["kind"]?.map { "\($0.value) \($0.count)" }, ["guide 2", "novel 2", "business 1", "empty 1"],
                "facets of all")
            let some = try await index.search(.match("whale"), facets: [FacetRequest("kind", limit: 1)], limit: 10)
            try expectEqual(
                some.facets["kind"]?.map { "\($0.value) \($0.count)" }, ["guide 1"], "the first facet of whale")
            try await expectError(.invalidArgument, during: "facets of a text field") {
                try await index.search(.all, facets: [FacetRequest("body")])
            }
        },
        ConformanceCase(
            "T3.noFacets", .search, "facets are refused where they are not declared", excludes: [.search(.facets)]
        ) { bench in
            let index = try await bench.index(["kind": .keyword])
            try await expectUnsupported(bench, .search(.facets), "facets") {
                try await index.search(.all, facets: [FacetRequest("kind")])
            }
        },
    ]

    /// T2: cursors.
    static let paging: [ConformanceCase] = [
        // Usually: a page starts again within ties.
        ConformanceCase("T2.paging", .search, "pages give every document once, in order, with the same total") {
            bench in
            let index = try await bench.index()
            try await fill(
                index, (0..<103).map { ("d\($0)", ["body": .string($0 % 3 == 0 ? "walrus walrus" : "walrus oyster")]) })
            for query in [SearchQuery.all, .match("walrus")] {
                let whole = try await ids(index, query)
                try expectEqual(whole.count, 103, "documents of \(query)")
                for limit in [1, 10, 103] {
                    var found: [String] = []
                    var cursor: Cursor?
                    repeat {
                        let page = try await index.search(query, cursor: cursor, limit: limit)
                        try expectEqual(page.total, 103, "total of a page")
                        try expect(page.hits.count <= limit, "a page of \(limit): got \(page.hits.count)")
                        found += page.hits.map(\.id)
                        cursor = page.next
                    } while cursor != nil && found.count < 1000
                    try expectBytes(found, whole, "documents of \(query) in pages of \(limit)")
                }
            }
        }
    ]

    /// T4.
    static let bulk: [ConformanceCase] = [
        ConformanceCase(
            "T4.replaces", .search, "an upsert replaces the whole document; the last of a call wins; it is searchable"
        ) { bench in
            let index = try await bench.index()
            try await fill(index, [("a", ["body": "old words", "old": 1])])
            let receipt = try await index.upsert([
                SearchDocument(id: "a", fields: ["body": "middle"]), SearchDocument(id: "b", fields: ["body": "other"]),
                SearchDocument(id: "a", fields: ["body": "new", "new": 2]),
            ])
            try receipt.result.throwIfFailed()
            try expectSame(receipt.result.succeeded, ["a", "b"], "what succeeded")
            try expect(receipt.isSearchable, "the receipt: expected searchable")
            try expectEqual(
                try await index.get(ids: ["a"]).first?.fields, ["body": "new", "new": 2], "the fields of a")
            try await expectIDs(index, .match("new"), ["a"])
            try await expectIDs(index, .match("old middle"), [])
            try expectEqual(try await index.count(), 2, "documents")
        },
        ConformanceCase("T4.deletes", .search, "deletes by id, by filter and of all are complete and counted") {
            bench in
            let index = try await bench.index()
            try await fill(index, (0..<1300).map { ("d\($0)", ["body": "word", "n": .int(Int64($0))]) })
            try expectEqual(try await index.delete(ids: ["d0", "none", "d1"]), 2, "deleted by id")
            var left = 1298
            if bench.declares(.search(.filters)) {
                try expectEqual(try await index.delete(where: .field("n") < 1200), 1198, "deleted by filter")
                left = 100
                try await expectError(.invalidArgument, during: "a delete by an empty filter") {
                    try await index.delete(where: .and([]))
                }
            }
            try expectEqual(try await index.count(), left, "what is left")
            try expectEqual(try await index.search(.match("word"), limit: 1).total, left, "what a search finds")
            try await expectError(.invalidArgument, during: "delete all with a wrong name") {
                try await index.deleteAll(confirming: "x")
            }
            try expectEqual(try await index.deleteAll(confirming: index.name), left, "deleted of all")
            try await expectIDs(index, .all, [])
        },
        ConformanceCase("T4.accepted", .search, "a write that is accepted becomes searchable") { bench in
            let index = try await bench.index()
            let receipt = try await index.upsert(
                [SearchDocument(id: "a", fields: ["body": "word"])], visibility: .accepted)
            try receipt.result.throwIfFailed()
            _ = try await bench.eventually("the accepted document is found") {
                try await index.search(.match("word")).total == 1 ? true : nil
            }
        },
    ]
}
