import StoresConformance
import StoresCore
import Testing

@Suite struct ReportTests {
    private static func report() async throws -> Report {
        let behavior = InMemoryBehavior(limits: [.queryLimit: 500], missing: [.session(.leases)])
        return try await InMemorySubject.with(behavior: behavior, tiers: [.session]) { subject in
            var subject = subject
            subject.waivers["S5.delete"] = "to be seen"
            return await Conformance.run(subject) { ["S1", "S5", "S9"].contains($0.rule) }
        }
    }

    @Test func textSaysWhatCounts() async throws {
        let report = try await Self.report()
        #expect(report.isPassing)
        let lines = report.text.split(separator: "\n").map(String.init)
        #expect(
            lines == [
                "session (memory): 5 passed, 0 failed, 4 not declared, 1 waived", "  waived S5.delete: to be seen",
            ])
    }

    @Test func jsonReadsBack() async throws {
        let report = try await Self.report()
        guard case .object(let root) = try JSONReader.value(from: report.json), case .array(let cases)? = root["cases"],
            case .array(let tiers)? = root["tiers"], case .object(let tier)? = tiers.first
        else {
            Issue.record("\(report.json)")
            return
        }
        #expect(root["passing"] == true)
        #expect(cases.count == report.results.count)
        #expect(tier["adapter"] == "memory")
        #expect(tier["limits"] == ["queryLimit": 500])
        #expect(cases.contains { if case .object(let fields) = $0 { fields["detail"] == "to be seen" } else { false } })
    }

    @Test func markdownHasAChecklistAndARow() async throws {
        let markdown = try await Self.report().markdown
        #expect(markdown.hasPrefix("### Session (memory)\n\n- [x] `conditionalWrites`\n"))
        #expect(markdown.contains("- [ ] `leases`\n"))
        #expect(markdown.contains("Limits: `queryLimit` 500 items."))
        #expect(markdown.contains("| S5 | 3 | 0 |  | `S5.delete` |"))
        #expect(markdown.contains("| S9 | 1 | 0 | `S9.oneHolder`, `S9.expires`, `S9.parallel`, `S9.fencing` |  |"))
    }
}
