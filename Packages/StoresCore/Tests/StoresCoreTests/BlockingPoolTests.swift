import Dispatch
import Testing

@testable import StoresCore

@Suite(.timeLimit(.minutes(5))) struct BlockingPoolTests {
    @Test func `no more calls block at the same time than there are threads, and that many do`() async throws {
        let pool = BlockingPool(label: "test", threads: 3)
        let running = Locked((now: 0, most: 0))
        let gate = DispatchSemaphore(value: 0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<30 {
                group.addTask {
                    try await pool.run { () throws(StoreError) in
                        running.withLock {
                            $0.now += 1
                            $0.most = max($0.most, $0.now)
                        }
                        gate.wait()
                        running.withLock { $0.now -= 1 }
                    }
                }
            }
            // All three threads get to the gate, and the rest waits: the pool's tasks still run meanwhile.
            try await eventually { running.value.now == 3 && pool.waitingCount == 27 }
            for _ in 0..<30 { gate.signal() }
            try await group.waitForAll()
        }
        #expect(running.value.most == 3)
        #expect(running.value.now == 0)
    }

    @Test func `blocked threads do not hold up the cooperative pool`() async throws {
        let pool = BlockingPool(label: "test", threads: 16)
        let gate = DispatchSemaphore(value: 0)
        let blocked = Locked(0)
        async let calls: Void = withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    try await pool.run { () throws(StoreError) in
                        blocked.withLock { $0 += 1 }
                        gate.wait()
                    }
                }
            }
            try await group.waitForAll()
        }
        // Every one of the 16 blocks, though the machine may have fewer cores; and tasks go on.
        try await eventually { blocked.value == 16 }
        let sum = await withTaskGroup(of: Int.self) { group in
            for number in 0..<100 { group.addTask { number } }
            return await group.reduce(0, +)
        }
        #expect(sum == 4950)
        for _ in 0..<16 { gate.signal() }
        try await calls
    }

    @Test func `work begins in order of arrival`() async throws {
        let pool = BlockingPool(label: "test", threads: 1)
        let order = Locked<[Int]>([])
        let gate = DispatchSemaphore(value: 0)
        let started = Locked(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await pool.run { () throws(StoreError) in
                    started.withLock { $0 = true }
                    gate.wait()
                }
            }
            try await eventually { started.value }
            for number in 0..<200 {
                group.addTask {
                    try await pool.run { () throws(StoreError) in order.withLock { $0.append(number) } }
                }
                try await eventually { pool.waitingCount == number + 1 }
            }
            gate.signal()
            try await group.waitForAll()
        }
        #expect(order.value == Array(0..<200))
    }

    @Test func `a cancelled task takes its waiting work out at once`() async throws {
        let pool = BlockingPool(label: "test", threads: 1)
        let gate = DispatchSemaphore(value: 0)
        let started = Locked(false)
        let ran = Locked(0)
        let first = Task {
            try await pool.run { () throws(StoreError) in
                started.withLock { $0 = true }
                gate.wait()
            }
        }
        try await eventually { started.value }
        let waiting = (0..<10).map { _ in
            Task { try await pool.run { () throws(StoreError) in ran.withLock { $0 += 1 } } }
        }
        try await eventually { pool.waitingCount == 10 }
        for task in waiting.dropLast() { task.cancel() }
        // Returns although the only thread is still blocked.
        for task in waiting.dropLast() {
            let error = await #expect(throws: StoreError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            #expect(error?.applied == .no)
        }
        #expect(pool.waitingCount == 1)
        gate.signal()
        try await first.value
        _ = try await waiting[9].value
        let count = ran.value
        #expect(count == 1)
    }

    @Test func `what the body throws comes back`() async {
        let pool = BlockingPool(label: "test", threads: 0)
        let error = await #expect(throws: StoreError.self) {
            try await pool.run { () throws(StoreError) -> Int in throw StoreError(.corrupt, "torn page") }
        }
        #expect(error?.code == .corrupt)
    }

    @Test func `a task that is cancelled already runs nothing`() async {
        let pool = BlockingPool(label: "test", threads: 1)
        let ran = Locked(false)
        let gate = Locked(false)
        let task = Task {
            try? await eventually { gate.value }
            try await pool.run { () throws(StoreError) in ran.withLock { $0 = true } }
        }
        task.cancel()
        gate.withLock { $0 = true }
        await #expect(throws: StoreError.self) { try await task.value }
        let didRun = ran.value
        #expect(!didRun)
    }

    /// Who lingers must not be taken for one who will see to work that came after his last look.
    @Test func `nothing is left undone by threads that linger`() async throws {
        let pool = BlockingPool(label: "test", threads: 3, lingering: .microseconds(20))
        let done = Locked(0)
        for _ in 0..<300 {
            try await pool.run { () throws(StoreError) in done.withLock { $0 += 1 } }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<5 {
                    group.addTask { try await pool.run { () throws(StoreError) in done.withLock { $0 += 1 } } }
                }
                try await group.waitForAll()
            }
        }
        #expect(done.withLock { $0 } == 1800)
        #expect(pool.waitingCount == 0)
    }
}
