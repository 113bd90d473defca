import StoresCore
import Synchronization

/// One run of the oracle: rounds of records, each with many filters.
struct OracleRun {
    static let recordsInRound = 100
    static let filtersInRound = 500

    let subject: ConformanceSubject
    let reference: Stores
    let tier: Tier
    let seed: UInt64
    let prefix: String
    let stopAfter: Int
    private var generator: OracleGenerator
    private let loads = Loads()
    private var selective = 0
    private var refused = 0
    private var divergences: [OracleReport.Divergence] = []

    private final class Loads: Sendable {
        let count = Atomic<Int>(0)
    }

    init(
        subject: ConformanceSubject, reference: Stores, tier: Tier, seed: UInt64, prefix: String, stopAfter: Int
    ) {
        self.subject = subject
        self.reference = reference
        self.tier = tier
        self.seed = seed
        self.prefix = prefix
        self.stopAfter = stopAfter
        let capabilities = subject.capabilities(of: tier)
        let nested = Capability.all(of: tier).first { $0.name == "nestedFields" }.map(capabilities.contains) ?? false
        generator = OracleGenerator(
            seed: seed, nested: nested, operands: capabilities.limits[.filterOperands] ?? Filter.maxOperands)
    }

    struct Sides {
        var tested: OracleSide
        var reference: OracleSide
    }

    typealias Difference = (operation: String, expected: String, actual: String)

    mutating func run(cases: Int) async throws -> OracleReport {
        var done = 0
        while done < cases, divergences.count < stopAfter {
            let records = generator.records(Self.recordsInRound)
            let sides = try await load(records)
            do {
                let count = min(Self.filtersInRound, cases - done)
                for _ in 0..<count where divergences.count < stopAfter {
                    done += 1
                    try await one(done, records, sides)
                }
                if divergences.count < stopAfter { try await deletion(done, records, sides) }
                try await unload(sides)
            } catch {
                try? await unload(sides)
                throw error
            }
        }
        return OracleReport(
            tier: tier, adapter: subject.adapter(of: tier), seed: seed, cases: done, refused: refused,
            selective: selective, divergences: divergences)
    }

    private mutating func one(_ number: Int, _ records: [OracleRecord], _ sides: Sides) async throws {
        let filter = generator.filter()
        let question = OracleSide.Question(
            vector: records[generator.below(records.count)].vector,
            words: generator.pick(["red", "green stone", "river", "nothing", "blue red"]),
            limit: generator.chance(70) ? OracleSide.everything : 1 + generator.below(10))
        let compiled = CompiledFilter(filter)
        let matching = records.count { compiled.matches($0.metadata) }
        if matching > 0, matching < records.count { selective += 1 }
        let comparison = try await compare(filter, question, sides)
        if comparison.isRefused { refused += 1 }
        guard let difference = comparison.difference else { return }
        var shrinker = OracleShrinker.Search(filter: filter, records: records, difference: difference)
        try await shrinker.shrinkFilter(tries: 400) { filter, _ in
            try await compare(filter, question, sides).difference
        }
        try await shrinker.shrinkRecords(tries: 60) { filter, records in
            try await with(records) { try await compare(filter, question, $0).difference }
        }
        report(number, shrinker)
    }

    /// Deletes what a filter matches, once for each set of records, since nothing is left to compare after it.
    private mutating func deletion(_ number: Int, _ records: [OracleRecord], _ sides: Sides) async throws {
        let filter = Filter.and([.exists("n"), generator.filter()])
        guard let difference = try await compareDeletes(filter, sides) else { return }
        var shrinker = OracleShrinker.Search(filter: filter, records: records, difference: difference)
        try await shrinker.shrinkFilter(tries: 60) { filter, records in
            try await with(records) { try await compareDeletes(filter, $0) }
        }
        try await shrinker.shrinkRecords(tries: 60) { filter, records in
            try await with(records) { try await compareDeletes(filter, $0) }
        }
        report(number, shrinker)
    }

    private mutating func report(_ number: Int, _ found: OracleShrinker.Search) {
        divergences.append(
            OracleReport.Divergence(
                seed: seed, number: number, operation: found.difference.operation, filter: found.filter.description,
                records: found.records.prefix(10).map { "\($0.id) \(Value.object($0.metadata).json)" },
                expected: found.difference.expected, actual: found.difference.actual,
                native: subject.nativeQuery?(found.filter) ?? nil))
    }

    // MARK: Records

    private func load(_ records: [OracleRecord]) async throws -> Sides {
        let name = "\(prefix)-o\(loads.count.add(1, ordering: .relaxed).newValue)"
        return Sides(
            tested: try await OracleSide.load(subject.stores, tier, records, name: name),
            reference: try await OracleSide.load(reference, tier, records, name: name))
    }

    private func unload(_ sides: Sides) async throws {
        try await sides.tested.remove()
        try await sides.reference.remove()
    }

    private func with(_ records: [OracleRecord], _ body: (Sides) async throws -> Difference?) async throws
        -> Difference?
    {
        let sides = try await load(records)
        do {
            let difference = try await body(sides)
            try await unload(sides)
            return difference
        } catch {
            try? await unload(sides)
            throw error
        }
    }

    // MARK: Comparing

    private var isExact: Bool { tier != .vector || subject.declares(.vector(.exactQuery)) }

    /// Operation by operation, so that one that is refused does not hide the others.
    private func compare(
        _ filter: Filter, _ question: OracleSide.Question, _ sides: Sides
    ) async throws -> (difference: Difference?, isRefused: Bool) {
        var isRefused = false
        for operation in sides.tested.operations {
            guard let reference = sides.reference.operations.first(where: { $0.name == operation.name }) else {
                continue
            }
            let expected = try await reference.ask(filter, question, OracleSide.everything)
            do {
                let actual = try await operation.ask(filter, question, question.limit)
                guard let difference = actual.difference(from: expected, isExact: isExact) else { continue }
                return ((operation.name, difference.expected, difference.actual), isRefused)
            } catch let error as StoreError {
                // An adapter may refuse a node that its backend can't express (F8); that is no divergence.
                guard error.code == .unsupported else {
                    return ((operation.name, "an answer", "the error \(error)"), isRefused)
                }
                isRefused = true
            }
        }
        return (nil, isRefused)
    }

    private func compareDeletes(_ filter: Filter, _ sides: Sides) async throws -> Difference? {
        let expected: OracleSide.Answer?
        do {
            expected = try await sides.reference.delete(filter)
        } catch let error as StoreError where error.code == .invalidArgument {
            // Made smaller it may say nothing of any field, and is refused (V10).
            return nil
        }
        do {
            guard let expected, let actual = try await sides.tested.delete(filter),
                let difference = actual.difference(from: expected, isExact: true)
            else { return nil }
            return ("delete", difference.expected, difference.actual)
        } catch let error as StoreError {
            return error.code == .unsupported ? nil : ("delete", "an answer", "the error \(error)")
        }
    }
}
