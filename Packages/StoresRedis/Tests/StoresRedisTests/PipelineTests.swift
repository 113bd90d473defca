import StoresCore
import Testing

@testable import StoresRedis

@Suite struct PipelineTests {
    private typealias Pipeline = RedisPipeline<Int>
    private let later = MonotonicInstant.now + .seconds(60)

    private func add(_ pipeline: inout Pipeline, _ waiter: Int, count: Int = 1) {
        pipeline.add(UInt64(waiter), waiter, deadline: later, count: count) { writer in
            for _ in 0..<count {
                writer.command(1)
                writer.word("PING")
            }
        }
    }

    private func answered(_ received: Pipeline.Received) -> (Int, [RedisValue])? {
        switch received {
        case .answer(let waiter, .one(let value)): (waiter, [value])
        case .answer(let waiter, .several(let values)): (waiter, values)
        case .nobody, .unexpected: nil
        }
    }

    @Test("Replies go to the callers in the order of their calls; several commands come together")
    func order() {
        var pipeline = Pipeline()
        add(&pipeline, 1)
        add(&pipeline, 2, count: 3)
        add(&pipeline, 3)
        #expect(pipeline.takeUnsent(spare: []).count == 5 * "*1\r\n$4\r\nPING\r\n".utf8.count)
        var found: [Int: [RedisValue]] = [:]
        for number in 0..<5 {
            if let (waiter, values) = answered(pipeline.receive(.integer(Int64(number)))) { found[waiter] = values }
        }
        #expect(found == [1: [.integer(0)], 2: [.integer(1), .integer(2), .integer(3)], 3: [.integer(4)]])
        guard case .unexpected = pipeline.receive(.null) else {
            Issue.record("a reply that nobody asked for was taken for somebody's")
            return
        }
    }

    @Test("Who leaves does not shift the replies of the others")
    func leaving() {
        var pipeline = Pipeline()
        for waiter in 1...4 { add(&pipeline, waiter) }
        // It is not sent yet, and will be: its place can't be given to another.
        let left = pipeline.leave(2)
        #expect(left?.waiter == 2 && left?.applied == .unknown)
        #expect(pipeline.leave(2) == nil)
        pipeline.park(9, 9, deadline: later)
        #expect(pipeline.leave(9)?.applied == .no)
        #expect(pipeline.leave(9) == nil && pipeline.unpark().isEmpty)
        _ = pipeline.takeUnsent(spare: [])
        #expect(pipeline.leave(4)?.applied == .unknown)
        let found = (1...4).map { answered(pipeline.receive(.integer(Int64($0)))) }
        #expect(found.map { $0?.0 } == [1, nil, 3, nil])
        #expect(found[2]?.1 == [.integer(3)])
    }

    @Test("What was not sent is known not to be applied")
    func applied() {
        var pipeline = Pipeline()
        add(&pipeline, 1)
        _ = pipeline.takeUnsent(spare: [])
        add(&pipeline, 2)
        pipeline.sent(1)
        add(&pipeline, 3)
        let left = pipeline.breakOff()
        #expect(left.map(\.waiter) == [1, 2, 3])
        #expect(left.map(\.applied) == [.unknown, .unknown, .no])
        #expect(pipeline.isIdle)
    }

    @Test("Deadlines pass one by one, parked callers' too")
    func deadlines() {
        var pipeline = Pipeline()
        let start = MonotonicInstant.now
        for (waiter, seconds) in [(1, 5), (2, 1), (3, 9)] {
            pipeline.add(UInt64(waiter), waiter, deadline: start + .seconds(seconds), count: 1) { $0.command(0) }
        }
        pipeline.park(4, 4, deadline: start + .seconds(3))
        #expect(pipeline.nextDeadline == start + .seconds(1))
        #expect(pipeline.expire(start).isEmpty)
        #expect(pipeline.expire(start + .seconds(1)).map(\.waiter) == [2])
        #expect(pipeline.nextDeadline == start + .seconds(3))
        #expect(pipeline.expire(start + .seconds(6)).map(\.waiter) == [4, 1])
        #expect(answered(pipeline.receive(.null)) == nil)
        #expect(answered(pipeline.receive(.null)) == nil)
        #expect(answered(pipeline.receive(.null))?.0 == 3)
    }
}
