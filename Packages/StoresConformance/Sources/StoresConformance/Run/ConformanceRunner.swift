import StoresCore

/// Chooses, runs and cleans up.
struct ConformanceRunner {
    let subject: ConformanceSubject
    private var second: Stores?
    private var number = 0

    init(subject: ConformanceSubject) {
        self.subject = subject
    }

    mutating func run(
        only: (ConformanceCase) -> Bool, progress: ((ConformanceResult) -> Void)?
    ) async -> Report {
        var problems = Self.problems(of: subject)
        if let open = subject.second {
            do {
                second = try await open()
            } catch {
                problems.append("the second view did not open: \(error)")
            }
        }
        let cases = Tier.stores.filter(subject.tiers.contains).flatMap(Conformance.cases(for:))
        var results: [ConformanceResult] = []
        for test in withNegatives(cases, only: only) {
            let result = await run(test)
            progress?(result)
            results.append(result)
        }
        if let second { await second.shutdown() }
        let subjects = Tier.stores.filter(subject.tiers.contains).map {
            Report.Subject(tier: $0, adapter: subject.adapter(of: $0), capabilities: subject.capabilities(of: $0))
        }
        return Report(subjects: subjects, results: results, problems: problems)
    }

    /// The chosen cases, and for those that do not apply the negative ones of what they lack.
    private func withNegatives(_ cases: [ConformanceCase], only: (ConformanceCase) -> Bool) -> [ConformanceCase] {
        let chosen = cases.filter(only)
        let lacking = Set(chosen.flatMap(\.requires).filter { !subject.declares($0) })
        let ids = Set(chosen.map(\.id))
        return cases.filter { ids.contains($0.id) || $0.excludes.contains(where: lacking.contains) }
    }

    static func problems(of subject: ConformanceSubject) -> [String] {
        var problems: [String] = []
        let known = Set(Conformance.all.map(\.id))
        for id in subject.waivers.keys.sorted() where !known.contains(id) {
            problems.append("a waiver names the case \(id), which does not exist")
        }
        for (id, reason) in subject.waivers.sorted(by: { $0.key < $1.key }) where reason.isEmpty {
            problems.append("the waiver of \(id) gives no reason")
        }
        let isPlain = subject.prefix.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
        }
        if !isPlain || !(1...32).contains(subject.prefix.utf8.count) {
            problems.append("the prefix is 1 to 32 bytes of a-z, 0-9 and '-'")
        }
        return problems
    }

    private mutating func run(_ test: ConformanceCase) async -> ConformanceResult {
        if let reason = subject.waivers[test.id] { return ConformanceResult(test, .waived(reason)) }
        let lacking = test.requires.filter { !subject.declares($0) }
        if !lacking.isEmpty { return ConformanceResult(test, .notDeclared(lacking)) }
        let declared = test.excludes.filter(subject.declares)
        if !declared.isEmpty { return ConformanceResult(test, .declared(declared)) }
        if test.needsReopen, subject.reopen == nil {
            return ConformanceResult(test, .notRun("the subject can't be reopened; bring reopen, or waive it"))
        }
        number += 1
        let start = ContinuousClock.now
        let failure = await perform(test)
        return ConformanceResult(test, failure.map { .failed($0) } ?? .passed, start.duration(to: .now))
    }

    /// Runs a body and cleans up; what went wrong, or nil.
    private func perform(_ test: ConformanceCase) async -> String? {
        let bench = Bench(subject: subject, tier: test.tier, second: second, number: number)
        let failure = await Self.bounded(by: subject.caseTimeout) {
            do {
                try await test.body(bench)
                return nil
            } catch let failure as CaseFailure {
                return failure.message
            } catch {
                return "unexpected error: \(String(reflecting: error))"
            }
        }
        let leftover = await Self.bounded(by: .seconds(60)) { await bench.cleanUp() }
        return failure ?? leftover.map { "cleaning up failed: \($0)" }
    }

    /// The outcome of the work, or that it took too long. A body that ignores its cancellation is left behind: it must
    /// not hold up the report.
    private static func bounded(by timeout: Duration, _ work: @escaping @Sendable () async -> String?) async -> String?
    {
        let (outcomes, continuation) = AsyncStream.makeStream(of: String?.self)
        let task = Task.detached {
            continuation.yield(await work())
            continuation.finish()
        }
        let timer = Task.detached {
            try? await Task.sleep(for: timeout)
            guard !Task.isCancelled else { return }
            continuation.yield("not finished after \(timeout)")
            continuation.finish()
        }
        defer {
            timer.cancel()
            task.cancel()
        }
        var iterator = outcomes.makeAsyncIterator()
        return await withTaskCancellationHandler {
            await iterator.next() ?? "the run was cancelled"
        } onCancel: {
            task.cancel()
        }
    }
}
