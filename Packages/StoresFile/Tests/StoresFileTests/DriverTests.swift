import Foundation
import Testing

@testable import StoresCore
@testable import StoresFile

@Suite struct DriverTests {
    @Test(arguments: [true, false]) func putHeadGetDelete(_ fsync: Bool) async throws {
        let store = try await Store(fsync: fsync)
        let put = try await store.put("docs/a.txt", "hello", metadata: ["author": "ada", "$instant": "x"])
        #expect(put.size == 5)
        #expect(put.sha256 == SHA256Digest.hexadecimal(of: Array("hello".utf8)))
        #expect(try await store.head("docs/a.txt") == put)
        #expect(put.metadata == ["author": "ada", "$instant": "x"])
        #expect(put.contentType == "text/plain")
        #expect(try await store.text("docs/a.txt") == "hello")
        #expect(try await store.head("docs") == nil)
        #expect(try await store.head("docs/a.txt/b") == nil)
        #expect(try await store.delete("docs/a.txt"))
        #expect(try await !store.delete("docs/a.txt"))
        #expect(try await store.head("docs/a.txt") == nil)
        #expect(try await store.read("docs/a.txt") == nil)
        #expect(try store.tree.isEmpty)
        #expect(try store.temporaries.isEmpty)
    }

    @Test func theBodyStartsTheFile() async throws {
        let store = try await Store()
        try await store.put("notes.txt", "line\n")
        let file = try Data(contentsOf: URL(fileURLWithPath: try store.path("notes.txt")))
        #expect(String(decoding: file, as: UTF8.self).hasPrefix("line\n\n{\"contentType\":\"text/plain\""))
    }

    @Test func hostileKeysKeepApart() async throws {
        let store = try await Store()
        for key in Keys.hostile { try await store.put(key, "body of \(key)") }
        for key in Keys.hostile {
            #expect(try await store.text(key).map { Array($0.utf8) } == Array("body of \(key)".utf8))
            #expect(try await store.head(key).map { Array($0.key.utf8) } == Array(key.utf8))
        }
        let outside = try FileManager.default.contentsOfDirectory(atPath: store.directory)
        #expect(Set(outside) == ["objects", "temporary", "locks", "stores-file.json"])
        #expect(sameBytes(try await store.list(limit: 7).keys, Keys.hostile.inByteOrder))
        for key in Keys.hostile { #expect(try await store.delete(key)) }
        #expect(try store.tree.isEmpty)
    }

    @Test func rangesReadTheirBytes() async throws {
        let store = try await Store()
        let bytes = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        _ = try await store.driver.put(ArtifactPut(key: "big"), body: Store.body(bytes), context: Store.context())
        #expect(try await store.read("big") == bytes)
        #expect(
            try await store.read("big", range: .bytes(offset: 500_000, length: 700_000))
                == Array(bytes[500_000..<1_200_000]))
        #expect(try await store.read("big", range: .from(1_999_999)) == [bytes[1_999_999]])
        #expect(try await store.read("big", range: .suffix(3)) == Array(bytes.suffix(3)))
        for range in [
            ByteRange.from(2_000_000), .bytes(offset: 0, length: 2_000_001), .suffix(2_000_001),
            .bytes(offset: -1, length: 1), .bytes(offset: .max, length: .max),
        ] {
            let error = await #expect(throws: StoreError.self) { try await store.read("big", range: range) }
            #expect(error?.code == .invalidArgument)
        }
        try await store.put("empty")
        #expect(try await store.read("empty") == [])
    }

    @Test func conditions() async throws {
        let store = try await Store()
        func refused(_ condition: ArtifactCondition, current: String?) async throws {
            let error = await #expect(throws: StoreError.self) { try await store.put("k", "x", condition: condition) }
            #expect(error?.conflict == .etag(current: current))
            #expect(error?.applied == .no)
            #expect(error?.isRetryable == false)
            #expect(try store.temporaries.isEmpty)
        }
        try await refused(.ifMatch("none"), current: nil)
        let first = try await store.put("k", "1", condition: .ifAbsent)
        try await refused(.ifAbsent, current: first.etag)
        let second = try await store.put("k", "2", condition: .ifMatch(first.etag))
        try await refused(.ifMatch(first.etag), current: second.etag)
        // The same content again is another write: its etag must not pass for the first one.
        let third = try await store.put("k", "1")
        #expect(third.etag != first.etag)
        try await refused(.ifMatch(first.etag), current: third.etag)
        #expect(try await store.text("k") == "1")
    }

    @Test func aStaleConditionIsRefusedBeforeTheBodyIsPulled() async throws {
        let store = try await Store()
        try await store.put("k", "1")
        let body = Store.body([1])
        await #expect(throws: StoreError.self) {
            try await store.driver.put(
                ArtifactPut(key: "k", condition: .ifAbsent), body: body, context: Store.context())
        }
        #expect(!body.isStarted)
    }

    @Test func aBodyThatFailsLeavesNothing() async throws {
        struct Broken: Error {}
        let store = try await Store()
        try await store.put("k", "old")
        let body = Store.body(Source { if $0 < 3 { [UInt8](repeating: 1, count: 600_000) } else { throw Broken() } })
        let error = await #expect(throws: StoreError.self) {
            try await store.driver.put(ArtifactPut(key: "k"), body: body, context: Store.context())
        }
        #expect(error?.applied == .no)
        #expect(error?.underlying is Broken)
        #expect(try await store.text("k") == "old")
        #expect(try store.temporaries.isEmpty)
    }

    @Test func aCancelledPutLeavesNothing() async throws {
        let store = try await Store()
        let (started, signal) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            let body = Store.body(
                Source { index in
                    if index == 3 { signal.finish() }
                    // Endless: only the cancellation ends it.
                    return [UInt8](repeating: 1, count: 100_000)
                })
            return try await store.driver.put(ArtifactPut(key: "k/a"), body: body, context: Store.context())
        }
        for await _ in started {}
        task.cancel()
        let error = await #expect(throws: StoreError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(try await store.head("k/a") == nil)
        #expect(try store.temporaries.isEmpty)
    }

    @Test func aPutPastItsDeadlineLeavesNothing() async throws {
        let store = try await Store()
        let body = Store.body(Source { _ in [UInt8](repeating: 1, count: 100_000) }, time: .milliseconds(50))
        let error = await #expect(throws: StoreError.self) {
            try await store.driver.put(ArtifactPut(key: "k"), body: body, context: Store.context())
        }
        #expect(error?.code == .timeout)
        #expect(try store.temporaries.isEmpty)
    }

    @Test func deletesOfManyKeysAreAnsweredOneByOne() async throws {
        let store = try await Store()
        try await store.put("a")
        try await store.put("c")
        let results = try await store.driver.delete(["a", "b", "../x", "c"], context: Store.context())
        #expect(try results[0].get())
        #expect(try !results[1].get())
        #expect(throws: StoreError.self) { try results[2].get() }
        #expect(try results[3].get())
    }

    @Test func tooMuchMetadataIsRefused() async throws {
        let store = try await Store()
        let most = String(repeating: "\"", count: (64 << 10) - 1)
        #expect(try await store.put("k", metadata: ["m": most]).metadata["m"] == most)
        #expect(try await store.head("k")?.metadata["m"] == most)
        let error = await #expect(throws: StoreError.self) { try await store.put("k", metadata: ["m": most + "x"]) }
        #expect(error?.code == .tooLarge)
    }

    @Test func adapterDescribesItself() throws {
        let description = try #require(StoresFile.descriptions.first)
        #expect(description.name == "file")
        #expect(description.package == "StoresFile")
        #expect(Array(description.tiers.keys) == [.artifact])
        #expect(description.tiers[.artifact]?.contains(.artifact(.presign)) == false)
        let settings = try Settings(description.settings) { _ in nil }
        let configuration = try FileConfiguration(settings: settings)
        #expect(configuration == FileConfiguration(directory: "./.local-data/artifacts", fsync: true))
        #expect(throws: StoreError.self) {
            try Settings(description.settings) { $0.variable == "ARTIFACT_FSYNC" ? "maybe" : nil }
        }
    }

    @Test func pingSaysWhatThereIs() async throws {
        let store = try await Store()
        let status = try await store.backend.ping(context: Store.context())
        #expect(status.version == "1")
        #expect(try #require(status.details["freeBytes"].flatMap { UInt64($0) }) > 0)
        #expect(store.backend.native as? String == store.directory)
        try FileManager.default.removeItem(atPath: store.directory)
        let error = await #expect(throws: StoreError.self) { try await store.backend.ping(context: Store.context()) }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains(store.directory) == true)
    }

    @Test func fileChunksReadAFile() async throws {
        let store = try await Store()
        let path = "\(store.directory)/upload.bin"
        let bytes = (0..<300_001).map { UInt8(truncatingIfNeeded: $0) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        var chunks: [[UInt8]] = []
        for try await chunk in FileChunks(path: path, chunkSize: 100_000) { chunks.append(chunk) }
        #expect(chunks.map(\.count) == [100_000, 100_000, 100_000, 1])
        #expect(chunks.flatMap(\.self) == bytes)
        let missing = await #expect(throws: StoreError.self) {
            for try await _ in FileChunks(path: path + "x") {}
        }
        #expect(missing?.code == .notFound)
        let directory = await #expect(throws: StoreError.self) {
            for try await _ in FileChunks(path: store.directory) {}
        }
        #expect(directory?.code == .invalidArgument)
    }
}
