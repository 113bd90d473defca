import Foundation
import StoresConformance
import StoresCore
import StoresFile
import Testing

/// One test for each case of the contracts; each has a folder of its own.
@Suite struct FileConformanceTests {
    @Test(arguments: Conformance.cases(for: .artifact))
    func keeps(_ test: ConformanceCase) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "file-conformance-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let report = try await ConformanceSubject.with(
            StoresFile.self, named: "file", tiers: [.artifact], settings: ["ARTIFACT_DIR": folder.path]
        ) { subject in
            await Conformance.run(subject) { $0.id == test.id }
        }
        #expect(report.isPassing, "\(report.text)")
    }
}
