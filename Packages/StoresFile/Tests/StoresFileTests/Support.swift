import Foundation
import Testing

@testable import StoresCore
@testable import StoresFile

/// A body of chunks made on demand.
struct Source: AsyncSequence, AsyncIteratorProtocol {
    typealias Element = [UInt8]
    var make: @Sendable (Int) async throws -> [UInt8]?
    var index = 0

    init(_ make: @escaping @Sendable (Int) async throws -> [UInt8]?) { self.make = make }

    func makeAsyncIterator() -> Source { self }

    mutating func next() async throws -> [UInt8]? {
        defer { index += 1 }
        return try await make(index)
    }
}

/// A store on a directory that goes with it.
final class Store: Sendable {
    let directory: String
    let backend: any StoreBackend
    let driver: any ArtifactDriver
    private let ownsDirectory: Bool

    init(_ directory: String? = nil, fsync: Bool = false, mode: SchemaMode = .create) async throws {
        ownsDirectory = directory == nil
        self.directory = directory ?? Store.newDirectory()
        let settings = try Settings(FileConfiguration.settings) { [directory = self.directory] in
            ["ARTIFACT_DIR": directory, "ARTIFACT_FSYNC": "\(fsync)"][$0.variable]
        }
        backend = try StoresFile.open(
            AdapterContext(name: "file", tiers: [.artifact], settings: settings, schemaMode: mode))
        driver = try #require(backend.artifact)
        try await backend.start(context: Store.context())
    }

    deinit {
        if ownsDirectory { try? FileManager.default.removeItem(atPath: directory) }
    }

    static func newDirectory() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent("stores-file-\(UUID().uuidString)").path
    }

    static func context(_ time: Duration = .seconds(60)) -> CallContext { CallContext(deadline: .after(time)) }

    var root: FileRoot { FileRoot(path: directory, fsync: false) }

    static func body(_ bytes: [UInt8]) -> ArtifactBody {
        body(Source { $0 == 0 && !bytes.isEmpty ? bytes : nil })
    }

    static func body(_ source: sending Source, time: Duration = .seconds(60)) -> ArtifactBody {
        ArtifactBody(source, deadline: .after(time), maxSize: nil)
    }

    @discardableResult
    func put(
        _ key: String, _ text: String = "", condition: ArtifactCondition = .none, metadata: [String: String] = [:]
    ) async throws(StoreError) -> ArtifactInfo {
        try await driver.put(
            ArtifactPut(key: key, contentType: "text/plain", metadata: metadata, condition: condition),
            body: Store.body(Array(text.utf8)), context: Store.context())
    }

    func read(_ key: String, range: ByteRange? = nil) async throws(StoreError) -> [UInt8]? {
        guard let download = try await driver.get(key, range: range, context: Store.context()) else { return nil }
        var bytes: [UInt8] = []
        while let chunk = try await download.chunks.next() { bytes += chunk }
        return bytes
    }

    func text(_ key: String) async throws(StoreError) -> String? {
        try await read(key).map { String(decoding: $0, as: UTF8.self) }
    }

    func head(_ key: String) async throws(StoreError) -> ArtifactInfo? {
        try await driver.head(key, context: Store.context())
    }

    func delete(_ key: String) async throws -> Bool {
        try await driver.delete([key], context: Store.context())[0].get()
    }

    /// All pages of a listing: keys, common prefixes, and the number of pages.
    func list(
        _ prefix: String = "", delimiter: String? = nil, limit: Int = 1000
    ) async throws(StoreError) -> (keys: [String], prefixes: [String], pages: Int) {
        var (keys, prefixes, pages, cursor): ([String], [String], Int, Cursor?) = ([], [], 0, nil)
        repeat {
            let page = try await driver.list(
                ArtifactList(prefix: prefix, delimiter: delimiter, cursor: cursor, limit: limit),
                context: Store.context())
            keys += page.objects.map(\.key)
            prefixes += page.commonPrefixes
            pages += 1
            cursor = page.next
        } while cursor != nil && pages < 10_000
        return (keys, prefixes, pages)
    }

    /// Where a key's file is.
    func path(_ key: String) throws -> String { "\(directory)/\(try FileLayout.place(of: key).path)" }

    var temporaries: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: "\(directory)/temporary") }
    }

    /// Every file below `objects/`, and every directory.
    var tree: [String] {
        get throws { try FileManager.default.subpathsOfDirectory(atPath: "\(directory)/objects") }
    }
}

/// SplitMix64: the same numbers for the same seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}

extension [String] {
    var inByteOrder: [String] { sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
}

/// Swift's `==` on strings knows canonical equivalence; keys are bytes.
func sameBytes(_ a: [String], _ b: [String]) -> Bool {
    a.map { Array($0.utf8) } == b.map { Array($0.utf8) }
}

enum Keys {
    static let hostile: [String] = [
        "a", "A", "a/b", "A/b", "a/B", "a//b", "a//", "a/", "/", "//", "/a", "é", "e\u{301}", "É", "e\u{301}/x", "é/x",
        ".hidden", "...", "a/.../b", "..a", "a..", ".a/.b", "%", "%%", "%61", "+", "++", "a+", "a++", "+a", "%2e", "*",
        "?", "a b", " ", "\t", "\n", "\u{1}", "\u{7F}", "a\\b", "'", "\"", "a'; drop table", "$HOME", "`id`", "~",
        "-rf",
        "\u{202E}abc", "👩‍👩‍👧‍👦", "日本語/ファイル.txt", "con", "nul.txt", "objects", "locks/0", "temporary", "stores-file.json",
        "LICENSE", "README.md", "report 2026 (final).PDF", "a-b", "a.b", "a0", "a!",
        String(repeating: "x", count: 80), String(repeating: "x", count: 81), String(repeating: "x", count: 1024),
        String(repeating: "x", count: 80) + "/y", String(repeating: "x", count: 80) + "!",
        String(repeating: "x", count: 80) + "0", String(repeating: "x", count: 160) + "/z",
        String(repeating: "é", count: 512), String(repeating: "/", count: 1024), String(repeating: "A/", count: 512),
        String(repeating: "\u{1}", count: 1024), String(repeating: "日", count: 341),
    ]

    private static let alphabet: [String] = [
        "a", "b", "A", "/", "/", "-", "!", "0", ".x", "é", "e\u{301}", "+", "%", "👍",
    ]

    static func random(_ generator: inout SeededGenerator) -> String {
        while true {
            var key = ""
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                key += alphabet.randomElement(using: &generator) ?? "a"
                if Int.random(in: 0..<16, using: &generator) == 0 {
                    key += String(repeating: "x", count: [79, 80, 81, 160].randomElement(using: &generator) ?? 80)
                }
            }
            if (try? FileLayout.place(of: key)) != nil { return key }
        }
    }
}
