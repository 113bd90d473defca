/// One side of a comparison: runs once and returns what it measured, usually seconds.
typealias Contestant = () async throws -> Double

enum Timing {
    /// Runs the contestants in turn, A B A B: what else the machine does meets all of them alike.
    ///
    /// - Parameters:
    ///   - warmUp: Turns that are not kept.
    /// - Returns: For each contestant its measurements; the same index is the same turn.
    static func interleaved(repetitions: Int, warmUp: Int = 2, _ contestants: [Contestant]) async throws -> [[Double]] {
        var results = [[Double]](repeating: [], count: contestants.count)
        for turn in 0..<(warmUp + repetitions) {
            for (index, contestant) in contestants.enumerated() {
                let measured = try await contestant()
                if turn >= warmUp { results[index].append(measured) }
            }
        }
        return results
    }

    /// The median seconds of a call: one that the scheduler interrupts does not count for the others.
    static func medianSeconds(_ count: Int, _ body: (Int) async throws -> Void) async rethrows -> Double {
        var all: [Double] = []
        all.reserveCapacity(count)
        for index in 0..<count { all.append(try await seconds { try await body(index) }) }
        return Spread(all).median
    }

    /// Calls of both in turn, each pair in the other order than the one before: what a server's pace does from one call
    /// to the next meets both.
    ///
    /// - Returns: The median seconds of each, and the median of the differences within the pairs.
    static func medianPairs(
        _ count: Int, _ first: (Int) async throws -> Void, _ second: (Int) async throws -> Void
    ) async rethrows -> (first: Double, second: Double, difference: Double) {
        var times: [(first: Double, second: Double)] = []
        times.reserveCapacity(count)
        for index in 0..<count {
            if index.isMultiple(of: 2) {
                let time = try await seconds { try await first(index) }
                times.append((time, try await seconds { try await second(index) }))
            } else {
                let time = try await seconds { try await second(index) }
                times.append((try await seconds { try await first(index) }, time))
            }
        }
        return (
            Spread(times.map(\.first)).median, Spread(times.map(\.second)).median,
            Spread(times.map { $0.first - $0.second }).median
        )
    }

    /// The seconds that the body takes.
    static func seconds(_ body: () async throws -> Void) async rethrows -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        try await body()
        return start.duration(to: clock.now).seconds
    }
}

extension Duration {
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}

/// Keeps the optimiser from dropping a result.
@inline(never)
func keep<T>(_ value: T) {
    withExtendedLifetime(value) {}
}
