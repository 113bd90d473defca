import StoresCore

extension MemoryCases {
    /// M7: listing.
    static let listing: [ConformanceCase] = [
        ConformanceCase("M7.list", .memory, "facts are listed by scope, segment by segment, then id, in pages") {
            bench in
            let store = bench.stores.memory
            let base = bench.scope().segments
            var expected: [String] = []
            for scope in [["a"], ["a", "b"], ["a!"], ["b"]] {
                for id in ["10", "9", "Z", "a", "é"] { expected.append((scope + [id]).joined(separator: "|")) }
            }
            for key in expected.reversed() {
                let parts = key.split(separator: "|").map(String.init)
                try await store.put(draft(parts[parts.count - 1], Scope(base + parts.dropLast()), key))
            }
            for limit in [1, 3, 7, 100] {
                try expectBytes(
                    try await all(store, Scope(base), limit: limit).map(\.content), expected,
                    "the listing in pages of \(limit)")
            }
            try expectBytes(
                try await all(store, Scope(base + ["a"]), depth: .exact, limit: 2).map(\.content),
                Array(expected.prefix(5)),
                "exactly one scope")
            try expectEqual(try await all(store, bench.scope()).count, 0, "an empty scope")
        }
    ]

    /// M7: recall, which follows V6 to V9.
    static let recall: [ConformanceCase] = [
        // Usually: all words are demanded, or the words are a query language.
        ConformanceCase(
            "M7.byText", .memory, "recall by text ranks the facts that have any of the words",
            requires: [.memory(.recallByText)]
        ) { bench in
            let store = bench.stores.memory
            let scope = bench.scope()
            let contents = [
                ("both", "The walrus eats oysters; a walrus"), ("one", "A walrus on the beach in the evening sun"),
                ("none", "Roses are red"),
            ]
            for (id, content) in contents { try await store.put(draft(id, scope, content, ["n": .string(id)])) }
            try await store.put(draft("elsewhere", bench.scope(), "walrus oysters"))
            try await store.put(draft("under", Scope(scope.segments + ["x"]), "walrus"))
            let found = try await store.recall(text: "WALRUS oysters?", scope: scope, limit: 10)
            try expectSame(found.map(\.fact.id), ["both", "one", "under"], "facts with either word")
            try expectBytes(found.first?.fact.id ?? "", "both", "the first, which has both words")
            try expect(
                found.allSatisfy { $0.similarity == nil && $0.score == nil },
                "expected ranks only, got \(found.map(\.similarity))")
            try expectSame(
                try await store.recall(text: "walrus", scope: scope, depth: .exact, limit: 10).map(\.fact.id),
                ["both", "one"],
                "facts of exactly this scope")
            try expectEqual(try await store.recall(text: "walrus", scope: scope, limit: 2).count, 2, "with limit 2")
            try expectEqual(try await store.recall(text: "zebra", scope: scope).count, 0, "facts with zebra")
            try expectEqual(try await store.recall(text: "", scope: scope).count, 0, "facts with no word")
            for text in [
                "walrus OR 1=1 --", "\"walrus", "walrus*", "(walrus", "walrus AND NOT", "-walrus", "walrus:*", "%", "'",
            ] {
                let ids = try await store.recall(text: text, scope: scope).map(\.fact.id)
                try expect(!ids.contains("none") && !ids.contains("elsewhere"), "recall of \(shown(text)): got \(ids)")
                if text.contains("walrus") {
                    try expect(ids.contains("one"), "recall of \(shown(text)): expected the walrus, got \(ids)")
                }
            }
            if bench.declares(.memory(.filters)) {
                try expectBytes(
                    try await store.recall(text: "walrus oysters", scope: scope, where: .field("n") == "one").map(
                        \.fact.id), ["one"],
                    "facts with either word, and n = one")
            }
        },
        // Usually: an updated fact is still found by its old words.
        ConformanceCase(
            "M7.textFollowsWrites", .memory, "recall by text follows updates and deletes",
            requires: [.memory(.recallByText)]
        ) { bench in
            let store = bench.stores.memory
            let scope = bench.scope()
            try await store.put(draft("a", scope, "walrus"))
            try await store.put(draft("a", scope, "zebra"))
            try expectEqual(try await store.recall(text: "walrus", scope: scope).count, 0, "facts with the old word")
            try expectEqual(try await store.recall(text: "zebra", scope: scope).count, 1, "facts with the new word")
            try await store.delete("a", scope: scope)
            try expectEqual(
                try await store.recall(text: "zebra", scope: scope).count, 0, "facts with the word after the delete")
        },
        ConformanceCase(
            "M7.byVector", .memory, "recall by vector is by cosine, exact to 1e-4, best first, ties by id",
            requires: [.memory(.recallByVector)]
        ) { bench in
            let store = bench.stores.memory
            let scope = bench.scope()
            let vectors: [(String, [Float])] = [
                ("same", [2, 4, 4]), ("tie-b", [0, 1, 1]), ("tie-a", [0, 1, 1]), ("orthogonal", [2, -1, 0]),
                ("opposite", [-1, -2, -2]),
            ]
            for (id, vector) in vectors {
                var fact = draft(id, scope, "a fact", ["v": .string(id)])
                fact.embedding = vector
                try await store.put(fact)
            }
            try await store.put(draft("without", scope))
            let query: [Float] = [1, 2, 2]
            let found = try await store.recall(vector: query, scope: scope, limit: 10)
            try expectBytes(found.map(\.fact.id), ["same", "tie-a", "tie-b", "orthogonal", "opposite"], "the order")
            for (id, vector) in vectors {
                let match = try unwrap(found.first { $0.fact.id == id }, "the match \(id)")
                let cosine = Exact.cosine(vector, query)
                try expectClose(match.similarity, cosine, "the similarity of \(id)")
                try expectClose(match.score, (1 + cosine) / 2, "the score of \(id)")
            }
            try expectBytes(
                try await store.recall(vector: query, scope: scope, limit: 10, minScore: 0.9).map(\.fact.id),
                ["same", "tie-a", "tie-b"],
                "minScore 0.9")
            try expectEqual(try await store.recall(vector: query, scope: scope, limit: 2).count, 2, "with limit 2")
            try expectEqual(try await store.recall(vector: query, scope: bench.scope()).count, 0, "of another scope")
            if bench.declares(.memory(.filters)) {
                try expectBytes(
                    try await store.recall(vector: query, scope: scope, where: .field("v") == "opposite").map(
                        \.fact.id),
                    ["opposite"], "where v = opposite")
            }
            try await expectError(.invalidArgument, during: "recall by a zero vector") {
                try await store.recall(vector: [0, 0, 0], scope: scope)
            }
        },
        ConformanceCase(
            "M7.ownScore", .memory, "a match's own score as minScore finds it again",
            requires: [.memory(.recallByVector)]
        ) { bench in
            let store = bench.stores.memory
            let scope = bench.scope()
            var random = SplitMix64(seed: 12)
            func component() -> Float { Float(random.next() >> 40) / Float(1 << 23) - 1 }
            var drafts: [FactDraft] = []
            for number in 0..<40 {
                var fact = draft("f\(number)", scope)
                fact.embedding = [component(), component(), component()]
                drafts.append(fact)
            }
            try await store.put(drafts).throwIfFailed()
            let query: [Float] = [component(), component(), component()]
            for match in try await store.recall(vector: query, scope: scope, limit: 40) {
                let score = try unwrap(match.score, "the score of \(match.fact.id)")
                let again = try await store.recall(vector: query, scope: scope, limit: 40, minScore: score)
                try expect(
                    again.contains { $0.fact.id == match.fact.id } && again.allSatisfy { ($0.score ?? -1) >= score },
                    "minScore \(score): expected \(match.fact.id) and no worse, got \(again.map(\.score))")
            }
        },
        // Usually: candidates are cut before the scope or the filter is applied.
        ConformanceCase(
            "M7.lowSelectivity", .memory, "recall in a scope of 3 among 900 facts finds all three",
            requires: [.memory(.recallByVector)]
        ) { bench in
            let store = bench.stores.memory
            let base = bench.scope().segments
            let drafts = (0..<900).map { number -> FactDraft in
                let place = number % 300 == 299 ? "rare" : "common"
                var fact = draft("f\(number)", Scope(base + [place]))
                fact.embedding = [1, Float(number) / 900, place == "rare" ? 1 : 0]
                return fact
            }
            try await store.put(drafts).throwIfFailed()
            let found = try await store.recall(vector: [1, 0, 0], scope: Scope(base + ["rare"]), limit: 10)
            if found.isComplete { try expectSame(found.map(\.fact.id), ["f299", "f599", "f899"], "the rare facts") }
        },
        ConformanceCase(
            "M7.noText", .memory, "recall by text is refused where it is not declared",
            excludes: [.memory(.recallByText)]
        ) { bench in
            try await expectUnsupported(bench, .memory(.recallByText), "recall by text") {
                try await bench.stores.memory.recall(text: "walrus", scope: bench.scope())
            }
        },
        ConformanceCase(
            "M7.noVector", .memory, "recall by vector and embeddings are refused where it is not declared",
            excludes: [.memory(.recallByVector)]
        ) { bench in
            try await expectUnsupported(bench, .memory(.recallByVector), "recall by vector") {
                try await bench.stores.memory.recall(vector: [1, 0], scope: bench.scope())
            }
            var fact = draft("a", bench.scope())
            fact.embedding = [1, 0]
            let embedded = fact
            try await expectUnsupported(bench, .memory(.recallByVector), "a fact with an embedding") {
                try await bench.stores.memory.put(embedded)
            }
        },
    ]
}
