import StoresCore
import Testing

@testable import StoresPostgres

@Suite(.enabled(if: DataStore.url != nil, DataStore.skipped))
struct SearchPagingTests {
    private func document(_ id: String, _ words: String) -> SearchDocument {
        SearchDocument(id: id, fields: ["body": .string(words)])
    }

    /// What others write changes the weights of words; the pages of one search keep those that it began with.
    @Test func pagesMissNothingWhileOthersWrite() async throws {
        try await DataStore.with { store in
            let spec = SearchIndexSpec(name: "pages", fields: ["body": .text(.standard)])
            let driver = store.search
            _ = try await driver.ensureIndex(spec, mode: .create, context: DataStore.context())
            func write(_ documents: [SearchDocument]) async throws {
                _ = try await driver.upsert(
                    documents, into: spec, visibility: .accepted, context: DataStore.context())
            }
            let staying = (0..<200).map { number in
                document(
                    "s\(number)",
                    (number % 3 == 0 ? "walrus " : "oyster ")
                        + Array(repeating: "filler", count: number % 17).joined(separator: " "))
            }
            try await write(staying)
            var found: [String] = []
            var cursor: Cursor?
            var page = 0
            repeat {
                let results = try await driver.search(
                    SearchRequest(query: .match("walrus oyster"), cursor: cursor, limit: 10), in: spec,
                    context: DataStore.context())
                found += results.hits.map(\.id)
                cursor = results.next
                page += 1
                // Oysters become common, walruses rare, and texts longer.
                let words = "oyster " + Array(repeating: "more", count: 40).joined(separator: " ")
                try await write((0..<10).map { document("a\(page)-\($0)", words) })
            } while cursor != nil && page < 200
            #expect(Set(found).count == found.count, "no document comes twice")
            #expect(Set(staying.map(\.id)).isSubset(of: found), "every document that stays comes")
            let other = try await driver.search(
                SearchRequest(query: .match("walrus oyster"), limit: 1), in: spec, context: DataStore.context())
            let error = await #expect(throws: StoreError.self) {
                try await driver.search(
                    SearchRequest(query: .match("walrus"), cursor: other.next, limit: 1), in: spec,
                    context: DataStore.context())
            }
            #expect(error?.code == .invalidArgument, "a cursor of another query is refused")
        }
    }

    /// Postgres's own phrase search knows 256 positions of a word, and none beyond 16,383.
    @Test func phrasesAreFoundInLongTexts() async throws {
        try await DataStore.with { store in
            let spec = SearchIndexSpec(name: "long", fields: ["body": .text(.standard)])
            let driver = store.search
            _ = try await driver.ensureIndex(spec, mode: .create, context: DataStore.context())
            let long = Array(repeating: "the sea", count: 12_000).joined(separator: " ") + " the white whale"
            _ = try await driver.upsert(
                [document("long", long), document("short", "the whale is white")], into: spec,
                visibility: .accepted, context: DataStore.context())
            for (words, ids) in [("the white whale", ["long"]), ("sea the white", ["long"]), ("whale the", [])] {
                let results = try await driver.search(
                    SearchRequest(query: .phrase(words), limit: 10), in: spec, context: DataStore.context())
                #expect(results.hits.map(\.id) == ids)
            }
        }
    }
}
