import StoresCore

extension MemoryCases {
    /// M4.
    static let history: [ConformanceCase] = [
        ConformanceCase(
            "M4.everyWrite", .memory, "history has a line for each write, oldest first, and one for the delete",
            requires: [.memory(.history)]
        ) { bench in
            let store = bench.stores.memory
            let scope = bench.scope()
            let one = try await store.put(draft("a", scope, "one", ["n": 1]))
            let two = try await store.put(draft("a", scope, "two"))
            try await store.put(draft("b", scope, "other"))
            try await expectError(.conflict, during: "a stale put") {
                try await store.put(draft("a", scope, "no"), ifVersion: 1)
            }
            try expect(try await store.delete("a", scope: scope), "the delete: expected that it was there")
            let lines = try await store.history("a", scope: scope)
            try expectEqual(lines.map(\.change), [.put, .put, .delete], "the changes")
            try expectEqual(lines.map(\.fact.content), ["one", "two", "two"], "the contents")
            try expectEqual(Array(lines.prefix(2).map(\.fact)), [one, two], "the facts as they were left")
            try expect(
                zip(lines, lines.dropFirst()).allSatisfy { $0.at <= $1.at },
                "the times: expected in order, got \(lines.map(\.at))")
            try expectEqual(try await store.history("x", scope: scope).count, 0, "lines of a fact that never was")
            try expectEqual(try await store.history("a", scope: bench.scope()).count, 0, "lines in another scope")
        },
        // Usually: the line is written after the fact, in a transaction of its own.
        ConformanceCase(
            "M4.atomic", .memory, "parallel writes leave one line for each version, without gaps",
            requires: [.memory(.history), .memory(.transactionalHistory)]
        ) { bench in
            let scope = bench.scope()
            try expectEqual(
                try await race(16) { number in
                    let store = number % 2 == 0 ? bench.stores.memory : bench.other.memory
                    try await store.put(draft("a", scope, "\(number)"))
                }, 16, "puts that succeeded")
            let versions = try await bench.stores.memory.history("a", scope: scope).map(\.fact.version)
            try expectEqual(versions, (1...16).map(Int64.init), "the versions in the history")
        },
        ConformanceCase(
            "M4.following", .memory, "history that is not transactional has every line once writers rest",
            requires: [.memory(.history)], excludes: [.memory(.transactionalHistory)]
        ) { bench in
            let scope = bench.scope()
            for number in 0..<5 { try await bench.stores.memory.put(draft("a", scope, "\(number)")) }
            _ = try await bench.eventually("the history has five lines") {
                try await bench.stores.memory.history("a", scope: scope).map(\.fact.version) == [1, 2, 3, 4, 5]
                    ? true : nil
            }
        },
        ConformanceCase(
            "M4.noHistory", .memory, "history is refused where it is not declared", excludes: [.memory(.history)]
        ) { bench in
            try await expectUnsupported(bench, .memory(.history), "history") {
                try await bench.stores.memory.history("a", scope: bench.scope())
            }
        },
    ]

    /// M6.
    static let expiry: [ConformanceCase] = [
        // Usually: reads rely on a sweep, or one of them forgets the condition.
        ConformanceCase(
            "M6.invisible", .memory, "an expired fact is invisible to every read, before any sweep",
            requires: [.memory(.expiry)]
        ) { bench in
            let store = bench.stores.memory
            let scope = bench.scope()
            try await putExpiring(bench, scope, ["a", "b"], after: bench.ttl)
            try await store.put(draft("stays", scope, "the walrus stays"))
            try expect(
                try await store.get("a", scope: scope)?.expiresAt != nil, "expiresAt before expiry: expected one")
            try await bench.advance(by: bench.ttl)
            try expectEqual(try await store.get("a", scope: scope), nil, "get after expiry")
            try expectBytes(
                try await store.get(["a", "stays", "b"], scope: scope).map(\.id), ["stays"], "get of many after expiry")
            try expectBytes(try await all(store, scope).map(\.id), ["stays"], "list after expiry")
            if bench.declares(.memory(.filters)) {
                try expectBytes(
                    try await all(store, scope, where: .exists("n")).map(\.id), [], "filtered list after expiry")
            }
            if bench.declares(.memory(.recallByText)) {
                let found = try await store.recall(text: "walrus", scope: scope, limit: 10)
                try expectBytes(found.map(\.fact.id), ["stays"], "recall by text after expiry")
            }
            if bench.declares(.memory(.recallByVector)) {
                let found = try await store.recall(vector: [1, 0, 0], scope: scope, limit: 10)
                try expectBytes(found.map(\.fact.id), [], "recall by vector after expiry")
            }
            try expect(
                try await !store.delete("a", scope: scope), "delete after expiry: expected that it was not there")
            try expectEqual(try await store.forget(scope: scope), 1, "forgotten after expiry")
        },
        ConformanceCase(
            "M6.exactInstant", .memory, "a fact is there until its instant, and gone at it",
            requires: [.memory(.expiry)]
        ) { bench in
            // By real time the instant can't be hit; there M6.invisible says what can be said.
            guard bench.subject.advance != nil else { return }
            let scope = bench.scope()
            try await putExpiring(bench, scope, ["a"], after: .seconds(10))
            try await bench.advance(by: .milliseconds(9999))
            try expect(
                try await bench.stores.memory.get("a", scope: scope) != nil,
                "1 ms before its instant: expected the fact")
            try await bench.advance(by: .milliseconds(1))
            try expectEqual(try await bench.stores.memory.get("a", scope: scope), nil, "at its instant")
        },
        // Usually: the old row is updated rather than replaced.
        ConformanceCase(
            "M6.startsAnew", .memory, "a put to an expired fact starts at version 1, without the old history",
            requires: [.memory(.expiry)]
        ) { bench in
            let store = bench.stores.memory
            let scope = bench.scope()
            try await putExpiring(bench, scope, ["a"], after: bench.ttl)
            try await bench.advance(by: bench.ttl)
            let error = try await expectError(.conflict, during: "a put at version 1 of the expired fact") {
                try await store.put(draft("a", scope), ifVersion: 1)
            }
            try expectEqual(error.conflict, .version(current: 0), "the conflict")
            let fact = try await store.put(draft("a", scope, "new"), ifVersion: 0)
            try expectEqual(fact.version, 1, "the version")
            try expectEqual(fact.expiresAt, nil, "expiresAt")
            if bench.declares(.memory(.history)) {
                try expectEqual(try await store.history("a", scope: scope).map(\.fact.content), ["new"], "the history")
            }
        },
        ConformanceCase(
            "M6.sweep", .memory, "a sweep removes what has expired and nothing else", requires: [.memory(.expiry)]
        ) { bench in
            let store = bench.stores.memory
            let scope = bench.scope()
            try await store.sweep()
            try await putExpiring(bench, scope, ["a", "b"], after: bench.ttl)
            try await putExpiring(bench, scope, ["later"], after: bench.ttl * 100)
            try await store.put(draft("stays", scope))
            try await bench.advance(by: bench.ttl)
            let swept = try await store.sweep()
            // Others may have swept in the meantime, or left something to sweep.
            try expect(bench.subject.advance == nil || swept >= 2, "swept: expected at least 2, got \(swept)")
            try expectSame(try await all(store, scope).map(\.id), ["later", "stays"], "what is left")
            if bench.declares(.memory(.history)) {
                try expectEqual(try await store.history("a", scope: scope).count, 0, "lines of the swept fact")
            }
        },
        ConformanceCase(
            "M6.noExpiry", .memory, "an expiry is refused where it is not declared", excludes: [.memory(.expiry)]
        ) { bench in
            var fact = draft("a", bench.scope())
            fact.expiresAt = Timestamp(millisecondsSinceEpoch: 4_102_444_800_000)
            let expiring = fact
            try await expectUnsupported(bench, .memory(.expiry), "a fact that expires") {
                try await bench.stores.memory.put(expiring)
            }
        },
    ]

    /// Writes facts that expire; the time from which it counts is the store's own, read from a fact.
    private static func putExpiring(_ bench: Bench, _ scope: Scope, _ ids: [String], after: Duration) async throws {
        let now = try await bench.stores.memory.put(draft("clock", bench.scope())).updatedAt
        for id in ids {
            var fact = draft(id, scope, "the walrus sleeps", ["n": 1])
            fact.expiresAt = now.advanced(by: after)
            if bench.declares(.memory(.recallByVector)) { fact.embedding = [1, 0, 0] }
            let put = try await bench.stores.memory.put(fact)
            try expectEqual(put.expiresAt, fact.expiresAt, "expiresAt of put")
        }
    }
}
