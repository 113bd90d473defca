import Foundation
import Testing

@testable import StoresCore
@testable import StoresFile

@Suite struct DamageTests {
    /// Head and a full read of a damaged file: right, or `corrupt` with the path. The body's bytes are not the
    /// driver's to verify, but the hash that would tell is.
    static func judge(_ store: Store, _ key: String, _ body: [UInt8], _ what: String) async throws {
        do throws(StoreError) {
            let info = try await store.head(key)
            let read = try await store.read(key)
            #expect(info?.size == Int64(body.count), "\(what)")
            #expect(info?.sha256 == SHA256Digest.hexadecimal(of: body), "\(what)")
            #expect(read?.count == body.count, "\(what)")
        } catch {
            #expect(error.code == .corrupt || error.code == .schemaMismatch, "\(what): \(error)")
            #expect(error.message.contains("\(store.directory)/objects/"), "\(what): \(error)")
        }
    }

    @Test(arguments: 0..<8) func randomDamageIsDetectedOrHarmless(_ seed: UInt64) async throws {
        var generator = SeededGenerator(seed)
        let store = try await Store()
        let body = (0..<Int.random(in: 0...3000, using: &generator)).map { _ in
            UInt8.random(in: 0...255, using: &generator)
        }
        _ = try await store.driver.put(
            ArtifactPut(key: "k/é", metadata: ["a": "b"]), body: Store.body(body), context: Store.context())
        let url = URL(fileURLWithPath: try store.path("k/é"))
        let whole = Array(try Data(contentsOf: url))
        for round in 0..<150 {
            var file = whole
            let tail = max(0, file.count - 400)
            switch round % 6 {
            case 0: file.removeLast(Int.random(in: 1...file.count, using: &generator))
            case 1: file.append(contentsOf: (0..<Int.random(in: 1...300, using: &generator)).map { _ in 0x61 })
            case 2:
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    file[Int.random(in: tail..<file.count, using: &generator)] = .random(in: 0...255, using: &generator)
                }
            case 3:
                file[Int.random(in: 0..<file.count, using: &generator)] ^=
                    UInt8(1) << UInt8.random(in: 0...7, using: &generator)
            case 4:
                let start = Int.random(in: 0..<file.count, using: &generator)
                file.removeSubrange(start..<min(file.count, start + Int.random(in: 1...200, using: &generator)))
            default:
                file = (0..<Int.random(in: 0...500, using: &generator)).map { _ in
                    .random(in: 0...255, using: &generator)
                }
            }
            try Data(file).write(to: url)
            try await Self.judge(store, "k/é", body, "seed \(seed) round \(round)")
        }
        // A damaged object can be overwritten and deleted.
        try Data([1, 2, 3]).write(to: url)
        let refused = await #expect(throws: StoreError.self) { try await store.put("k/é", condition: .ifAbsent) }
        #expect(refused?.conflict == .etag(current: nil))
        try await store.put("k/é", "well again")
        #expect(try await store.text("k/é") == "well again")
        try Data([1, 2, 3]).write(to: url)
        #expect(try await store.delete("k/é"))
    }

    /// The error names the key, a delete of that key works, and the listing goes on from where it was.
    @Test func aListingGoesOnOnceTheDamagedObjectIsDeleted() async throws {
        let store = try await Store()
        let keys = ["a/1", "a/É", "b", "c"]
        for key in keys { try await store.put(key, "x") }
        let first = try await store.driver.list(ArtifactList(limit: 1), context: Store.context())
        #expect(first.objects.map(\.key) == ["a/1"])
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: store.path("a/É")))
        #expect(try await store.driver.list(ArtifactList(limit: 1), context: Store.context()).next == first.next)
        let rest = ArtifactList(cursor: first.next, limit: 10)
        let error = await #expect(throws: StoreError.self) {
            try await store.driver.list(rest, context: Store.context())
        }
        #expect(error?.code == .corrupt && error?.remedy?.contains("delete of its key") == true)
        let key = try #require(error?.resource)
        #expect(Array(key.utf8) == Array("a/É".utf8))
        #expect(try await store.delete(key))
        #expect(try await store.driver.list(rest, context: Store.context()).objects.map(\.key) == ["b", "c"])
    }

    /// Trailers whose hash is right but whose content is not: what chance does not find.
    @Test(arguments: [
        "", "{}", "[]", "null", "{\"key\":\"k\"}", "\u{0}",
        "{\"key\":1,\"etag\":\"e\",\"contentType\":\"t\",\"metadata\":[],\"modified\":1,\"sha256\":null}",
        "{\"key\":\"k\",\"etag\":\"e\",\"contentType\":\"t\",\"metadata\":[[1]],\"modified\":1,\"sha256\":null}",
        "{\"key\":\"k\",\"etag\":\"e\",\"contentType\":\"t\",\"metadata\":[],\"modified\":1e99,\"sha256\":null}",
        "{\"key\":\"other\",\"etag\":\"e\",\"contentType\":\"t\",\"metadata\":[],\"modified\":1,\"sha256\":null}",
    ])
    func forgedTrailers(_ json: String) async throws {
        let store = try await Store()
        for size in ["0000000000000000", "7fffffffffffffff", "ffffffffffffffff", "-000000000000001"] {
            let count = String(json.utf8.count, radix: 16)
            let line = "stores-file 1 \(size) \(String(repeating: "0", count: 8 - count.count))\(count) "
            let digest = SHA256Digest.hexadecimal(of: Array((json + line).utf8))
            try Data("\n\(json)\n\(line)\(digest)\n".utf8).write(to: URL(fileURLWithPath: store.path("k")))
            for operation in 0..<3 {
                let error = await #expect(throws: StoreError.self) {
                    switch operation {
                    case 0: _ = try await store.head("k")
                    case 1: _ = try await store.read("k")
                    default: _ = try await store.list()
                    }
                }
                #expect(error?.code == .corrupt)
            }
        }
    }

    @Test func aNewerFormatIsSaidSo() async throws {
        let store = try await Store()
        try await store.put("k", "x")
        let url = URL(fileURLWithPath: try store.path("k"))
        let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
        try Data(text.replacing("stores-file 1 ", with: "stores-file 2 ").utf8).write(to: url)
        let error = await #expect(throws: StoreError.self) { try await store.head("k") }
        #expect(error?.code == .schemaMismatch)
        #expect(error?.remedy != nil)
    }

    @Test func aFileThatShrinksWhileItIsReadIsCorrupt() async throws {
        let store = try await Store()
        _ = try await store.driver.put(
            ArtifactPut(key: "k"), body: Store.body([UInt8](repeating: 1, count: 2_000_000)), context: Store.context())
        let download = try #require(try await store.driver.get("k", range: nil, context: Store.context()))
        _ = try await download.chunks.next()
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: store.path("k")))
        try handle.truncate(atOffset: 600_000)
        try handle.close()
        let error = await #expect(throws: StoreError.self) { while try await download.chunks.next() != nil {} }
        #expect(error?.code == .corrupt)
    }

    @Test func linksAreNotFollowed() async throws {
        let store = try await Store()
        let outside = Store.newDirectory()
        try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: outside) }
        try await store.put("b/secret", "s")
        try FileManager.default.copyItem(atPath: store.path("b/secret"), toPath: "\(outside)/secret")
        let objects = "\(store.directory)/objects"
        try FileManager.default.createSymbolicLink(atPath: "\(objects)/out+", withDestinationPath: outside)
        try FileManager.default.createSymbolicLink(atPath: "\(objects)/link", withDestinationPath: "\(outside)/secret")
        for key in ["out/secret", "link"] {
            let error = await #expect(throws: StoreError.self) { try await store.read(key) }
            #expect(error?.code == .corrupt)
        }
        await #expect(throws: StoreError.self) { try await store.put("out/new", "x") }
        await #expect(throws: StoreError.self) { try await store.delete("out/secret") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside) == ["secret"])
        // The link itself may be replaced and deleted; what it points to stays.
        try await store.put("link", "mine")
        #expect(try await store.text("link") == "mine")
        #expect(FileManager.default.contents(atPath: "\(outside)/secret")?.first == UInt8(ascii: "s"))
    }
}
