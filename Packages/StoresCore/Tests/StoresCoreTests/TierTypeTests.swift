import Testing

@testable import StoresCore

/// What the tier types do before and after the driver.
struct TierTypeTests {
    private func open(
        limits: [Limit: Int] = [:], missing: Set<Capability> = [], faults: FaultPlan? = nil
    ) async throws -> Stores {
        try await Stores.open(
            environment: [:],
            options: StoresOptions(
                probeTimeout: .seconds(300), retry: .none,
                inMemoryBehavior: InMemoryBehavior(limits: limits, missing: missing, faults: faults)))
    }

    @Test(arguments: [VectorMetric.cosine, .dot, .euclidean])
    func `V7 a returned score, fed back, finds its record`(_ metric: VectorMetric) async throws {
        let stores = try await open()
        let docs = try await stores.vector.collection(
            "docs", dimensions: 3, metric: metric, hasUnitVectors: metric == .dot)
        var generator = SeededGenerator(7)
        func vector() -> [Float] {
            let raw = (0..<3).map { _ in Double.random(in: -1...1, using: &generator) }
            let length = metric == .euclidean ? 0.01 : raw.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return raw.map { Float($0 / length) }
        }
        try await docs.upsert((0..<200).map { VectorRecord(id: "\($0)", vector: vector()) })
        for fact in 0..<200 {
            try await stores.memory.put(
                FactDraft(id: "\(fact)", scope: ["s"], content: "", embedding: vector()))
        }
        let query = vector()
        let hits = try await docs.query(query, limit: 200)
        #expect(hits.count == 200)
        for (place, hit) in hits.enumerated() {
            let score = try #require(hit.score)
            let again = try await docs.query(query, limit: 200, minScore: score)
            #expect(again.contains { $0.id == hit.id }, "\(score)")
            #expect(again.count >= place + 1)
            #expect(again.allSatisfy { ($0.score ?? -1) >= score })
            #expect(try await docs.query(query, limit: 200, minScore: score.nextUp).allSatisfy { $0.id != hit.id })
        }
        for match in try await stores.memory.recall(vector: query, scope: ["s"], limit: 200) {
            let again = try await stores.memory.recall(vector: query, scope: ["s"], limit: 200, minScore: match.score)
            #expect(again.contains { $0.fact.id == match.fact.id })
        }
        await stores.shutdown()
    }

    @Test func `S5 a slash that is one character with what is before it ends a prefix all the same`() async throws {
        let stores = try await open()
        for key in ["tenant-1/a", "tenant-1\u{600}/a", "tenant-1\u{600}/b"] {
            try await stores.session.set(key, SessionValue("x"), expiry: .never)
        }
        #expect(try await stores.session.delete(prefix: "tenant-1\u{600}/") == 2)
        #expect(try await stores.session.get("tenant-1/a") != nil)
        await stores.shutdown()
    }

    @Test func `V11 a namespace is refused before the collection is made`() async throws {
        for (missing, namespace, code) in [
            ([.vector(.namespaces)], "tenant", .unsupported), ([], "", .invalidArgument),
        ] as [(Set<Capability>, String, StoreError.Code)] {
            let stores = try await open(missing: missing)
            let error = await #expect(throws: StoreError.self) {
                _ = try await stores.vector.collection("docs", dimensions: 1, namespace: namespace)
            }
            #expect(error?.code == code)
            #expect(try await stores.vector.collections().isEmpty)
            await stores.shutdown()
        }
    }

    @Test func `E8 the lease of another run guards nothing and is refused`() async throws {
        let stores = try await open()
        let lease = try #require(try await stores.event.acquireRunLease("a", ttl: .seconds(60)))
        let error = await #expect(throws: StoreError.self) {
            try await stores.event.saveRun("b", status: "running", state: [], lease: lease)
        }
        #expect(error?.code == .invalidArgument)
        #expect(try await stores.event.loadRun("b") == nil)
        try await stores.event.saveRun("a", status: "running", state: [], lease: lease)
        await stores.shutdown()
    }

    @Test func `M3 and E8 versions go on after a delete`() async throws {
        let stores = try await open()
        let fact = FactDraft(id: "a", scope: ["s"], content: "x")
        for version in 1...3 as ClosedRange<Int64> { #expect(try await stores.memory.put(fact).version == version) }
        #expect(try await stores.memory.delete("a", scope: ["s"]))
        await #expect(throws: StoreError.self) { try await stores.memory.put(fact, ifVersion: 3) }
        #expect(try await stores.memory.put(fact, ifVersion: 0).version == 4)
        #expect(try await stores.memory.history("a", scope: ["s"]).map(\.fact.version) == [1, 2, 3, 3, 4])
        for version in 1...3 as ClosedRange<Int64> {
            #expect(try await stores.event.saveRun("r", status: "s", state: []).version == version)
        }
        #expect(try await stores.event.deleteRun("r"))
        #expect(try await stores.event.listRuns().items.isEmpty)
        await #expect(throws: StoreError.self) {
            try await stores.event.saveRun("r", status: "s", state: [], ifVersion: 3)
        }
        #expect(try await stores.event.saveRun("r", status: "s", state: [], ifVersion: 0).version == 4)
        #expect(try await stores.event.deleteRun("r"))
        #expect(try await stores.event.saveRun("r", status: "s", state: []).version == 5)
        await stores.shutdown()
    }

    @Test func `E9 a driver that leaves out damaged snapshots hides no older one`() async throws {
        struct Sparse: SnapshotDriver, EventDriver {
            func append(_: [NewEvent], to: String, expected: ExpectedRevision, context: CallContext)
                async throws(StoreError) -> AppendResult
            { throw StoreError(.internal, "unused") }
            func read(_: String, from: Int64?, direction: ReadDirection, limit: Int, context: CallContext)
                async throws(StoreError) -> StreamSlice
            { throw StoreError(.internal, "unused") }
            func saveSnapshot(_: Snapshot, context: CallContext) async throws(StoreError) {}
            func deleteSnapshots(_: String, before: Int64?, context: CallContext) async throws(StoreError) -> Int { 0 }
            /// Of the revisions 9 to 0 those that are not multiples of 3 are damaged, and left out of each four.
            func loadSnapshots(_ stream: String, atOrBefore: Int64?, limit: Int, context: CallContext)
                async throws(StoreError) -> [Snapshot]
            {
                let from = min(9, atOrBefore ?? 9)
                return (0...max(0, from)).reversed().prefix(limit).filter { $0 % 3 == 0 }
                    .map { Snapshot(stream: stream, revision: $0, data: []) }
            }
        }
        struct Undecodable: Error {}
        let stores = try await open()
        let event = EventStore(runtime: stores.event.runtime, driver: Sparse())
        let found = try await event.loadSnapshot("s") { snapshot in
            if snapshot.revision > 2 { throw Undecodable() }
            return snapshot.revision
        }
        #expect(found?.revision == 0)
        let none = try await event.loadSnapshot("s") { _ -> Int in throw Undecodable() }
        #expect(none == nil)
        await stores.shutdown()
    }
}
