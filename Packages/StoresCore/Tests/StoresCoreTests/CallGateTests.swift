import Testing

@testable import StoresCore

struct CallGateTests {
    let soon = Deadline.after(.seconds(600))

    @Test func entersUpToTheLimitAndServesWaitersInOrder() async throws {
        let gate = CallGate(limit: 1)
        #expect(try await gate.enter(deadline: soon) == nil)
        let order = Locked<[Int]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<5 {
                let queued = gate.waitingCount
                group.addTask {
                    let wait = try await gate.enter(deadline: self.soon)
                    #expect(wait != nil)
                    order.withLock { $0.append(index) }
                    gate.leave()
                }
                while gate.waitingCount == queued { await Task.yield() }
            }
            gate.leave()
            try await group.waitForAll()
        }
        #expect(order.withLock { $0 } == [0, 1, 2, 3, 4])
        #expect(gate.activeCount == 0)
    }

    @Test func waitingEndsAtTheDeadlineAndLeavesNothingBehind() async throws {
        let gate = CallGate(limit: 1)
        _ = try await gate.enter(deadline: soon)
        let error = await #expect(throws: StoreError.self) {
            _ = try await gate.enter(deadline: .after(.milliseconds(20)))
        }
        #expect(error?.code == .timeout)
        #expect(error?.applied == .no)
        #expect(gate.waitingCount == 0)
        gate.leave()
        #expect(gate.activeCount == 0)
    }

    @Test func cancellationGivesUpThePlaceInTheQueue() async throws {
        let gate = CallGate(limit: 1)
        _ = try await gate.enter(deadline: soon)
        let task = Task { try await gate.enter(deadline: self.soon) }
        while gate.waitingCount == 0 { await Task.yield() }
        task.cancel()
        let error = await #expect(throws: StoreError.self) { _ = try await task.value }
        #expect(error?.code == .cancelled)
        gate.leave()
        #expect(gate.activeCount == 0)
    }

    @Test func closingRefusesNewAndWaitingCallsAndDrainWaitsForTheActive() async throws {
        let gate = CallGate(limit: 1)
        _ = try await gate.enter(deadline: soon)
        let waiting = Task { try await gate.enter(deadline: self.soon) }
        while gate.waitingCount == 0 { await Task.yield() }
        #expect(gate.close())
        #expect(!gate.close())
        let refused = await #expect(throws: StoreError.self) { _ = try await waiting.value }
        #expect(refused?.code == .unavailable)
        #expect(refused?.isRetryable == false)
        let isDrained = Locked(false)
        let drain = Task {
            await gate.drain()
            isDrained.withLock { $0 = true }
        }
        for _ in 0..<100 { await Task.yield() }
        #expect(!isDrained.withLock { $0 })
        gate.leave()
        await drain.value
        #expect(isDrained.withLock { $0 })
    }

    @Test func manyTasksNeverExceedTheLimit() async throws {
        let gate = CallGate(limit: 3)
        let inside = Locked((now: 0, most: 0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    _ = try await gate.enter(deadline: self.soon)
                    inside.withLock {
                        $0.now += 1
                        $0.most = max($0.most, $0.now)
                    }
                    await Task.yield()
                    inside.withLock { $0.now -= 1 }
                    gate.leave()
                }
            }
            try await group.waitForAll()
        }
        #expect((1...3).contains(inside.withLock { $0.most }))
        #expect(gate.activeCount == 0)
    }
}
