import Synchronization
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

    @Test func `V10 a filter that is always true deletes nothing`() async throws {
        let stores = try await open()
        let docs = try await stores.vector.collection("docs", dimensions: 1)
        try await docs.upsert([VectorRecord(id: "a", vector: [1])])
        let always: [Filter] = [
            .and([]), .notIn("f", []), .not(.in("f", [])), .containsAll("f", []), .not(.containsAny("f", [])),
            .or([.exists("f"), .notIn("f", [])]), .and([.notIn("f", []), .not(.or([]))]),
        ]
        for filter in always {
            #expect(filter.matches([:]) && filter.matches(["f": [1]]), "\(filter)")
            let error = await #expect(throws: StoreError.self) { try await docs.delete(where: filter) }
            #expect(error?.code == .invalidArgument, "\(filter)")
        }
        for filter in [Filter.in("f", []), .and([.exists("f"), .notIn("f", [])])] {
            #expect(try await docs.delete(where: filter) == 0, "\(filter)")
        }
        #expect(try await docs.count() == 1)
        await stores.shutdown()
    }

    @Test func `V12 a hybrid query keeps the largest limit`() async throws {
        let limits: [(limit: Int, most: Int?, depth: Int)] = [
            (10, nil, 100), (10, 50, 50), (60, 50, 60), (100, 1000, 400), (.max, nil, .max), (30, 100, 100),
        ]
        for (limit, most, depth) in limits { #expect(RankFusion.depth(limit, atMost: most) == depth) }
    }

    @Test func `S10 two writes of a key in a batch are refused, by bytes`() async throws {
        let stores = try await open()
        func write(_ key: String) -> SessionWrite { SessionWrite(key: key, value: SessionValue("x")) }
        let error = await #expect(throws: StoreError.self) {
            try await stores.session.set([write("a"), write("b"), write("a")])
        }
        #expect(error?.code == .invalidArgument)
        #expect(try await stores.session.set([write("\u{E9}"), write("e\u{301}")]).succeeded.count == 2)
        await stores.shutdown()
    }

    @Test func `S9 and E8 leases that were never granted are refused`() async throws {
        let stores = try await open()
        let never = Timestamp(millisecondsSinceEpoch: 0)
        for lease in [
            Lease(key: "", generation: 1, expiresAt: never), Lease(key: "a\u{0}", generation: 1, expiresAt: never),
            Lease(key: "a", generation: 0, expiresAt: never),
        ] {
            let calls: [() async throws -> Void] = [
                { _ = try await stores.session.renewLease(lease, ttl: .seconds(1)) },
                { _ = try await stores.session.releaseLease(lease) },
                { _ = try await stores.event.renewRunLease(lease, ttl: .seconds(1)) },
                { _ = try await stores.event.releaseRunLease(lease) },
                { _ = try await stores.event.saveRun("a", status: "s", state: [], lease: lease) },
                {
                    _ = try await stores.session.set(
                        "k", SessionValue("x"), expiry: .never, leaseGuard: LeaseGuard(lease))
                },
            ]
            for call in calls {
                let error = await #expect(throws: StoreError.self) { try await call() }
                #expect(error?.code == .invalidArgument)
            }
        }
        await stores.shutdown()
    }

    @Test func `X6 reads by id are split and keep their order`() async throws {
        let stores = try await open(limits: [.batchCount: 2])
        let ids = ["5", "1", "4", "x", "2", "3"]
        let docs = try await stores.vector.collection("docs", dimensions: 1)
        let pages = try await stores.search.index("pages", fields: ["body": .text(.standard)])
        for id in ids where id != "x" {
            try await docs.upsert([VectorRecord(id: id, vector: [1])])
            try await pages.upsert([SearchDocument(id: id, fields: [:])])
            try await stores.memory.put(FactDraft(id: id, scope: ["s"], content: ""))
        }
        let there = ["5", "1", "4", "2", "3"]
        #expect(try await docs.get(ids: ids).map(\.id) == there)
        #expect(try await pages.get(ids: ids).map(\.id) == there)
        #expect(try await stores.memory.get(ids, scope: ["s"]).map(\.id) == there)
        await stores.shutdown()
    }

    @Test func `X6 as many pieces are under way as the backend declares, and keep their order`() async throws {
        let stores = try await open(limits: [.batchCount: 2, .batchesAtOnce: 3])
        let ids = (0..<9).map(String.init)
        let seen = Mutex((running: 0, most: 0))
        let receipt = try await stores.vector.runtime.bulkWrite(
            "upsert", "docs", ids: ids, size: { _ in 1 }, deadline: .after(.seconds(60))
        ) { range, context throws(StoreError) in
            seen.withLock { seen in
                seen.running += 1
                seen.most = max(seen.most, seen.running)
            }
            defer { seen.withLock { $0.running -= 1 } }
            while seen.withLock({ $0.most < 3 }) {
                try context.check()
                await Task.yield()
            }
            guard !range.contains(4) else { throw StoreError(.internal, "the third piece", applied: .no) }
            return WriteReceipt(result: BulkResult(succeeded: Array(ids[range])), isSearchable: true)
        }
        #expect(seen.withLock { $0.most } == 3)
        #expect(receipt.result.succeeded == ["0", "1", "2", "3", "6", "7", "8"] && !receipt.isSearchable)
        #expect(receipt.result.failed.map(\.id) == ["4", "5"])
        await stores.shutdown()
    }

    @Test func `X6 each piece of a read is within the limit`() async throws {
        let faults = FaultPlan()
        let stores = try await open(limits: [.batchCount: 2], faults: faults)
        let docs = try await stores.vector.collection("docs", dimensions: 1)
        faults.fail(.vector, "get", skipping: 2, with: StoreError(.internal, "the third piece"))
        let error = await #expect(throws: StoreError.self) { try await docs.get(ids: ["1", "2", "3", "4", "5"]) }
        #expect(error?.message == "the third piece")
        await stores.shutdown()
    }

    @Test func `T2 the parts of a query are bounded in all, and fields are told apart by bytes`() async throws {
        let stores = try await open()
        let pages = try await stores.search.index("pages", fields: ["\u{E9}": .text(.standard), "kind": .keyword])
        let words = [SearchQuery](repeating: .match("a"), count: 300)
        let wide = SearchQuery.boolean(should: [SearchQuery](repeating: .boolean(should: words), count: 4))
        let error = await #expect(throws: StoreError.self) { _ = try await pages.search(wide) }
        #expect(error?.code == .invalidArgument)
        _ = try await pages.search(.boolean(should: [SearchQuery](repeating: .boolean(should: words), count: 3)))
        _ = try await pages.search(.match(field: "\u{E9}", "a"))
        let other = await #expect(throws: StoreError.self) {
            _ = try await pages.search(.match(field: "e\u{301}", "a"))
        }
        #expect(other?.code == .invalidArgument)
        try await pages.upsert([SearchDocument(id: "a", fields: ["e\u{301}": 1])])
        _ = try await pages.search(.all, where: .equal("e\u{301}", 1))
        await stores.shutdown()
    }

    @Test func `A5 a shutdown waits for an open download, and refuses one that outlasts it`() async throws {
        for readsOn in [true, false] {
            let stores = try await Stores.open(
                environment: [:],
                options: StoresOptions(
                    probeTimeout: .seconds(300), drainTimeout: readsOn ? .seconds(300) : .milliseconds(20)))
            try await stores.artifact.put("k", bytes: [1, 2, 3])
            var artifact = try await stores.artifact.get("k")
            let isShut = Locked(false)
            let shutdown = Task {
                await stores.shutdown()
                isShut.withLock { $0 = true }
            }
            if readsOn {
                for _ in 0..<100 { await Task.yield() }
                #expect(!isShut.value, "a stream is open")
                #expect(try await artifact?.body.collect(upTo: 10) == [1, 2, 3])
                await shutdown.value
            } else {
                await shutdown.value
                let error = await #expect(throws: StoreError.self) { _ = try await artifact?.body.collect(upTo: 10) }
                #expect(error?.code == .unavailable)
            }
            artifact = nil
        }
    }

    @Test func `a download that is dropped holds up nothing`() async throws {
        let gate = CallGate(limit: 1)
        var stream: CallGate.OpenStream? = gate.openStream()
        _ = try await gate.enter(deadline: .after(.seconds(600)))
        gate.leave()
        try stream?.check()
        let drain = Task { await gate.drain() }
        stream = nil
        await drain.value
    }
}
