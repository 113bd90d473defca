import Foundation
import StoresCore
import Testing

@testable import StoresFile

@Suite struct ConcurrencyTests {
    @Test func readersSeeOneVersionWholeWhileItIsOverwritten() async throws {
        let store = try await Store()
        // Of different sizes, each of several chunks, so that mixed versions can't hash right.
        let versions = (0..<6).map { version in
            [UInt8](repeating: UInt8(version), count: 600_000 + version * 300_000)
        }
        _ = try await store.driver.put(
            ArtifactPut(key: "hot/k"), body: Store.body(versions[0]), context: Store.context())
        let reads = try await withThrowingTaskGroup(of: Int.self) { group in
            for writer in 0..<2 {
                group.addTask {
                    for round in 0..<12 {
                        _ = try await store.driver.put(
                            ArtifactPut(key: "hot/k"), body: Store.body(versions[(writer + round) % 6]),
                            context: Store.context())
                    }
                    return 0
                }
            }
            for _ in 0..<3 {
                group.addTask {
                    var reads = 0
                    for _ in 0..<15 {
                        let download = try #require(
                            try await store.driver.get("hot/k", range: nil, context: Store.context()))
                        var bytes: [UInt8] = []
                        while let chunk = try await download.chunks.next() { bytes += chunk }
                        #expect(Int64(bytes.count) == download.info.size)
                        #expect(versions.contains(bytes))
                        reads += 1
                    }
                    return reads
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(reads == 45)
        #expect(try store.temporaries.isEmpty)
    }

    @Test func anOpenDownloadKeepsWhatItOpened() async throws {
        let store = try await Store()
        let old = [UInt8](repeating: 7, count: 1_500_000)
        _ = try await store.driver.put(ArtifactPut(key: "k"), body: Store.body(old), context: Store.context())
        let download = try #require(try await store.driver.get("k", range: nil, context: Store.context()))
        var bytes = try #require(try await download.chunks.next())
        try await store.put("k", "new")
        #expect(try await store.delete("k"))
        while let chunk = try await download.chunks.next() { bytes += chunk }
        #expect(bytes == old)
    }

    @Test func ofManyPutsIfAbsentOneWins() async throws {
        let store = try await Store()
        let other = try await Store(store.directory)
        for round in 0..<20 {
            let etags = await withTaskGroup(of: String?.self) { group in
                for index in 0..<8 {
                    let store = index % 2 == 0 ? store : other
                    group.addTask { try? await store.put("k\(round)", "\(index)", condition: .ifAbsent).etag }
                }
                return await group.reduce(into: [String]()) { if let etag = $1 { $0.append(etag) } }
            }
            #expect(etags.count == 1)
            #expect(try await store.head("k\(round)")?.etag == etags.first)
        }
    }

    @Test func noIncrementIsLostBetweenTwoBackends() async throws {
        let store = try await Store()
        let other = try await Store(store.directory)
        try await store.put("n", "0")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<6 {
                let store = index % 2 == 0 ? store : other
                group.addTask {
                    var done = 0
                    while done < 15 {
                        let download = try #require(
                            try await store.driver.get("n", range: nil, context: Store.context()))
                        let chunk = try #require(try await download.chunks.next())
                        let value = try #require(Int(String(decoding: chunk, as: UTF8.self)))
                        do throws(StoreError) {
                            try await store.put("n", "\(value + 1)", condition: .ifMatch(download.info.etag))
                            done += 1
                        } catch {
                            guard error.conflict != nil else { throw error }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.text("n") == "90")
    }

    @Test func putsOutrunDeletesThatRemoveTheirDirectories() async throws {
        let store = try await Store()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for _ in 0..<60 {
                        try await store.put("a/b/c/\(writer)", "x")
                        #expect(try await store.delete("a/b/c/\(writer)"))
                    }
                    try await store.put("a/b/d/\(writer)", "kept")
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.list().keys == (0..<4).map { "a/b/d/\($0)" })
        #expect(try store.tree.sorted().first { $0.contains("c+") } == nil)
    }

    @Test func aListingDuringChangesHoldsWhatStays() async throws {
        let store = try await Store()
        let fixed = (0..<40).map { "d\($0 % 5)/\($0)" }.inByteOrder
        for key in fixed { try await store.put(key) }
        let changing = Task {
            var index = 0
            while !Task.isCancelled {
                try await store.put("d\(index % 7)/x\(index % 9)")
                _ = try await store.delete("d\((index + 3) % 7)/x\((index + 4) % 9)")
                index += 1
            }
        }
        for _ in 0..<15 {
            let found = try await store.list(limit: 6).keys
            #expect(found.filter { !$0.contains("x") } == fixed)
            #expect(sameBytes(found, found.inByteOrder))
            #expect(Set(found).count == found.count)
        }
        changing.cancel()
        _ = await changing.result
    }

    @Test func concurrentFirstStartsMakeOneStore() async throws {
        for _ in 0..<10 {
            let directory = Store.newDirectory() + "/deep/er"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<8 {
                    group.addTask { try await Store(directory).put("k\(index)") }
                }
                try await group.waitForAll()
            }
            #expect(try await Store(directory, mode: .verify).list().keys == (0..<8).map { "k\($0)" })
        }
    }
}
