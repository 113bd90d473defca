import StoresConformance
import StoresCore
import Testing

@Suite struct CompletenessTests {
    @Test func idsAreUniqueAndSayTheirRule() {
        var seen: Set<String> = []
        for test in Conformance.all {
            #expect(seen.insert(test.id).inserted, "\(test.id) twice")
            #expect(test.title.hasPrefix(test.rule + " "))
            #expect(test.id.hasPrefix(test.rule + "."))
            #expect(
                Conformance.rules(for: test.tier).contains(test.rule), "\(test.id) proves a rule that the tier has not")
        }
    }

    @Test(arguments: Tier.stores)
    func everyRuleHasACase(_ tier: Tier) {
        let proven = Set(Conformance.cases(for: tier).map(\.rule))
        for rule in Conformance.rules(for: tier) {
            #expect(proven.contains(rule), "\(tier.rawValue) has no case of \(rule)")
        }
    }

    @Test func everyRequiredCapabilityHasANegativeCase() {
        let negative = Set(Conformance.all.flatMap(\.excludes))
        for test in Conformance.all {
            for capability in test.requires {
                #expect(negative.contains(capability), "\(test.id) requires \(capability), and no case excludes it")
            }
        }
    }

    /// What only some backends have, and the in-memory stores can do without. Deduplication is not among them: their
    /// driver always has it. Nested fields need filters and transactional history needs history, so those stay.
    private static let optional: [Capability] = Tier.stores.flatMap(Capability.all(of:)).filter {
        ![.vector(.cosine), .event(.retention), .event(.deduplication), .artifact(.presign)].contains($0)
            && !["nestedFields", "transactionalHistory"].contains($0.name)
    }

    @Test(arguments: Tier.stores)
    func whatIsNotDeclaredIsRefused(_ tier: Tier) async throws {
        let missing = Self.optional.filter { $0.tier == tier }
        let behavior = InMemoryBehavior(missing: Set(missing))
        let report = try await InMemorySubject.with(behavior: behavior, tiers: [tier]) { await Conformance.run($0) }
        #expect(report.isPassing, "\(report.text)")
        for capability in missing {
            let negatives = report.results.filter { $0.excludes.contains(capability) && $0.outcome == .passed }
            let isRequired = Conformance.all.contains { $0.requires.contains(capability) }
            #expect(!isRequired || !negatives.isEmpty, "\(capability): no negative case ran")
        }
    }

    @Test func aCaseBringsTheNegativeCasesOfWhatItLacks() async throws {
        let behavior = InMemoryBehavior(missing: [.session(.scan)])
        let report = try await InMemorySubject.with(behavior: behavior, tiers: [.session]) { subject in
            await Conformance.run(subject) { $0.id == "S6.everyKey" }
        }
        #expect(report.results.map(\.id).sorted() == ["S6.everyKey", "S6.noScan"])
        #expect(report.results.first { $0.id == "S6.everyKey" }?.outcome == .notDeclared([.session(.scan)]))
        #expect(report.isPassing)
    }

    @Test func waiversAreForKnownCasesWithAReason() async throws {
        for (waivers, isPassing) in [
            (["S1.roundTrips": "known"], true), (["S1.roundTrips": ""], false), (["S1.nosuch": "x"], false),
        ] {
            let report = try await InMemorySubject.with(tiers: [.session]) { subject in
                var subject = subject
                subject.waivers = waivers
                return await Conformance.run(subject) { $0.id == "S1.roundTrips" }
            }
            #expect(report.isPassing == isPassing, "\(waivers)")
        }
    }

    @Test func aCaseThatCannotRunFails() async throws {
        let report = try await InMemorySubject.with(tiers: [.session]) { subject in
            var subject = subject
            subject.reopen = nil
            subject.waivers = [:]
            return await Conformance.run(subject) { $0.id.hasPrefix("X5.session") }
        }
        #expect(report.failures.map(\.id) == ["X5.session.persists", "X5.session.afterShutdown"])
        #expect(report.text.contains("can't be reopened"))
    }

    @Test func aBadPrefixFails() async throws {
        for prefix in ["", "Upper", "a/b", String(repeating: "x", count: 33)] {
            let report = try await InMemorySubject.with(tiers: [.session]) { subject in
                var subject = subject
                subject.prefix = prefix
                return await Conformance.run(subject) { $0.id == "R1.session.unknown" }
            }
            #expect(!report.isPassing, "\(prefix)")
        }
    }

    @Test func aCaseThatHangsFailsAndTheRunGoesOn() async throws {
        let report = try await InMemorySubject.with(tiers: [.session]) { subject in
            var subject = subject
            subject.caseTimeout = .milliseconds(50)
            let advance = subject.advance
            subject.advance = { duration in
                try await Task.sleep(for: .seconds(600))
                try await advance?(duration)
            }
            return await Conformance.run(subject) { $0.id == "S4.invisible" || $0.id == "S5.emptyPrefix" }
        }
        #expect(report.failures.map(\.id) == ["S4.invisible"])
        #expect(report.text.contains("not finished after"))
    }
}
