import StoresConformance
import StoresCore
import Testing

@Suite struct BrokenVectorTests {
    @Test(arguments: VectorDefect.allCases)
    func theDefectIsNoticed(_ defect: VectorDefect) async throws {
        let failing = try await BrokenStores.failing(defect.rawValue, tier: .vector, cases: defect.noticedBy)
        for id in defect.noticedBy {
            #expect(failing[id] != nil, "\(id) does not notice \(defect.rawValue)")
        }
    }

    /// What stands between a case and the harness: without a defect nothing fails.
    @Test func withoutADefectNothingFails() async throws {
        let ids = Set(VectorDefect.allCases.flatMap(\.noticedBy))
        let failing = try await BrokenStores.failing("", tier: .vector, cases: Array(ids))
        #expect(failing.isEmpty, "\(failing)")
    }
}
