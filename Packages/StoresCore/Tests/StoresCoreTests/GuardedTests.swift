import StoresCore
import Testing

@Suite struct GuardedTests {
    @Test func nobodyElseComesInBetween() async {
        let sum = Guarded(0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<10_000 { sum.withLock { $0 += 1 } } }
            }
        }
        #expect(sum.withLock { $0 } == 80_000)
    }

    @Test func whoFindsItTakenGoesAway() {
        let guarded = Guarded("a")
        guarded.withLock { _ in
            #expect(guarded.withLockIfAvailable { $0 } == nil)
        }
        #expect(guarded.withLockIfAvailable { $0 } == "a")
    }

    @Test func isFreeAgainAfterAnError() {
        struct Failure: Error {}
        let guarded = Guarded([1])
        #expect(throws: Failure.self) {
            try guarded.withLock { value in
                value.append(2)
                throw Failure()
            }
        }
        #expect(guarded.withLock { $0 } == [1, 2])
    }

    @Test func theValueGoesWithIt() {
        final class Thing: Sendable {}
        weak var thing: Thing?
        do {
            let guarded = Guarded([Thing()])
            thing = guarded.withLock { $0.first }
            #expect(thing != nil)
        }
        #expect(thing == nil)
    }

    @Test func wideValuesLieWhereTheyBelong() {
        let wide = Guarded(SIMD16<Double>(repeating: 1))
        wide.withLock { $0 *= 2 }
        #expect(wide.withLock { $0.sum() } == 32)
        let empty = Guarded(())
        #expect(empty.withLockIfAvailable { _ in true } == true)
    }
}
