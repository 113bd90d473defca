public import StoresCore

/// The meaning of filters, compared (F9): generated records and filters are run on a store and on the in-memory one,
/// and whatever differs is shrunk and shown.
public enum Oracle {
    /// - Parameters:
    ///   - tier: `vector`, `memory` or `search`, with filters.
    ///   - seed: The same seed makes the same cases.
    ///   - cases: How many filters.
    ///   - stopAfter: Divergences, after which the run ends.
    public static func run(
        _ subject: ConformanceSubject, tier: Tier, seed: UInt64, cases: Int, stopAfter: Int = 3
    ) async throws -> OracleReport {
        try await run(subject, tier: tier, seed: seed, cases: cases, prefix: subject.prefix, stopAfter: stopAfter)
    }

    static func run(
        _ subject: ConformanceSubject, tier: Tier, seed: UInt64, cases: Int, prefix: String, stopAfter: Int = 3
    ) async throws -> OracleReport {
        // In memory nothing is waited for but a turn on a busy machine.
        let reference = try await Stores.open(
            environment: [:], options: StoresOptions(probeTimeout: .seconds(60)))
        do {
            var run = OracleRun(
                subject: subject, reference: reference, tier: tier, seed: seed, prefix: prefix, stopAfter: stopAfter)
            let report = try await run.run(cases: cases)
            await reference.shutdown()
            return report
        } catch {
            await reference.shutdown()
            throw error
        }
    }
}
