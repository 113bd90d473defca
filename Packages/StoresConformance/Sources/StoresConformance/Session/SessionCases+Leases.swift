import StoresCore

extension SessionCases {
    /// S8.
    static let transactions: [ConformanceCase] = [
        // Usually: a pipeline taken for a transaction.
        ConformanceCase(
            "S8.allOrNothing", .session, "a transaction applies all, or with one failed condition nothing",
            requires: [.session(.transactions), .session(.conditionalWrites)]
        ) { bench in
            let store = bench.stores.session
            let (a, b, c, d) = (bench.key(), bench.key(), bench.key(), bench.key())
            let etag = try await store.set(c, SessionValue("c"), expiry: .never).etag
            func set(_ key: String, _ text: String, _ condition: SessionCondition = .none) -> SessionOperation {
                .set(SessionWrite(key: key, value: SessionValue(text), expiry: .never, condition: condition))
            }
            let failing: [[SessionOperation]] = [
                [set(a, "1"), set(b, "1"), .check(key: d, condition: .ifMatch("none"))],
                [set(a, "1"), set(c, "1", .ifAbsent), set(b, "1")],
                [set(a, "1"), .delete(key: c, condition: .ifMatch("stale"))],
                [.check(key: c, condition: .ifAbsent), set(a, "1")],
            ]
            for operations in failing {
                let error = try await expectError(.conflict, during: "a transaction with a condition that fails") {
                    try await store.transaction(operations)
                }
                try expect(error.applied != .yes, "applied: expected not yes")
                let found = try await texts(store, [a, b, c, d])
                try expectEqual(found, [c: "c"], "what is there after a failed transaction")
            }
            let outcomes = try await store.transaction(
                [
                    set(a, "1", .ifAbsent), set(b, "2"), .delete(key: c, condition: .ifMatch(etag)),
                    .check(key: d, condition: .ifAbsent),
                ])
            try expectEqual(outcomes.count, 4, "outcomes")
            guard case .set(let receipt) = outcomes[0], case .set = outcomes[1], outcomes[2] == .deleted(true),
                outcomes[3] == .checked
            else { throw CaseFailure("the outcomes: expected set, set, deleted, checked, got \(outcomes)") }
            try expectEqual(try await store.get(a)?.etag, receipt.etag, "the etag of a")
            try expectEqual(try await texts(store, [a, b, c, d]), [a: "1", b: "2"], "what is there at the end")
        },
        ConformanceCase(
            "S8.isolated", .session, "parallel transactions on two keys never interleave",
            requires: [.session(.transactions), .session(.conditionalWrites)]
        ) { bench in
            let (a, b) = (bench.key(), bench.key())
            @Sendable func set(_ store: SessionStore, _ number: Int, _ first: String, _ second: String) async throws {
                _ = try await store.transaction(
                    [first, second].map {
                        .set(SessionWrite(key: $0, value: SessionValue("\(number)"), expiry: .never))
                    })
            }
            try await set(bench.stores.session, -1, a, b)
            let wins = try await race(20) { number in
                let store = number % 2 == 0 ? bench.stores.session : bench.other.session
                try await number % 3 == 0 ? set(store, number, a, b) : set(store, number, b, a)
            }
            try expect(wins >= 1, "transactions: expected at least one to succeed")
            let found = try await texts(bench.stores.session, [a, b])
            try expectEqual(found[a], found[b], "the two keys")
        },
        ConformanceCase(
            "S8.oneForEachKey", .session,
            "a transaction has at most one operation for each key; an empty one does nothing",
            requires: [.session(.transactions)]
        ) { bench in
            let key = bench.key()
            let write = SessionOperation.set(SessionWrite(key: key, value: SessionValue("x"), expiry: .never))
            try await expectError(.invalidArgument, during: "two operations for one key") {
                try await bench.stores.session.transaction([write, .delete(key: key, condition: .none)])
            }
            try expectEqual(try await bench.stores.session.transaction([]), [], "an empty transaction")
            try expectEqual(try await bench.stores.session.get(key), nil, "the key")
        },
        ConformanceCase(
            "S8.noTransactions", .session, "a transaction is refused where it is not declared",
            excludes: [.session(.transactions)]
        ) { bench in
            try await expectUnsupported(bench, .session(.transactions), "a transaction") {
                try await bench.stores.session.transaction([.delete(key: bench.key(), condition: .none)])
            }
        },
    ]

    /// S9.
    static let leases: [ConformanceCase] = [
        ConformanceCase(
            "S9.oneHolder", .session, "a lease has one holder; its generation rises with every grant",
            requires: [.session(.leases)]
        ) { bench in
            try await LeaseCases.oneHolder(bench, LeaseCases.session(bench.stores, bench.key()))
        },
        ConformanceCase(
            "S9.expires", .session, "an expired lease can be taken, and its old holder has lost it",
            requires: [.session(.leases)]
        ) { bench in
            try await LeaseCases.expires(bench, LeaseCases.session(bench.stores, bench.key()))
        },
        ConformanceCase(
            "S9.parallel", .session, "of parallel takers exactly one gets the lease", requires: [.session(.leases)]
        ) { bench in
            let key = bench.key()
            try await LeaseCases.parallel(LeaseCases.session(bench.stores, key), LeaseCases.session(bench.other, key))
        },
        // Usually: the holder's own clock decides, or the check and the write are two steps.
        ConformanceCase(
            "S9.fencing", .session, "a write guarded by a superseded lease is refused, by the latest it holds",
            requires: [.session(.leases)]
        ) { bench in
            let store = bench.stores.session
            let (lock, key) = (bench.key(), bench.key())
            func write(_ text: String, _ lease: Lease) async throws {
                try await store.set(key, SessionValue(text), expiry: .never, leaseGuard: LeaseGuard(lease))
            }
            let one = try unwrap(try await store.acquireLease(lock, ttl: bench.ttl), "the first lease")
            try await write("one", one)
            try await bench.advance(by: bench.ttl)
            let two = try unwrap(
                try await bench.other.session.acquireLease(lock, ttl: bench.ttl * 100), "the second lease")
            let error = try await expectError(.preconditionFailed, during: "a write with the first lease") {
                try await write("late", one)
            }
            try expectEqual(error.conflict, .version(current: two.generation), "the conflict")
            try expectEqual(try await text(bench, key), "one", "the value after a refused write")
            try await write("two", two)
            try expectEqual(try await text(bench, key), "two", "the value that the second holder wrote")
            let fresh = bench.key()
            let result = try await store.set([
                SessionWrite(key: fresh, value: SessionValue("x"), expiry: .never, leaseGuard: LeaseGuard(one)),
                SessionWrite(key: key, value: SessionValue("three"), expiry: .never, leaseGuard: LeaseGuard(two)),
            ])
            try expectEqual(result.failed.map(\.id), [fresh], "what of a guarded batch failed")
            try expectEqual(try await texts(store, [fresh, key]), [key: "three"], "what is there")
        },
        ConformanceCase(
            "S9.noLeases", .session, "leases are refused where they are not declared", excludes: [.session(.leases)]
        ) {
            bench in
            let key = bench.key()
            try await expectUnsupported(bench, .session(.leases), "a lease") {
                try await bench.stores.session.acquireLease(key, ttl: .seconds(1))
            }
            try await expectUnsupported(bench, .session(.leases), "a guarded write") {
                try await bench.stores.session.set(
                    key, SessionValue("x"), expiry: .never, leaseGuard: LeaseGuard(key: key, generation: 1))
            }
            try expectEqual(try await bench.stores.session.get(key), nil, "the key after a refused write")
        },
    ]
}
