import StoresCore

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
    private var loads = 0
    private var selective = 0
    private var divergences: [OracleReport.Divergence] = []

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

    private struct Sides {
        var tested: OracleSide
        var reference: OracleSide
    }

    private typealias Difference = (operation: String, expected: String, actual: String)

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
                if divergences.isEmpty { try await deletion(done, records, sides) }
                try await unload(sides)
            } catch {
                try? await unload(sides)
                throw error
            }
        }
        return OracleReport(
            tier: tier, adapter: subject.adapter(of: tier), seed: seed, cases: done, selective: selective,
            divergences: divergences)
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
        guard let difference = try await difference(filter, question, sides) else { return }
        try await report(number, filter, question, records, sides, difference)
    }

    /// Deletes what a filter matches, once for each set of records, since nothing is left to compare after it.
    private mutating func deletion(_ number: Int, _ records: [OracleRecord], _ sides: Sides) async throws {
        let filter = Filter.and([.exists("n"), generator.filter()])
        do {
            guard let actual = try await sides.tested.delete(filter),
                let expected = try await sides.reference.delete(filter),
                let difference = actual.difference(from: expected, isExact: true)
            else { return }
            divergences.append(
                divergence(number, filter, [], ("delete", difference.expected, difference.actual)))
        } catch let error as StoreError where error.code == .unsupported {
            return
        }
    }

    // MARK: Comparing

    private mutating func load(_ records: [OracleRecord]) async throws -> Sides {
        loads += 1
        let name = "\(prefix)-o\(loads)"
        return Sides(
            tested: try await OracleSide.load(subject.stores, tier, records, name: name),
            reference: try await OracleSide.load(reference, tier, records, name: name))
    }

    private func unload(_ sides: Sides) async throws {
        try await sides.tested.remove()
        try await sides.reference.remove()
    }

    private var isExact: Bool { tier != .vector || subject.declares(.vector(.exactQuery)) }

    private func difference(
        _ filter: Filter, _ question: OracleSide.Question, _ sides: Sides
    ) async throws -> Difference? {
        let expected = try await sides.reference.ask(filter, question, OracleSide.everything)
        let actual: [OracleSide.Answer]
        do {
            actual = try await sides.tested.ask(filter, question, question.limit)
        } catch {
            // An adapter may refuse a node that its backend can't express (F8); that is no divergence.
            if error is CancellationError { throw error }
            if let error = error as? StoreError, error.code == .unsupported { return nil }
            return ("the call", "an answer", "the error \(error)")
        }
        for answer in actual {
            guard let reference = expected.first(where: { $0.operation == answer.operation }) else { continue }
            if let difference = answer.difference(from: reference, isExact: isExact) {
                return (answer.operation, difference.expected, difference.actual)
            }
        }
        return nil
    }

    // MARK: Shrinking

    private mutating func report(
        _ number: Int, _ filter: Filter, _ question: OracleSide.Question, _ records: [OracleRecord], _ sides: Sides,
        _ difference: Difference
    ) async throws {
        var (filter, difference, tries) = (filter, difference, 0)
        var isShrinking = true
        while isShrinking {
            isShrinking = false
            for candidate in OracleShrinker.candidates(filter) where tries < 400 {
                tries += 1
                guard let smaller = try await self.difference(candidate, question, sides) else { continue }
                (filter, difference, isShrinking) = (candidate, smaller, true)
                break
            }
        }
        let (fewer, last) = try await shrink(records, filter, question)
        divergences.append(divergence(number, filter, fewer, last ?? difference))
    }

    /// Drops halves, quarters, … of the records while the difference stays.
    private mutating func shrink(
        _ records: [OracleRecord], _ filter: Filter, _ question: OracleSide.Question
    ) async throws -> ([OracleRecord], Difference?) {
        var records = records
        var last: Difference?
        var size = records.count / 2
        var tries = 0
        while size >= 1, tries < 60 {
            var start = 0
            while start < records.count, tries < 60 {
                var fewer = records
                fewer.removeSubrange(start..<min(start + size, records.count))
                tries += 1
                let sides = try await load(fewer)
                let found = try await difference(filter, question, sides)
                try await unload(sides)
                if let found {
                    (records, last) = (fewer, found)
                } else {
                    start += size
                }
            }
            size /= 2
        }
        return (records, last)
    }

    private func divergence(
        _ number: Int, _ filter: Filter, _ records: [OracleRecord], _ difference: Difference
    ) -> OracleReport.Divergence {
        OracleReport.Divergence(
            seed: seed, number: number, operation: difference.operation, filter: filter.description,
            records: records.prefix(10).map { "\($0.id) \(Value.object($0.metadata).json)" },
            expected: difference.expected, actual: difference.actual, native: subject.nativeQuery?(filter) ?? nil)
    }
}
