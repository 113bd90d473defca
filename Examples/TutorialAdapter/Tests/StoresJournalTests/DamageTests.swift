import Foundation
import StoresCore
import StoresJournal
import Testing

/// What the contracts can't know of: the file itself.
@Suite struct DamageTests {
    private func open(_ path: String, _ more: [String: String] = [:]) async throws -> Stores {
        var registry = AdapterRegistry()
        registry.register(StoresJournal.self)
        return try await Stores.open(
            registry: registry,
            environment: ["STORE_SESSION": "journal", "JOURNAL_PATH": path].merging(more) { _, new in new })
    }

    @Test("Half a line at the end is dropped, and the lines before it stand")
    func tornLine() async throws {
        try await withTemporaryPath { path in
            let first = try await open(path)
            try await first.session.set("a", SessionValue("1"), expiry: .never)
            try await first.session.set("b", SessionValue("2"), expiry: .never)
            await first.shutdown()
            let file = URL(fileURLWithPath: path)
            try (try Data(contentsOf: file)).dropLast(5).write(to: file)

            let second = try await open(path)
            #expect(try await second.session.get("a")?.value.text == "1")
            #expect(try await second.session.get("b") == nil)
            try await second.session.set("c", SessionValue("3"), expiry: .never)
            await second.shutdown()

            let third = try await open(path)
            #expect(try await third.session.get("c")?.value.text == "3")
            await third.shutdown()
        }
    }

    @Test(
        "A file that is no journal is refused at start and left as it was",
        arguments: ["dear diary\n", "dear diary", "{\"a\":1}\n"])
    func foreignFile(_ text: String) async throws {
        try await withTemporaryPath { path in
            let file = URL(fileURLWithPath: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
            let error = await #expect(throws: StoreError.self) { _ = try await open(path) }
            #expect(error?.code == .corrupt)
            #expect(try String(contentsOf: file, encoding: .utf8) == text)
        }
    }

    @Test("Without the permission to create, a missing file is an error")
    func missingFile() async throws {
        try await withTemporaryPath { path in
            let error = await #expect(throws: StoreError.self) {
                _ = try await open(path, ["STORE_SCHEMA": "verify"])
            }
            #expect(error?.code == .notFound)
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }
}
