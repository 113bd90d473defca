import StoresCore
import Testing

struct EventSubscriptionTests {
    private func open(_ faults: FaultPlan = FaultPlan(), maxConcurrency: Int? = nil) async throws -> Stores {
        try await Stores.open(
            environment: [:],
            options: StoresOptions(
                probeTimeout: .seconds(300),
                retry: .none, maxConcurrency: maxConcurrency, inMemoryBehavior: InMemoryBehavior(faults: faults)))
    }

    private func append(_ stores: Stores, _ stream: String, _ ids: [String]) async throws {
        try await stores.event.append(ids.map { NewEvent(id: $0, type: "t") }, to: stream, expected: .any)
    }

    @Test func deliversWhatIsThereThenCaughtUpThenWhatComes() async throws {
        let stores = try await open()
        try await append(stores, "a", ["1", "2"])
        try await append(stores, "b", ["3"])
        var iterator = try stores.event.subscribe(from: .start, batch: 2).makeAsyncIterator()
        for id in ["1", "2", "3"] {
            guard case .event(let event) = try await iterator.next() else { Issue.record("no event"); return }
            #expect(event.id == id)
        }
        #expect(try await iterator.next() == .caughtUp)
        let writer = Task { try await append(stores, "a", ["4"]) }
        guard case .event(let event) = try await iterator.next() else { Issue.record("no event"); return }
        #expect(event.id == "4")
        #expect(event.revision == 2)
        try await writer.value
        await stores.shutdown()
    }

    @Test func resumesAfterAPosition() async throws {
        let stores = try await open()
        try await append(stores, "a", ["1", "2", "3"])
        let position = try #require(try await stores.event.read("a").events.first?.position)
        let restored = Position(rawValue: position.rawValue)
        var iterator = try stores.event.subscribe(from: .after(restored)).makeAsyncIterator()
        guard case .event(let event) = try await iterator.next() else { Issue.record("no event"); return }
        #expect(event.id == "2")
        await stores.shutdown()
    }

    @Test func otherStreamsBecomeCheckpoints() async throws {
        let stores = try await open()
        try await append(stores, "order-1", ["1"])
        try await append(stores, "user-1", ["2", "3"])
        let last = try await stores.event.head()
        var iterator = try stores.event.subscribe(from: .start, streamPrefix: "order-").makeAsyncIterator()
        guard case .event = try await iterator.next() else { Issue.record("no event"); return }
        #expect(try await iterator.next() == last.map(SubscriptionElement.checkpoint))
        #expect(try await iterator.next() == .caughtUp)
        await stores.shutdown()
    }

    @Test func waitsForABackendThatIsAwayAndGoesOn() async throws {
        let faults = FaultPlan()
        let stores = try await open(faults)
        try await append(stores, "a", ["1"])
        faults.fail(.event, "readAll", times: 3)
        var iterator = try stores.event.subscribe(from: .start).makeAsyncIterator()
        guard case .event(let event) = try await iterator.next() else { Issue.record("no event"); return }
        #expect(event.id == "1")
        await stores.shutdown()
    }

    @Test func whatWaitingCannotMendIsThrown() async throws {
        let faults = FaultPlan()
        let stores = try await open(faults)
        faults.fail(.event, "readAll", with: StoreError(.permissionDenied, "no"))
        var iterator = try stores.event.subscribe(from: .start).makeAsyncIterator()
        let error = await #expect(throws: StoreError.self) { _ = try await iterator.next() }
        #expect(error?.code == .permissionDenied)
        await stores.shutdown()
    }

    @Test func aWaitingSubscriptionTakesNoPlaceAndEndsWithItsTask() async throws {
        let stores = try await open(maxConcurrency: 1)
        let caughtUp = Locked(false)
        let reader = Task {
            for try await element in try stores.event.subscribe(from: .start) where element == .caughtUp {
                caughtUp.withLock { $0 = true }
            }
        }
        while !caughtUp.withLock({ $0 }) { await Task.yield() }
        try await stores.session.set("k", SessionValue("v"), expiry: .never, deadline: .after(.seconds(4)))
        reader.cancel()
        let error = await #expect(throws: StoreError.self) { try await reader.value }
        #expect(error?.code == .cancelled)
        await stores.shutdown()
    }

    @Test func aFullGateEndsNoSubscription() async throws {
        let stores = try await Stores.open(
            environment: [:],
            options: StoresOptions(
                timeout: .milliseconds(100), probeTimeout: .seconds(300), retry: .none, maxConcurrency: 1))
        try await append(stores, "a", ["1"])
        let (chunks, writer) = AsyncStream.makeStream(of: [UInt8].self)
        let started = Locked(false)
        let upload = Task {
            try await stores.artifact.put(
                "k",
                body: chunks.map { chunk in
                    started.withLock { $0 = true }
                    return chunk
                })
        }
        writer.yield([1])
        while !started.value { await Task.yield() }
        let reader = Task {
            var iterator = try stores.event.subscribe(from: .start).makeAsyncIterator()
            return try await iterator.next()
        }
        // Longer than the subscription's own calls may wait for a place.
        try await Task.sleep(for: .milliseconds(300))
        writer.finish()
        _ = try await upload.value
        guard case .event(let event) = try await reader.value else { Issue.record("no event"); return }
        #expect(event.id == "1")
        await stores.shutdown()
    }
}
