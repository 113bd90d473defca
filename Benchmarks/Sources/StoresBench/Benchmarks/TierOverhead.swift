import CMeasure
import StoresCore

/// What a call through the tier type costs more than the same call of the driver: validation, deadline, breaker, gate,
/// telemetry that is not bootstrapped. Both sides hold the same data.
enum TierOverhead: Benchmark {
    static let name = "tier-overhead"
    static let summary = "tier types over their in-memory drivers: time and allocations per call"

    private static let calls = 20_000
    private static let repetitions = 25

    static func run(_ bench: Bench) async throws -> [Figure] {
        let environment = Dictionary(
            uniqueKeysWithValues: Tier.allCases.filter { $0 != .telemetry }.map { ($0.variable, "memory") })
        return try await Stores.withOpen(environment: environment) { stores in
            try await session(stores) + memory(stores) + event(stores) + vector(stores)
        }
    }

    private static var context: CallContext { CallContext(deadline: .after(.seconds(3600))) }

    private static func session(_ stores: Stores) async throws -> [Figure] {
        let driver = InMemorySessionDriver()
        let context = context
        let value = SessionValue("a value")
        try await stores.session.set("user/42", value, expiry: .never)
        for result in try await driver.set(
            [SessionWrite(key: "user/42", value: value, expiry: .never)], context: context)
        {
            _ = try result.get()
        }
        return try await compare(
            "SessionStore.get",
            { for _ in 0..<calls { keep(try await stores.session.get("user/42")) } },
            { for _ in 0..<calls { keep(try await driver.get(["user/42"], context: context)) } })
    }

    private static func memory(_ stores: Stores) async throws -> [Figure] {
        let driver = InMemoryMemoryDriver()
        let context = context
        let fact = FactDraft(id: "home", scope: ["user", "ada"], content: "Ada lives in London")
        try await stores.memory.put(fact)
        for result in try await driver.put([FactPut(draft: fact)], context: context) { _ = try result.get() }
        return try await compare(
            "MemoryStore.get",
            { for _ in 0..<calls { keep(try await stores.memory.get("home", scope: fact.scope)) } },
            { for _ in 0..<calls { keep(try await driver.get(["home"], scope: fact.scope, context: context)) } })
    }

    private static func event(_ stores: Stores) async throws -> [Figure] {
        let driver = InMemoryEventDriver()
        let context = context
        let events = [NewEvent(id: "e1", type: "ordered", data: Array("{}".utf8))]
        try await stores.event.append(events, to: "order-7", expected: .noStream)
        _ = try await driver.append(events, to: "order-7", expected: .noStream, context: context)
        return try await compare(
            "EventStore.read",
            { for _ in 0..<calls { keep(try await stores.event.read("order-7", limit: 10)) } },
            {
                for _ in 0..<calls {
                    keep(
                        try await driver.read("order-7", from: nil, direction: .forward, limit: 10, context: context))
                }
            })
    }

    private static func vector(_ stores: Stores) async throws -> [Figure] {
        let driver = InMemoryVectorDriver()
        let context = context
        let docs = try await stores.vector.collection("docs", dimensions: 4)
        let record = VectorRecord(id: "a", vector: [1, 0, 0, 0], metadata: ["section": "libs"])
        try await docs.upsert([record])
        let spec = try await driver.ensureCollection(
            VectorCollectionSpec(name: "docs", dimensions: 4), mode: .create, context: context)
        let target = VectorTarget(collection: spec, namespace: "default")
        _ = try await driver.upsert([record], into: target, visibility: .accepted, context: context)
        return try await compare(
            "VectorCollection.get",
            { for _ in 0..<calls { keep(try await docs.get(ids: ["a"])) } },
            {
                for _ in 0..<calls {
                    keep(try await driver.get(["a"], from: target, include: .metadata, context: context))
                }
            })
    }

    private static func compare(
        _ what: String, _ tier: @escaping () async throws -> Void, _ driver: @escaping () async throws -> Void
    ) async throws -> [Figure] {
        let times = try await Timing.interleaved(
            repetitions: repetitions,
            [{ try await Timing.seconds { try await tier() } }, { try await Timing.seconds { try await driver() } }])
        let counts = try await Timing.interleaved(
            repetitions: 5, [{ try await allocations(tier) }, { try await allocations(driver) }])
        let perCall = 1e6 / Double(calls)
        var figures = [
            Figure(
                name, "\(what): time above the driver alone",
                value: Spread(zip(times[0], times[1]).map { ($0 - $1) * perCall }), unit: "µs",
                pair: Figure.Pair(
                    ours: Spread(times[0].map { $0 * perCall }), peer: Spread(times[1].map { $0 * perCall }),
                    peerName: "driver alone", unit: "µs"),
                target: .atMost(2))
        ]
        if measure_allocations() >= 0 {
            figures.append(
                Figure(
                    name, "\(what): allocations above the driver alone",
                    value: Spread(zip(counts[0], counts[1]).map { $0 - $1 }), unit: "per call",
                    pair: Figure.Pair(
                        ours: Spread(counts[0]), peer: Spread(counts[1]), peerName: "driver alone", unit: "per call"),
                    target: .atMost(2)))
        }
        return figures
    }

    private static func allocations(_ body: () async throws -> Void) async throws -> Double {
        let before = measure_allocations()
        try await body()
        // A hundredth: what other threads of the process allocate meanwhile is not a property of the call.
        return (Double(measure_allocations() - before) / Double(calls) * 100).rounded() / 100
    }
}
