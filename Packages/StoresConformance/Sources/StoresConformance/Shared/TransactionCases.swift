import StoresCore

/// X12: several calls of a tier, and of all the tiers under test that have the capability, in one transaction.
enum TransactionCases {
    /// A write within a transaction, and how to see it: within, and from outside.
    private struct Write: Sendable {
        let write: @Sendable (StoreTransaction) async throws -> Void
        let isSeenWithin: @Sendable (StoreTransaction) async throws -> Bool
        let isSeen: @Sendable (Stores) async throws -> Bool
    }

    private struct Failure: Error {}

    static func all(_ tier: Tier) -> [ConformanceCase] {
        guard let make = Self.write(tier) else { return [] }
        return [
            // Usually: a call that goes to another connection than the transaction's.
            ConformanceCase(
                "X12.\(tier.rawValue).commits", tier,
                "what a transaction wrote is seen by nobody before it has committed",
                requires: [.sharedTransactions(tier)]
            ) { bench in
                let tiers = tiers(bench)
                let writes = try await Self.writes(tiers, bench) + [make(bench)]
                try await bench.stores.transaction(over: tiers) { transaction in
                    for write in writes {
                        try await write.write(transaction)
                        try expect(try await write.isSeenWithin(transaction), "a write, within: expected to see it")
                    }
                    for write in writes {
                        try expect(
                            try await !write.isSeen(bench.other), "a write, from outside: expected not to see it yet")
                    }
                }
                for write in writes {
                    try expect(try await write.isSeen(bench.other), "a committed write: expected to see it")
                }
            },
            // Usually: the transaction of one tier commits before that of another.
            ConformanceCase(
                "X12.\(tier.rawValue).rollsBack", tier,
                "a body that throws leaves nothing of what it wrote, in any tier",
                requires: [.sharedTransactions(tier)]
            ) { bench in
                let tiers = tiers(bench)
                let writes = try await Self.writes(tiers, bench) + [make(bench)]
                do {
                    try await bench.stores.transaction(over: tiers) { transaction in
                        for write in writes { try await write.write(transaction) }
                        throw Failure()
                    }
                    throw CaseFailure("a body that throws: expected its error, got none")
                } catch is Failure {}
                for write in writes {
                    try expect(try await !write.isSeen(bench.other), "a write rolled back: expected not to see it")
                }
                // Nothing is left locked.
                try await bench.stores.transaction(over: tiers) { transaction in
                    for write in writes { try await write.write(transaction) }
                }
                for write in writes {
                    try expect(try await write.isSeen(bench.other), "the same write again: expected to see it")
                }
            },
            ConformanceCase(
                "X12.\(tier.rawValue).refused", tier, "without the capability a transaction is refused",
                excludes: [.sharedTransactions(tier)]
            ) { bench in
                try await expectUnsupported(bench, .sharedTransactions(tier), "a transaction") {
                    try await bench.stores.transaction(over: [tier]) { _ in }
                }
            },
        ]
    }

    /// The tiers under test that can take part.
    private static func tiers(_ bench: Bench) -> Set<Tier> {
        bench.subject.tiers.filter { bench.declares(.sharedTransactions($0)) }
    }

    /// One write of each tier besides the one that the case is of.
    private static func writes(_ tiers: Set<Tier>, _ bench: Bench) async throws -> [Write] {
        var writes: [Write] = []
        for tier in Tier.stores where tier != bench.tier && tiers.contains(tier) {
            if let make = write(tier) { writes.append(try await make(bench)) }
        }
        return writes
    }

    /// Prepares a write of a tier: its collection or index is there before the transaction.
    private static func write(_ tier: Tier) -> (@Sendable (Bench) async throws -> Write)? {
        switch tier {
        case .vector: vector
        case .memory: memory
        case .session: session
        case .event: event
        case .search: search
        case .artifact, .telemetry: nil
        }
    }

    @Sendable private static func vector(_ bench: Bench) async throws -> Write {
        let spec = try await bench.collection().spec
        return Write {
            try await $0.vector.collection(spec, schema: .verify).upsert([VectorRecord(id: "a", vector: [1, 2, 3])])
        } isSeenWithin: {
            try await $0.vector.collection(spec, schema: .verify).get(ids: ["a"]).count == 1
        } isSeen: {
            try await $0.vector.collection(spec, schema: .verify).get(ids: ["a"]).count == 1
        }
    }

    @Sendable private static func memory(_ bench: Bench) async throws -> Write {
        let scope = bench.scope()
        return Write {
            try await $0.memory.put(FactDraft(id: "a", scope: scope, content: "content"))
        } isSeenWithin: {
            try await $0.memory.get("a", scope: scope) != nil
        } isSeen: {
            try await $0.memory.get("a", scope: scope) != nil
        }
    }

    @Sendable private static func session(_ bench: Bench) async throws -> Write {
        let key = bench.key()
        return Write {
            try await $0.session.set(key, SessionValue("x"), expiry: .never)
        } isSeenWithin: {
            try await $0.session.get(key) != nil
        } isSeen: {
            try await $0.session.get(key) != nil
        }
    }

    @Sendable private static func event(_ bench: Bench) async throws -> Write {
        let stream = bench.stream()
        return Write {
            try await $0.event.append([NewEvent(id: "a", type: "t")], to: stream, expected: .any)
        } isSeenWithin: {
            try await $0.event.read(stream).events.count == 1
        } isSeen: {
            try await $0.event.read(stream).events.count == 1
        }
    }

    @Sendable private static func search(_ bench: Bench) async throws -> Write {
        let fields: [String: SearchFieldType] = ["body": .text(.standard)]
        let name = try await bench.index(fields).name
        return Write {
            try await $0.search.index(name, fields: fields).upsert([SearchDocument(id: "a", fields: ["body": "hello"])])
        } isSeenWithin: {
            try await $0.search.index(name, fields: fields).get(ids: ["a"]).count == 1
        } isSeen: {
            try await $0.search.index(name, fields: fields).get(ids: ["a"]).count == 1
        }
    }
}
