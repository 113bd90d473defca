import StoresCore

/// T, and what of X, F and R concerns the search tier.
enum SearchCases {
    static let all: [ConformanceCase] = common + mapping + queries + ranking + paging + bulk + filters + names

    static func fill(_ index: SearchIndex, _ documents: [(String, Metadata)]) async throws {
        let receipt = try await index.upsert(documents.map { SearchDocument(id: $0.0, fields: $0.1) })
        try receipt.result.throwIfFailed()
    }

    static func ids(_ index: SearchIndex, _ query: SearchQuery, where filter: Filter? = nil) async throws -> [String] {
        let results = try await index.search(query, where: filter, limit: 1000)
        try expectEqual(results.total, results.hits.count, "total of \(query)")
        return results.hits.map(\.id)
    }

    static let common = CommonCases.all(
        TierProbe(
            tier: .search,
            write: { bench, stores in
                let name = "\(bench.base)-shared"
                bench.note(.index(name))
                let id = bench.name()
                let index = try await stores.search.index(name, fields: ["body": .text(.standard)])
                try await fill(index, [(id, ["body": "hello"])])
                return {
                    try await $0.search.index(name, fields: ["body": .text(.standard)]).get(ids: [id]).map(\.id) == [id]
                }
            },
            touch: { _, stores, deadline in _ = try await stores.search.indexes(deadline: deadline) },
            refused: { bench, text in
                try await fill(try await bench.index(), [("a", ["body": .string(text), "": .string(text)])])
            },
            failing: { bench, text in
                let index = try await bench.index()
                try await fill(index, [("a", ["body": .string(text)])])
                _ = try await bench.stores.search.index(index.name, fields: ["body": .keyword])
            },
            bulk: { bench, count in
                let index = try await bench.index()
                let documents = (0..<count).map {
                    SearchDocument(id: "d\($0)", fields: ["body": .string("word \($0)")])
                }
                let receipt = try await index.upsert(documents)
                return (documents.map(\.id), receipt.result, try await index.count())
            },
            slow: { bench in
                let index = try await bench.index()
                return { deadline in
                    let name = bench.name()
                    let documents = (0..<1700).map {
                        SearchDocument(id: "\(name)-\($0)", fields: ["body": .string("word \($0)")])
                    }
                    return try await index.upsert(documents, deadline: deadline).result
                }
            },
            ping: { try await $0.search.ping() },
            native: { try await $0.search.withNative((any Sendable).self) { _ in } },
            wrongNative: { try await $0.search.withNative(NoHandle.self) { _ in } },
            limited: { bench, limit in _ = try await bench.index().search(.all, limit: limit) },
            ordered: { bench in
                let index = try await bench.index()
                let ids = ["b", "a", "é", "B", "10", "9", "~"]
                for id in ids { try await fill(index, [(id, ["body": "the same words"])]) }
                return (try await SearchCases.ids(index, .match("words")), ids.sortedByBytes)
            }))

    static let filters =
        FilterCases.all(.search) + [
            ConformanceCase(
                "T2.noFilters", .search, "filters are refused where they are not declared",
                excludes: [.search(.filters)]
            ) { bench in
                let index = try await bench.index()
                try await expectUnsupported(bench, .search(.filters), "a filtered search") {
                    try await index.search(.all, where: .field("n") == 1)
                }
            }
        ]

    /// T1.
    static let mapping: [ConformanceCase] = [
        ConformanceCase(
            "T1.mismatch", .search, "ensuring an index with another mapping is a schema mismatch, and keeps it"
        ) { bench in
            let index = try await bench.index(["body": .text(.standard), "kind": .keyword])
            try await fill(index, [("a", ["body": "x"])])
            let mappings: [[String: SearchFieldType]] = [
                ["body": .text(.standard)], ["body": .keyword, "kind": .keyword],
                ["body": .text(.standard), "kind": .number],
                ["body": .text(.standard), "kind": .keyword, "more": .bool],
            ]
            for fields in mappings {
                let error = try await expectError(.schemaMismatch, during: "ensuring with \(fields.keys.sorted())") {
                    try await bench.other.search.index(index.name, fields: fields)
                }
                guard case .schema = error.conflict else {
                    throw CaseFailure(
                        "the mismatch: expected what was found and wanted, got \(String(describing: error.conflict))")
                }
            }
            let again = try await bench.other.search.index(index.name, fields: index.spec.fields)
            try expectEqual(try await again.count(), 1, "documents after ensuring again")
        },
        ConformanceCase("T1.verifyAndDrop", .search, "verifying creates nothing; indexes are listed and dropped whole")
        { bench in
            let name = bench.name()
            bench.note(.index(name))
            try await expectError(.notFound, during: "verifying a missing index") {
                try await bench.stores.search.index(name, fields: ["body": .text(.standard)], schema: .verify)
            }
            let made = [try await bench.index(["a": .number]), try await bench.index(["b": .keyword])]
            let listed = try await bench.stores.search.indexes().filter { $0.name.hasPrefix(bench.base) }
            try expectBytes(listed.map(\.name), made.map(\.name).sortedByBytes, "the listed names")
            try expectEqual(
                listed.map(\.fields), made.sorted { $0.name < $1.name }.map(\.spec.fields), "the listed mappings")
            let gone = made[0].name
            try expect(
                try await bench.stores.search.dropIndex(gone, confirming: gone), "drop: expected that it was there")
            try expect(
                try await !bench.stores.search.dropIndex(gone, confirming: gone),
                "a second drop: expected that it was not there")
            try await expectError(.invalidArgument, during: "a drop with a wrong confirmation") {
                try await bench.stores.search.dropIndex(made[1].name, confirming: gone)
            }
        },
        // Usually: dynamic mapping takes the first value's type.
        ConformanceCase("T1.values", .search, "a value that contradicts the mapping is refused, and so is its literal")
        { bench in
            let index = try await bench.index([
                "body": .text(.standard), "kind": .keyword, "size": .number, "at": .instant, "ok": .bool,
            ])
            for fields in [
                ["size": "1"], ["kind": 1], ["body": true], ["at": "2026-01-01T00:00:00Z"], ["ok": 1],
                ["size": [1, "2"]],
            ] as [Metadata] {
                try await expectError(.invalidArgument, during: "a document with \(fields)") {
                    try await fill(index, [("x", fields)])
                }
            }
            try expectEqual(try await index.count(), 0, "documents after refused upserts")
            let at = Value.instant(Timestamp(millisecondsSinceEpoch: 1_767_225_600_000))
            try await fill(
                index,
                [
                    ("a", ["body": "one", "kind": ["x", "y"], "size": 1, "at": at, "ok": true, "other": ["free": 1]]),
                    ("b", ["body": nil, "kind": "x", "size": 2.5]),
                ])
            let found = try await index.get(ids: ["b", "none", "a"])
            try expectBytes(found.map(\.id), ["b", "a"], "the documents of a get")
            try expectEqual(found.last?.fields["at"], at, "an instant")
            try expectEqual(found.last?.fields["other"], ["free": 1], "a field that is not mapped")
            guard bench.declares(.search(.filters)) else { return }
            try expectBytes(try await ids(index, .all, where: .greater("size", 1)), ["b"], "where size > 1")
            try await expectError(.invalidArgument, during: "a literal of another kind") {
                try await index.search(.all, where: .equal("size", "1"))
            }
        },
        ConformanceCase(
            "T1.noEnglish", .search, "the english analyzer is refused where it is not declared",
            excludes: [.search(.englishAnalyzer)]
        ) { bench in
            let name = bench.name()
            try await expectUnsupported(bench, .search(.englishAnalyzer), "an index with it") {
                try await bench.stores.search.index(name, fields: ["body": .text(.english)])
            }
        },
    ]

    /// X11.
    static let names: [ConformanceCase] = [
        ConformanceCase("X11.search.ids", .search, "hostile ids round-trip or are invalid, and reach no other document")
        { bench in
            let index = try await bench.index()
            try await NameCases.check("the id") { id, number in
                try await fill(index, [(id, ["n": .int(Int64(number)), "body": "word"])])
            } read: { id in
                let found = try await index.get(ids: [id])
                try expect(found.count <= 1, "get of \(shown(id)): expected one document at most, got \(found.count)")
                if let document = found.first { try expectBytes(document.id, id, "the id of the document") }
                return found.first?.fields["n"].flatMap { if case .int(let n) = $0 { Int(n) } else { nil } }
            } remove: { id in
                try expectEqual(try await index.delete(ids: [id]), 1, "deleted of \(shown(id))")
            }
        },
        // Usually: the text is a query language.
        ConformanceCase("X11.search.queries", .search, "hostile query texts are words and nothing else") { bench in
            let index = try await bench.index()
            try await fill(index, [("secret", ["body": "zzyzx quux"]), ("plain", ["body": "walrus"])])
            let texts =
                HostileNames.all + [
                    "walrus OR secret", "body:walrus", "*", "*:*", "NOT walrus", "-walrus", "\"", "(", "walrus~2", "z*",
                    "[a TO zzz]",
                    "a:b:c", "walrus^9", "walrus AND", "{!func}1", "&&||!",
                ]
            for text in texts where !text.utf8.contains(0) {
                let found = try await ids(index, .match(text))
                try expect(
                    !found.contains("secret"),
                    "a match of \(shown(text)): expected not the other document, got \(found)")
                if text.contains("walrus") {
                    try expect(found == ["plain"], "a match of \(shown(text)): expected plain, got \(found)")
                }
            }
        },
        ConformanceCase(
            "X11.search.indexes", .search, "hostile index and field names are apart from each other or invalid"
        ) { bench in
            let names = HostileNames.all.enumerated().filter { $0.offset % 3 == 0 || $0.element.utf8.count <= 2 }.map {
                bench.base + $0.element
            }
            try await NameCases.check("the index", names: names, mustTake: [bench.base + "é", bench.base + "A"]) {
                name, number in
                bench.note(.index(name))
                let index = try await bench.stores.search.index(name, fields: [name: .text(.standard)])
                try await fill(index, [("one", [name: "walrus", "n": .int(Int64(number))])])
            } read: { name in
                do {
                    let index = try await bench.stores.search.index(
                        name, fields: [name: .text(.standard)], schema: .verify)
                    let hits = try await index.search(.match(field: name, "walrus")).hits
                    return hits.first?.fields["n"].flatMap { if case .int(let n) = $0 { Int(n) } else { nil } }
                } catch let error as StoreError where error.code == .notFound {
                    return nil
                }
            } remove: { name in
                try await bench.stores.search.dropIndex(name, confirming: name)
            }
        },
    ]
}
