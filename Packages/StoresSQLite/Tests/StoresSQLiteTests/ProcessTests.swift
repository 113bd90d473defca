#if SQLite
import Foundation
import GRDB
import StoresCore
import Testing

@testable import StoresSQLite

/// What only several processes, or several backends on one file, can prove.
@Suite struct ProcessTests {
    /// A `StoresSQLiteWriter` that is running.
    final class Writer {
        let process = Process()
        private let output = Pipe()

        init(_ path: String, _ stream: String, _ count: Int) throws {
            process.executableURL = try Writer.executable()
            process.arguments = [path, stream, "\(count)"]
            process.standardOutput = output
            try process.run()
        }

        /// Beside the test bundle, where SwiftPM builds both.
        private static func executable() throws -> URL {
            #if os(macOS)
            let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
            let directory = try #require(bundle).deletingLastPathComponent()
            #else
            let link = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            let directory = URL(fileURLWithPath: link).deletingLastPathComponent()
            #endif
            let url = directory.appendingPathComponent("StoresSQLiteWriter")
            try #require(FileManager.default.isExecutableFile(atPath: url.path), "not built: \(url.path)")
            return url
        }

        /// All that it prints until it ends.
        func lines() async -> [String] {
            await withCheckedContinuation { continuation in
                let handle = output.fileHandleForReading
                DispatchQueue.global().async {
                    let text = String(decoding: handle.readDataToEndOfFile(), as: UTF8.self)
                    continuation.resume(returning: text.split(separator: "\n").map(String.init))
                }
            }
        }

        /// As a power cut to the process: no handler runs, nothing is cleaned up.
        func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }
    }

    @Test func processesThatStartAtOnceAppendWithoutGaps() async throws {
        let path = Store.newPath()
        let writers = try (0..<3).map { try Writer(path, "s\($0)", 150) }
        // Meanwhile a reader follows: whoever has seen a position sees no lower one later (E6).
        let store = try await Store(path)
        var seen: [RecordedEvent] = []
        while seen.count < 450 {
            let after = seen.last?.position
            try await store.event.waitForEvents(after: after, timeout: .seconds(20))
            let slice = try await store.event.readAll(after: after, limit: 1000, context: Store.context())
            try #require(!slice.events.isEmpty, "no event within 20 s after \(seen.count)")
            seen += slice.events
        }
        for writer in writers { #expect(await writer.lines().count == 150) }
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0.position < $1.position })
        for number in 0..<3 {
            let revisions = seen.filter { $0.stream == "s\(number)" }.map(\.revision)
            #expect(revisions == (0..<150).map { Int64($0) })
        }
        await store.backend.shutdown()
        try FileManager.default.removeItem(atPath: SQLitePath.folder(of: path))
    }

    @Test func whatWasAcknowledgedSurvivesAKill() async throws {
        let path = Store.newPath()
        let store = try await Store(path)
        for round in 0..<3 {
            let writer = try Writer(path, "s\(round)", 0)
            var read: Int64 = 0
            while read < 40 {
                try await store.event.waitForEvents(
                    after: try await store.event.head(context: Store.context()), timeout: .seconds(1))
                let slice = try await store.event.read(
                    "s\(round)", from: nil, direction: .backward, limit: 1, context: Store.context())
                read = slice.lastRevision ?? -1
            }
            writer.kill()
            let acknowledged = await writer.lines()
            let slice = try await store.event.read(
                "s\(round)", from: nil, direction: .forward, limit: 100_000, context: Store.context())
            #expect(acknowledged.count > 0 && slice.events.count >= acknowledged.count)
            for (line, event) in zip(acknowledged, slice.events) {
                #expect(line == "\(event.revision) \(event.position.rawValue)")
            }
        }
        await store.backend.shutdown()
        try FileManager.default.removeItem(atPath: SQLitePath.folder(of: path))
    }

    @Test func anothersWriteIsSeenAtOnceAndWakesWhoWaits() async throws {
        let store = try await Store()
        let other = try await Store(store.path)
        let spec = VectorCollectionSpec(name: "c", dimensions: 2, metric: .cosine)
        let target = VectorTarget(collection: spec, namespace: "n")
        _ = try await store.vector.ensureCollection(spec, mode: .create, context: Store.context())
        for number in 0..<20 {
            let writer = number % 2 == 0 ? store : other
            let reader = number % 2 == 0 ? other : store
            _ = try await writer.vector.upsert(
                [VectorRecord(id: "\(number)", vector: [1, Float(number)])], into: target, visibility: .accepted,
                context: Store.context())
            let found = try await reader.vector.query(
                VectorQuery(vector: [1, Float(number)], limit: 100), in: target, context: Store.context())
            #expect(found.count == number + 1)
        }
        async let waiting: Void = store.event.waitForEvents(after: nil, timeout: .seconds(30))
        let start = ContinuousClock.now
        _ = try await other.event.append(
            [NewEvent(id: "1", type: "t")], to: "s", expected: .noStream, context: Store.context())
        try await waiting
        #expect(start.duration(to: .now) < .seconds(20))
        await other.backend.shutdown()
    }

    @Test func oneOfManyHoldsALease() async throws {
        let store = try await Store()
        let other = try await Store(store.path)
        let granted = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<12 {
                group.addTask {
                    let side = number % 2 == 0 ? store : other
                    let lease = try? await side.session.acquireLease(
                        "l", ttl: .seconds(60), context: Store.context())
                    return lease != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(granted == 1)
        await other.backend.shutdown()
    }

    /// Another program reads the file with nothing but SQLite, without this library's functions.
    @Test func theFileIsReadableWithoutThisLibrary() async throws {
        let store = try await Store()
        let spec = VectorCollectionSpec(name: "c", dimensions: 2, metric: .dot)
        _ = try await store.vector.ensureCollection(spec, mode: .create, context: Store.context())
        _ = try await store.vector.upsert(
            [VectorRecord(id: "x", vector: [1, 2], metadata: ["a": ["b": 1.5]], document: "Été words")],
            into: VectorTarget(collection: spec, namespace: "n"), visibility: .accepted, context: Store.context())
        await store.backend.shutdown()
        let plain = try DatabaseQueue(path: store.path)
        let found = try await plain.read { db in
            try String.fetchOne(
                db,
                sql: """
                    SELECT r.id || ' ' || json_extract(r.metadata, '$.a.b') || ' ' || hex(v.vector)
                    FROM stores_vector_words_1 w
                    JOIN stores_vector_records r ON r.record_id = w.rowid
                    JOIN stores_vectors v ON v.record_id = r.record_id
                    WHERE w.words MATCH '"words"'
                    """)
        }
        #expect(found == "x 1.5 0000803F00000040")
    }
}
#endif
