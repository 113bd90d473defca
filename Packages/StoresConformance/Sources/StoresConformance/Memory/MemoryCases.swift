import StoresCore

/// M, and what of X, F and R concerns the memory tier.
enum MemoryCases {
    static let all: [ConformanceCase] = common + facts + scopes + history + expiry + listing + recall + filters + names

    /// A draft with as little as there can be.
    static func draft(_ id: String, _ scope: Scope, _ content: String = "a fact", _ attributes: Metadata = [:])
        -> FactDraft
    {
        FactDraft(id: id, scope: scope, content: content, attributes: attributes)
    }

    /// Every fact of a listing, page by page.
    static func all(
        _ store: MemoryStore, _ scope: Scope, depth: ScopeDepth = .subtree, where filter: Filter? = nil,
        limit: Int = 100
    ) async throws -> [Fact] {
        var facts: [Fact] = []
        var cursor: Cursor?
        repeat {
            let page = try await store.list(scope: scope, depth: depth, where: filter, cursor: cursor, limit: limit)
            try expect(
                page.items.count <= limit, "a page of \(limit): expected at most that many, got \(page.items.count)")
            facts += page.items
            cursor = page.next
            try expect(facts.count < 100_000, "the listing: expected an end")
        } while cursor != nil
        return facts
    }

    static let common = CommonCases.all(
        TierProbe(
            tier: .memory,
            write: { bench, stores in
                let (id, scope) = (bench.name(), Scope([bench.root, "shared"]))
                try await stores.memory.put(draft(id, scope))
                return { try await $0.memory.get(id, scope: scope)?.id == id }
            },
            touch: { bench, stores, deadline in
                _ = try await stores.memory.get("none", scope: Scope([bench.root]), deadline: deadline)
            },
            refused: { bench, text in
                try await bench.stores.memory.put(draft("", bench.scope(), text, ["text": .string(text)]))
            },
            failing: { bench, text in
                try await bench.stores.memory.put(
                    draft("a", bench.scope(), text, ["text": .string(text)]), ifVersion: 7)
            },
            bulk: { bench, count in
                let scope = bench.scope()
                let drafts = (0..<count).map { draft("f\($0)", scope) }
                let result = try await bench.stores.memory.put(drafts)
                return (drafts.map(\.id), result, try await all(bench.stores.memory, scope, limit: 500).count)
            },
            slow: { bench in
                { deadline in
                    let scope = bench.scope()
                    return try await bench.stores.memory.put(
                        (0..<1700).map { draft("f\($0)", scope) }, deadline: deadline)
                }
            },
            ping: { try await $0.memory.ping() },
            native: { try await $0.memory.withNative((any Sendable).self) { _ in } },
            wrongNative: { try await $0.memory.withNative(NoHandle.self) { _ in } },
            limited: { bench, limit in _ = try await bench.stores.memory.list(scope: bench.scope(), limit: limit) },
            ordered: { bench in
                let scope = bench.scope()
                let ids = ["b", "a", "é", "B", "10", "9", "~"]
                for id in ids { try await bench.stores.memory.put(draft(id, scope)) }
                return (try await all(bench.stores.memory, scope).map(\.id), ids.sortedByBytes)
            }))

    static let filters =
        FilterCases.all(.memory) + [
            ConformanceCase(
                "M7.noFilters", .memory, "filters are refused where they are not declared",
                excludes: [.memory(.filters)]
            ) { bench in
                try await expectUnsupported(bench, .memory(.filters), "a filtered list") {
                    try await bench.stores.memory.list(scope: bench.scope(), where: .field("n") == 1)
                }
            }
        ]

    /// X11.
    static let names: [ConformanceCase] = [
        // Usually: a composed key of scope and id with a separator that a name may hold.
        ConformanceCase("X11.memory.ids", .memory, "hostile ids round-trip or are invalid, and reach no other fact") {
            bench in
            let store = bench.stores.memory
            let scope = bench.scope()
            try await NameCases.check("the id") { id, number in
                try await store.put(draft(id, scope, "\(number)"))
            } read: { id in
                guard let fact = try await store.get(id, scope: scope) else { return nil }
                try expectBytes(fact.id, id, "the id of the fact")
                return Int(fact.content)
            } remove: { id in
                try expect(
                    try await store.delete(id, scope: scope), "delete of \(shown(id)): expected that it was there")
            }
        },
        ConformanceCase("X11.memory.scopes", .memory, "hostile scope segments are apart from each other or invalid") {
            bench in
            let store = bench.stores.memory
            let root = bench.scope()
            try await NameCases.check("the scope segment") { name, number in
                try await store.put(draft("one", Scope(root.segments + [name]), "\(number)"))
                try await store.put(draft("one", Scope(root.segments + [name, name]), "\(number)"))
            } read: { name in
                let facts = try await all(store, Scope(root.segments + [name]))
                try expect(
                    facts.count != 1 && facts.count <= 2,
                    "under \(shown(name)): expected two facts or none, got \(facts.count)")
                if let fact = facts.first { try expectBytes(fact.scope.segments, root.segments + [name], "the scope") }
                return facts.first.flatMap { Int($0.content) }
            } remove: { name in
                try expectEqual(
                    try await store.forget(scope: Scope(root.segments + [name])), 2, "forgotten under \(shown(name))")
            }
        },
    ]
}
