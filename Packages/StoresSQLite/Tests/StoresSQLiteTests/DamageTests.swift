#if SQLite
import Foundation
import StoresCore
import Testing

@testable import StoresSQLite

/// A damaged file gives right data or a `StoreError`, never a crash and never wrong data.
@Suite struct DamageTests {
    private static let spec = VectorCollectionSpec(name: "c", dimensions: 8, metric: .cosine)
    private static let target = VectorTarget(collection: spec, namespace: "n")
    private static let index = SearchIndexSpec(name: "i", fields: ["t": .text(.standard)])

    private static func fill(_ store: Store) async throws {
        let context = Store.context(clock: ManualStoreClock())
        _ = try await store.vector.ensureCollection(spec, mode: .create, context: context)
        _ = try await store.search.ensureIndex(index, mode: .create, context: context)
        for number in 0..<40 {
            let text = String(repeating: "text \(number) ", count: number % 9)
            _ = try await store.vector.upsert(
                [
                    VectorRecord(
                        id: "v\(number)", vector: (0..<8).map { Float($0 * number + 1) },
                        metadata: ["t": .string(text)], document: text)
                ], into: target, visibility: .accepted, context: context)
            _ = try await store.session.set(
                [SessionWrite(key: "k\(number)", value: SessionValue(text))], context: context)
            _ = try await store.memory.put(
                [FactPut(draft: FactDraft(id: "f\(number)", scope: ["s"], content: text))], context: context)
            _ = try await store.event.append(
                [NewEvent(id: "e\(number)", type: "t", data: Array(text.utf8))], to: "s", expected: .any,
                context: context)
            _ = try await store.search.upsert(
                [SearchDocument(id: "d\(number)", fields: ["t": .string(text)])], into: index,
                visibility: .accepted, context: context)
        }
        for number in 0..<3 {
            _ = try await store.artifact.put(
                ArtifactPut(key: "a\(number)"),
                body: Store.body([UInt8](repeating: UInt8(number), count: 1000 * number)), context: context)
        }
    }

    /// Everything that can be read by key or in order, each with what came of it.
    private static func readings(_ store: Store) async -> [String] {
        let context = Store.context(.seconds(300), clock: ManualStoreClock())
        var found: [String] = []
        found.append(
            await outcome { () throws(StoreError) in
                try await store.vector.scroll(
                    VectorScroll(limit: 100, include: .all), in: target, context: context
                ).items
            })
        found.append(
            await outcome { () throws(StoreError) in
                try await store.vector.query(
                    VectorQuery(vector: [1, 2, 3, 4, 5, 6, 7, 8], limit: 50, include: .all), in: target,
                    context: context
                ).matches
            })
        for number in 0..<40 {
            found.append(
                await outcome { () throws(StoreError) in
                    try await store.session.get(["k\(number)"], context: context)[0]?.value.text
                })
            found.append(
                await outcome { () throws(StoreError) in
                    try await store.search.get(["d\(number)"], from: index, context: context).map(\.fields)
                })
        }
        found.append(
            await outcome { () throws(StoreError) in
                try await store.memory.list(
                    FactListing(scope: ["s"], depth: .exact, limit: 100), context: context
                ).items
            })
        found.append(
            await outcome { () throws(StoreError) in
                try await store.event.readAll(after: nil, limit: 100, context: context).events
            })
        found.append(
            await outcome { () throws(StoreError) in
                try await store.event.read("s", from: 5, direction: .forward, limit: 9, context: context).events
            })
        for number in 0..<3 {
            found.append(await outcome { () throws(StoreError) in try await store.bytes("a\(number)") })
        }
        return found
    }

    @Test func truncationAndDamagedBytes() async throws {
        let store = try await Store()
        try await Self.fill(store)
        let right = await Self.readings(store)
        #expect(!right.contains { $0.hasPrefix("error") })
        await store.backend.shutdown()
        let whole = try Data(contentsOf: URL(fileURLWithPath: store.path))
        var told = 0
        for seed in 0..<120 as Range<UInt64> {
            var g = Generator(seed: seed)
            var data = whole
            if seed % 4 == 0 {
                data = data.prefix(Int.random(in: 0..<data.count, using: &g))
            } else {
                for _ in 0..<Int.random(in: 1...30, using: &g) {
                    data[Int.random(in: 0..<data.count, using: &g)] = .random(in: 0...255, using: &g)
                }
            }
            let path = Store.newPath()
            try SQLitePath.makeFolder(SQLitePath.folder(of: path))
            try data.write(to: URL(fileURLWithPath: path))
            // Both ways of asking for the check; the file is small enough for auto.
            let check = seed % 2 == 0 ? "auto" : "always"
            let damaged = try await Store(
                path, settings: ["SQLITE_PATH": path, "SQLITE_INTEGRITY_CHECK": check], starts: false)
            do throws(StoreError) {
                try await damaged.backend.start(context: Store.context())
                for (reading, expected) in zip(await Self.readings(damaged), right) where reading != expected {
                    // An empty file is a new one: nothing is there, which is no wrong data.
                    #expect(
                        reading.hasPrefix("error") || data.isEmpty,
                        "seed \(seed): \(reading.prefix(300)) \(expected.prefix(300))")
                    told += 1
                }
            } catch {
                told += 1
                if error.code == .corrupt { #expect(error.message.contains(path)) }
            }
            await damaged.backend.shutdown()
            try FileManager.default.removeItem(atPath: SQLitePath.folder(of: path))
        }
        #expect(told > 20)
    }
}
#endif
