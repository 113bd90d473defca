import StoresConformance
import StoresCore
import Testing

@Suite struct OracleTests {
    @Test(arguments: [Tier.vector, .memory, .search])
    func theInMemoryStoresAgreeWithThemselves(_ tier: Tier) async throws {
        let report = try await InMemorySubject.with(tiers: [tier]) {
            try await Oracle.run($0, tier: tier, seed: 42, cases: 600)
        }
        #expect(report.isPassing, "\(report.text)")
        #expect(report.cases == 600)
        // Filters that match all or nothing prove little.
        #expect(report.selective > 200, "\(report.selective)")
    }

    @Test func theEnvironmentSaysHowMany() throws {
        #expect(try OracleSettings(environment: [:]) == OracleSettings(cases: 500, seeds: [1]))
        let many = try OracleSettings(environment: ["STORES_ORACLE_CASES": "10000", "STORES_ORACLE_SEEDS": "1,2,3"])
        #expect(many == OracleSettings(cases: 10_000, seeds: [1, 2, 3]))
        for wrong in [["CASES": "0"], ["CASES": "many"], ["SEEDS": "1,,2"], ["SEEDS": "1, 2"], ["SEEDS": "-1"]] {
            let environment = Dictionary(uniqueKeysWithValues: wrong.map { ("STORES_ORACLE_\($0)", $1) })
            #expect(throws: StoreError.self, "\(wrong)") { try OracleSettings(environment: environment) }
        }
    }

    @Test func theSameSeedMakesTheSameRun() async throws {
        var reports: [OracleReport] = []
        for seed in [7, 7, 8] as [UInt64] {
            reports.append(
                try await InMemorySubject.with(tiers: [.memory]) {
                    try await Oracle.run($0, tier: .memory, seed: seed, cases: 200)
                })
        }
        #expect(reports[0].selective == reports[1].selective)
        #expect(reports[0].selective != reports[2].selective)
    }

    @Test func withoutNestedFieldsThereAreNoNestedPaths() async throws {
        let behavior = InMemoryBehavior(
            limits: [.filterOperands: 2], missing: [.vector(.nestedFields), .vector(.filteredScroll)])
        let report = try await InMemorySubject.with(behavior: behavior, tiers: [.vector]) {
            try await Oracle.run($0, tier: .vector, seed: 3, cases: 300)
        }
        #expect(report.isPassing, "\(report.text)")
        #expect(report.selective > 100)
    }

    private func report(_ defect: String, cases: Int = 600) async throws -> OracleReport {
        try await BrokenStores.with(defect, tiers: [.vector]) {
            try await Oracle.run($0, tier: .vector, seed: 5, cases: cases, stopAfter: 1)
        }
    }

    @Test func anotherEvaluatorIsFoundAndShrunkToOneNodeAndOneRecord() async throws {
        let report = try await report("missingIsNotEqual")
        #expect(!report.isPassing)
        let found = try #require(report.divergences.first)
        let filter = try Filter(parsing: found.filter)
        #expect(filter.children.isEmpty, "\(found.filter)")
        guard case .notEqual = filter else {
            Issue.record("\(found.filter)")
            return
        }
        #expect(found.records.count == 1, "\(found.records)")
        #expect(report.text.contains("where \(found.filter)"))
    }

    @Test func aDeleteThatDiffersIsFoundAndShrunk() async throws {
        let report = try await report("deleteIgnoresFilter", cases: 20)
        let found = try #require(report.divergences.first)
        #expect(found.operation == "delete")
        #expect(found.records.count == 1, "\(found.records)")
        #expect(try Filter(parsing: found.filter).children.count <= 1, "\(found.filter)")
    }

    @Test func aRunThatComparesLittleProvesNothing() async throws {
        let report = try await report("mostFiltersRefused")
        #expect(report.divergences.isEmpty)
        #expect(report.refused > report.cases / 2)
        #expect(!report.isPassing)
        #expect(report.text.contains("too few were compared: \(report.compared) of 600"))
    }
}
