import Foundation
import StoresConformance
import StoresCore
import StoresJournal
import Testing

/// One test for each case of the contracts; each has a file of its own.
@Suite struct ConformanceTests {
    @Test(arguments: Conformance.cases(for: .session))
    func session(_ test: ConformanceCase) async throws {
        try await withTemporaryPath { path in
            let clock = ManualStoreClock()
            let options = StoresOptions(clock: clock)
            var registry = AdapterRegistry()
            registry.register(StoresJournal.self)
            let linked = registry
            let environment = ["STORE_SESSION": "journal", "JOURNAL_PATH": path]
            try await Stores.withOpen(registry: linked, environment: environment, options: options) { stores in
                let subject = ConformanceSubject(
                    stores: stores, tiers: [.session], advance: { clock.advance(by: $0) },
                    reopen: { try await Stores.open(registry: linked, environment: environment, options: options) },
                    second: { try await Stores.open(registry: linked, environment: environment, options: options) },
                    prefix: "test", registry: linked)
                let report = await Conformance.run(subject) { $0.id == test.id }
                #expect(report.isPassing, "\(report.text)")
            }
        }
    }
}

func withTemporaryPath(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "journal-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder.appending(path: "sessions.jsonl").path)
}
