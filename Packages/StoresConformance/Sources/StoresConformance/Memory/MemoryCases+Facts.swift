import StoresCore

extension MemoryCases {
    /// M1 and M3.
    static let facts: [ConformanceCase] = [
        // Usually: attributes through JSON without care, times with another resolution.
        ConformanceCase("M1.roundTrips", .memory, "a fact reads back with everything that was written") { bench in
            let store = bench.stores.memory
            let scope = bench.scope("user", "ada")
            var written = draft(
                "home", scope, "Ada lives in London 🏙\n\"quoted\"",
                SampleValues.metadata(nested: bench.declares(.memory(.nestedFields))))
            written.source = "chat of Monday"
            let put = try await store.put(written)
            let got = try unwrap(try await store.get("home", scope: scope), "the fact")
            for (way, fact) in [("put", put), ("get", got)] {
                try expectEqual(fact.id, "home", "\(way): id")
                try expectEqual(fact.scope, scope, "\(way): scope")
                try expectBytes(fact.content, written.content, "\(way): content")
                try SampleValues.expectSame(fact.attributes, written.attributes)
                try expectEqual(fact.source, "chat of Monday", "\(way): source")
                try expectEqual(fact.version, 1, "\(way): version")
                try expectEqual(fact.expiresAt, nil, "\(way): expiresAt")
            }
            try expectEqual(got.createdAt, put.createdAt, "createdAt of get and put")
            try expectEqual(got.updatedAt, got.createdAt, "updatedAt of a new fact")
        },
        // Usually: an upsert that keeps old columns, or resets createdAt.
        ConformanceCase("M1.replaces", .memory, "a put replaces the whole fact, keeps createdAt and counts the version")
        { bench in
            let store = bench.stores.memory
            let scope = bench.scope()
            var first = draft("a", scope, "old", ["old": 1])
            first.source = "somebody"
            let one = try await store.put(first)
            try await bench.advance(by: bench.subject.advance == nil ? .milliseconds(20) : .seconds(5))
            let two = try await store.put(draft("a", scope, "new", ["new": 2]))
            let got = try unwrap(try await store.get("a", scope: scope), "the fact")
            try expectEqual(got, two, "get and put")
            try expectEqual(got.content, "new", "content")
            try expectEqual(got.attributes, ["new": 2], "attributes")
            try expectEqual(got.source, nil, "source")
            try expectEqual(got.version, 2, "version")
            try expectEqual(got.createdAt, one.createdAt, "createdAt")
            try expect(
                got.updatedAt > one.updatedAt, "updatedAt: expected later than \(one.updatedAt), got \(got.updatedAt)")
        },
        ConformanceCase("M1.inOrder", .memory, "a get of many returns those that exist, in the order asked for") {
            bench in
            let store = bench.stores.memory
            let scope = bench.scope()
            try await store.put(["a", "b", "c"].map { draft($0, scope) }).throwIfFailed()
            try expectBytes(
                try await store.get(["c", "x", "a"], scope: scope).map(\.id), ["c", "a"], "ids of c, x, a")
            try expectEqual(try await store.get("a", scope: bench.scope()), nil, "a of another scope")
            try expect(try await store.delete("a", scope: scope), "delete of a: expected that it was there")
            try expect(
                try await !store.delete("a", scope: scope), "a second delete of a: expected that it was not there")
            try expectEqual(try await store.get("a", scope: scope), nil, "a after its delete")
        },
        // Usually: the condition is checked in a read of its own before the write.
        ConformanceCase(
            "M3.ifVersion", .memory, "a put holds only at the version it names; a conflict carries the current one"
        ) {
            bench in
            let store = bench.stores.memory
            let scope = bench.scope()
            try await conflict(current: 0, "version 3 of a missing fact") {
                try await store.put(draft("a", scope), ifVersion: 3)
            }
            try await store.put(draft("a", scope, "one"), ifVersion: 0)
            try await conflict(current: 1, "version 0 of an existing fact") {
                try await store.put(draft("a", scope), ifVersion: 0)
            }
            try await store.put(draft("a", scope, "two"), ifVersion: 1)
            try await conflict(current: 2, "the stale version 1") {
                try await store.put(draft("a", scope), ifVersion: 1)
            }
            try await conflict(current: 2, "the future version 3") {
                try await store.put(draft("a", scope), ifVersion: 3)
            }
            try await conflict(current: 2, "a delete at version 1") {
                try await store.delete("a", scope: scope, ifVersion: 1)
            }
            try expectEqual(try await store.get("a", scope: scope)?.content, "two", "content after refused writes")
            try expect(
                try await store.delete("a", scope: scope, ifVersion: 2),
                "a delete at version 2: expected that it was there")
            try await expectError(.invalidArgument, during: "version -1") {
                try await store.put(draft("a", scope), ifVersion: -1)
            }
        },
        // Usually: the row goes, and its version with it; then a version that was read long ago fits again.
        ConformanceCase("M3.afterDelete", .memory, "versions go on after a delete, so that a stale one never fits") {
            bench in
            let store = bench.stores.memory
            let scope = bench.scope()
            for version in 1...2 as ClosedRange<Int64> {
                try expectEqual(
                    try await store.put(draft("a", scope)).version, version, "the version of put \(version)")
            }
            try expect(try await store.delete("a", scope: scope, ifVersion: 2), "delete: expected that it was there")
            for stale in 1...2 as ClosedRange<Int64> {
                try await conflict(current: 0, "version \(stale) of a deleted fact") {
                    try await store.put(draft("a", scope), ifVersion: stale)
                }
            }
            try expectEqual(
                try await store.put(draft("a", scope, "again"), ifVersion: 0).version, 3, "the version after the delete"
            )
            try await conflict(current: 3, "the stale version 1") {
                try await store.put(draft("a", scope), ifVersion: 1)
            }
            try expect(try await bench.other.memory.delete("a", scope: scope), "a second delete: expected it there")
            try await store.put([draft("a", scope)]).throwIfFailed()
            try expectEqual(try await store.get("a", scope: scope)?.version, 4, "the version after the second delete")
            guard bench.declares(.memory(.history)) else { return }
            let lines = try await store.history("a", scope: scope)
            try expectEqual(lines.map(\.fact.version), [1, 2, 2, 3, 3, 4], "the versions in the history")
            try expectEqual(lines.map(\.change), [.put, .put, .delete, .put, .delete, .put], "the changes")
        },
        ConformanceCase("M3.oneWins", .memory, "of parallel conditional puts exactly one wins, in every round") {
            bench in
            let scope = bench.scope()
            for version in 0..<5 {
                let wins = try await race(8) { number in
                    let store = number % 2 == 0 ? bench.stores.memory : bench.other.memory
                    try await store.put(draft("a", scope, "\(version)-\(number)"), ifVersion: Int64(version))
                }
                try expectEqual(wins, 1, "winners at version \(version)")
            }
            try expectEqual(try await bench.stores.memory.get("a", scope: scope)?.version, 5, "the version at the end")
        },
        ConformanceCase("M3.noneIsLost", .memory, "of parallel unconditional puts every one counts") { bench in
            let scope = bench.scope()
            let wins = try await race(20) { number in
                let store = number % 2 == 0 ? bench.stores.memory : bench.other.memory
                try await store.put(draft("a", scope, "\(number)"))
            }
            try expectEqual(wins, 20, "puts that succeeded")
            try expectEqual(try await bench.stores.memory.get("a", scope: scope)?.version, 20, "the version at the end")
        },
    ]

    private static func conflict<T>(current: Int64, _ what: String, _ body: () async throws -> T) async throws {
        let error = try await expectError(.conflict, during: what, body)
        try expectEqual(error.conflict, .version(current: current), "the conflict of \(what)")
        try expect(error.applied != .yes && error.applied != .unknown, "\(what): expected that nothing was applied")
    }

    /// M2 and M5.
    static let scopes: [ConformanceCase] = [
        // Usually: scopes joined to one string and compared with LIKE.
        ConformanceCase("M2.wholeSegments", .memory, "a scope matches per segment; nothing in a segment is a wildcard")
        { bench in
            let store = bench.stores.memory
            let base = bench.scope().segments
            let scopes: [[String]] = [
                ["a"], ["ab"], ["a", "b"], ["a/b"], ["a%"], ["a_"], ["A"], ["a*"], ["a", "b", "c"], ["*"], ["a.b"],
                ["a:b"], ["é"], ["e\u{301}"],
                ["a b"], ["a", ""].filter { !$0.isEmpty } + [" "],
            ]
            for scope in scopes { try await store.put(draft("one", Scope(base + scope), scope.joined(separator: "|"))) }
            for scope in scopes {
                let exact = try await all(store, Scope(base + scope), depth: .exact)
                try expectBytes(exact.map(\.content), [scope.joined(separator: "|")], "exactly \(shown(scope))")
                let under = scopes.filter { Scope($0).isWithin(Scope(scope)) }.map { $0.joined(separator: "|") }
                try expectSame(try await all(store, Scope(base + scope)).map(\.content), under, "under \(shown(scope))")
            }
            try expectEqual(try await all(store, Scope(base)).count, scopes.count, "under the base")
        },
        ConformanceCase("M2.limits", .memory, "a scope has 1 to 16 segments of 1 to 256 bytes") { bench in
            let store = bench.stores.memory
            let deep = Scope([bench.root] + Array(repeating: "s", count: 15))
            let long = Scope([bench.root, String(repeating: "x", count: 256)])
            for scope in [deep, long] {
                try await store.put(draft("a", scope))
                try expectEqual(try await store.get("a", scope: scope)?.scope, scope, "a scope at the limit")
            }
            for scope in [
                Scope([]), Scope(deep.segments + ["t"]), Scope(long.segments.map { $0 + "x" }),
                Scope([bench.root, ""]),
            ]
            where scope.segments.count != 2 || scope.segments[1].utf8.count != 256 {
                try await expectError(.invalidArgument, during: "a put in a scope of \(scope.segments.count) segments")
                {
                    try await store.put(draft("a", scope))
                }
                try await expectError(.invalidArgument, during: "forget of a scope of \(scope.segments.count) segments")
                {
                    try await store.forget(scope: scope)
                }
            }
        },
        // Usually: history, embeddings or full-text rows that stay behind.
        ConformanceCase("M5.forget", .memory, "forget removes the scope and all under it, by every path, and counts") {
            bench in
            let store = bench.stores.memory
            let base = bench.scope().segments
            let (gone, inner, sibling, above) = (
                Scope(base + ["u", "4"]), Scope(base + ["u", "4", "x"]), Scope(base + ["u", "42"]), Scope(base + ["u"])
            )
            for scope in [gone, inner, sibling, above] {
                for id in ["a", "b"] {
                    var fact = draft(id, scope, "the walrus sleeps")
                    if bench.declares(.memory(.recallByVector)) { fact.embedding = [1, 0, 0] }
                    try await store.put(fact)
                    try await store.put(fact)
                }
            }
            try expectEqual(try await store.forget(scope: gone), 4, "forgotten")
            try expectEqual(try await store.forget(scope: gone), 0, "forgotten the second time")
            for scope in [gone, inner] {
                try expectEqual(try await store.get("a", scope: scope), nil, "get after forget")
                if bench.declares(.memory(.history)) {
                    try expectEqual(
                        try await store.history("a", scope: scope).count, 0, "lines of history after forget")
                }
                try expectEqual(try await all(store, scope).count, 0, "facts listed after forget")
            }
            for scope in [sibling, above] {
                try expectEqual(
                    try await store.get(["a", "b"], scope: scope).count, 2,
                    "facts of \(scope.segments.last ?? "") after forget")
            }
            let left = Set([sibling, above])
            if bench.declares(.memory(.recallByText)) {
                let found = try await store.recall(text: "walrus", scope: Scope(base), limit: 50)
                try expectEqual(Set(found.map(\.fact.scope)), left, "scopes recalled by text after forget")
            }
            if bench.declares(.memory(.recallByVector)) {
                let found = try await store.recall(vector: [1, 0, 0], scope: Scope(base), limit: 50)
                try expectEqual(Set(found.map(\.fact.scope)), left, "scopes recalled by vector after forget")
            }
            let again = try await store.put(draft("a", gone))
            try expectEqual(again.version, 1, "the version of a fact written after forget")
        },
        // Usually: one page is deleted.
        ConformanceCase("M5.forgetMany", .memory, "forget is complete, also for 1,200 facts") { bench in
            let store = bench.stores.memory
            let scope = bench.scope()
            try await store.put((0..<1200).map { draft("f\($0)", Scope(scope.segments + ["\($0 % 7)"])) })
                .throwIfFailed()
            try expectEqual(try await store.forget(scope: scope), 1200, "forgotten")
            try expectEqual(try await all(store, scope).count, 0, "what is left")
        },
    ]
}
