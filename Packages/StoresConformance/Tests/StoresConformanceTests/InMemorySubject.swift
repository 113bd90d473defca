import StoresConformance
import StoresCore

/// The in-memory stores with a clock that the cases move.
enum InMemorySubject {
    static let waivers = Dictionary(
        uniqueKeysWithValues: Tier.stores.filter { !Conformance.cases(for: $0).isEmpty }.map {
            ("X5.\($0.rawValue).persists", "in-memory: gone at exit")
        })

    static func with<T>(
        behavior: InMemoryBehavior = InMemoryBehavior(), tiers: Set<Tier> = Set(Tier.stores),
        _ body: (ConformanceSubject) async throws -> T
    ) async throws -> T {
        let clock = ManualStoreClock()
        let options = StoresOptions(probeTimeout: .seconds(60), clock: clock, inMemoryBehavior: behavior)
        return try await Stores.withOpen(environment: [:], options: options) { stores in
            let subject = ConformanceSubject(
                stores: stores, tiers: tiers, advance: { clock.advance(by: $0) },
                reopen: { try await Stores.open(environment: [:], options: options) }, prefix: "test",
                waivers: waivers)
            return try await body(subject)
        }
    }
}
