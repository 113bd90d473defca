import StoresCore
import Testing

@testable import StoresRedis

@Suite("Answers that callers hand on")
struct HandoverTests {
    /// Who has been told what.
    private let told = Guarded<[Int: Int64]>([:])

    /// Callers that wait, and what they are to be told: their own numbers.
    private func waiting(_ count: Int, in group: inout TaskGroup<Void>) async -> [RedisHandover.Answer] {
        let answers = Guarded<[RedisHandover.Answer]>([])
        for number in 0..<count {
            group.addTask { [told] in
                let outcome = await withUnsafeContinuation { continuation in
                    answers.withLock { $0.append((continuation, .one(.integer(Int64(number))))) }
                }
                if case .one(.integer(let value)) = outcome { told.withLock { $0[number] = value } }
            }
        }
        while answers.withLock({ $0.count }) < count { await Task.yield() }
        return answers.withLock { $0 }
    }

    private func untilTold(_ count: Int) async {
        while told.withLock({ $0.count }) < count { await Task.yield() }
    }

    @Test("A few are told at once, each who passes tells two, and nobody is left out or told another's answer")
    func order() async {
        await withTaskGroup(of: Void.self) { group in
            let handover = RedisHandover()
            var answers = await waiting(20, in: &group)
            handover.put(&answers)
            #expect(answers.isEmpty)
            await untilTold(RedisHandover.first)
            for _ in 0..<100 { await Task.yield() }
            #expect(told.withLock { $0.count } == RedisHandover.first, "the others wait for who passes")
            #expect(!handover.isEmpty)
            handover.pass()
            await untilTold(RedisHandover.first + 2)
            // Others come before these are gone.
            var more = await waiting(3, in: &group)
            handover.put(&more)
            await untilTold(20)
            #expect(handover.isEmpty)
            handover.pass(.max)
            await group.waitForAll()
        }
        #expect(told.withLock { told in told.count == 20 && told.allSatisfy { Int64($0.key) == $0.value } })
    }
}
