import Foundation
import Testing

@testable import StoresCore
@testable import StoresFile

@Suite struct ListTests {
    /// What a listing is, said simply.
    static func model(_ keys: [String], _ prefix: String, _ delimiter: String?) -> (keys: [String], prefixes: [String])
    {
        var (found, common): ([String], [[UInt8]]) = ([], [])
        for key in keys.inByteOrder {
            let (bytes, start) = (Array(key.utf8), Array(prefix.utf8))
            guard bytes.starts(with: start) else { continue }
            let rest = Data(bytes.dropFirst(start.count))
            if let delimiter, let range = rest.range(of: Data(delimiter.utf8)) {
                let end = start + Array(rest[..<range.upperBound])
                if common.last != end { common.append(end) }
            } else {
                found.append(key)
            }
        }
        return (found, common.map { String(decoding: $0, as: UTF8.self) })
    }

    @Test(arguments: 0..<12) func listingsAgreeWithTheModel(_ seed: UInt64) async throws {
        var generator = SeededGenerator(seed)
        let store = try await Store()
        var keys: [[UInt8]: String] = [:]
        for _ in 0..<120 {
            let key = Keys.random(&generator)
            keys[Array(key.utf8)] = key
        }
        for key in keys.values { try await store.put(key) }
        let all = Array(keys.values)
        for _ in 0..<60 {
            let base = Array((all.randomElement(using: &generator) ?? "").unicodeScalars)
            var prefix = ""
            prefix.unicodeScalars.append(contentsOf: base.prefix(Int.random(in: 0...base.count, using: &generator)))
            if Bool.random(using: &generator) { prefix = String(prefix.prefix(2)) }
            let delimiter = [nil, "/", "/", "a", "é", "xx", "-/", "//", "👍"].randomElement(using: &generator) ?? nil
            let limit = Int.random(in: 1...20, using: &generator)
            let found = try await store.list(prefix, delimiter: delimiter, limit: limit)
            let wanted = Self.model(all, prefix, delimiter)
            #expect(
                sameBytes(found.keys, wanted.keys), "prefix \(prefix.debugDescription) \(delimiter ?? "-") \(limit)")
            #expect(
                sameBytes(found.prefixes, wanted.prefixes),
                "prefix \(prefix.debugDescription) \(delimiter ?? "-") \(limit)")
            let count = wanted.keys.count + wanted.prefixes.count
            #expect(found.pages == max(1, (count + limit - 1) / limit))
        }
    }

    @Test func manyNamesInOneDirectoryArePagedInOrder() async throws {
        let store = try await Store()
        let keys = (0..<700).map { "d/\($0 * 7919 % 1000)-\($0)" }
        for key in keys { try await store.put(key) }
        #expect(try await store.list("d/", limit: 9).keys == keys.inByteOrder)
        #expect(try await store.list("", delimiter: "/", limit: 1).prefixes == ["d/"])
        let groups = try await store.list("d/", delimiter: "-", limit: 5)
        #expect(groups.prefixes == Set(keys.map { String($0.prefix { $0 != "-" }) + "-" }).sorted())
    }

    @Test func aCursorStaysValidUnderChanges() async throws {
        let store = try await Store()
        for index in 10..<30 { try await store.put("k/\(index)") }
        let first = try await store.driver.list(ArtifactList(prefix: "k/", limit: 5), context: Store.context())
        #expect(first.objects.map(\.key) == (10..<15).map { "k/\($0)" })
        // The cursor's own key goes, keys on both sides come and go.
        for key in ["k/14", "k/10", "k/17"] { _ = try await store.delete(key) }
        for key in ["k/13a", "k/14a", "k/31"] { try await store.put(key) }
        let rest = try await store.driver.list(
            ArtifactList(prefix: "k/", cursor: first.next, limit: 100), context: Store.context())
        #expect(rest.objects.map(\.key) == ["k/14a", "k/15", "k/16"] + (18..<30).map { "k/\($0)" } + ["k/31"])
        #expect(rest.next == nil)
    }

    @Test(arguments: ["", "x", "f1.", "f1.zz", "f1.6", "f2.6b", "f1.6b", "f1.ff", "k/1"])
    func aForeignCursorIsRefused(_ text: String) async throws {
        let store = try await Store()
        let error = await #expect(throws: StoreError.self) {
            try await store.driver.list(
                ArtifactList(prefix: "k/", cursor: Cursor(rawValue: text), limit: 5), context: Store.context())
        }
        #expect(error?.code == .invalidArgument)
    }

    @Test func aNarrowPrefixDoesNotLookElsewhere() async throws {
        let store = try await Store()
        for key in ["a/1", "b/1", "b/2", "c/1"] { try await store.put(key) }
        for key in ["a/1", "b/2", "c/1"] { try Data().write(to: URL(fileURLWithPath: store.path(key))) }
        #expect(try await store.list("b/1").keys == ["b/1"])
        // Rolled up, an object isn't opened either.
        #expect(try await store.list("", delimiter: "/").prefixes == ["a/", "b/", "c/"])
        let error = await #expect(throws: StoreError.self) { try await store.list("b/") }
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains("objects/b+/2") == true)
    }

    @Test func emptyDirectoriesAndStrayFilesAreNotListed() async throws {
        let store = try await Store()
        let objects = "\(store.directory)/objects"
        for name in ["a+/b+", "c+", "d+"] {
            try FileManager.default.createDirectory(atPath: "\(objects)/\(name)", withIntermediateDirectories: true)
        }
        for name in [".DS_Store", "UPPER", "x y", "%", "a+/%zz", "d+/%2e%2e"] where name != "%" {
            try Data().write(to: URL(fileURLWithPath: "\(objects)/\(name)"))
        }
        try await store.put("d/e")
        #expect(try await store.list(delimiter: "/").prefixes == ["d/"])
        #expect(try await store.list().keys == ["d/e"])
    }
}
