import Foundation
import StoresCore
import Testing

@testable import StoresFile

@Suite struct LayoutTests {
    static func decoded(_ name: String) -> FileLayout.Name? {
        Array(name.utf8).withUnsafeBufferPointer { FileLayout.decode($0) }
    }

    /// The key of a place, from its names alone.
    static func key(_ place: FileLayout.Place) -> [UInt8]? {
        var bytes: [UInt8] = []
        for name in place.directories {
            guard let decoded = decoded(name), decoded.kind != .file else { return nil }
            bytes += decoded.bytes + (decoded.kind == .directory ? [UInt8(ascii: "/")] : [])
        }
        guard let file = decoded(place.file), file.kind == .file else { return nil }
        return bytes + file.bytes
    }

    @Test(arguments: Keys.hostile) func hostileKeysRoundTrip(_ key: String) throws {
        let place = try FileLayout.place(of: key)
        #expect(Self.key(place) == Array(key.utf8))
        for name in place.directories + [place.file] {
            #expect(name.utf8.count <= 242)
            #expect(name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") })
            #expect(!name.hasPrefix("."))
            #expect(name == name.lowercased())
        }
    }

    @Test(arguments: 0..<20) func randomKeysRoundTripToDistinctPlaces(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed)
        var places: [FileLayout.Place: [UInt8]] = [:]
        for _ in 0..<500 {
            let key = Keys.random(&generator)
            let place = try FileLayout.place(of: key)
            #expect(Self.key(place) == Array(key.utf8))
            let other = places.updateValue(Array(key.utf8), forKey: place)
            #expect(other == nil || other == Array(key.utf8))
        }
    }

    @Test(arguments: 0..<20) func onlyOneNameForTheSameBytes(_ seed: UInt64) {
        var generator = SeededGenerator(seed)
        let alphabet = Array("ab+%4e2fz.0A-\u{7F} ~".utf8)
        var accepted = 0
        for _ in 0..<5000 {
            let raw = (0..<Int.random(in: 0...7, using: &generator)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            guard let name = raw.withUnsafeBufferPointer({ FileLayout.decode($0) }) else { continue }
            accepted += 1
            let suffix = [.file: "", .directory: "+", .continued: "++"][name.kind] ?? ""
            #expect(FileLayout.encode(name.bytes[...]) + suffix == String(decoding: raw, as: UTF8.self))
        }
        #expect(accepted > 100)
    }

    @Test(arguments: [
        "", ".", "..", "a/..", "../a", "a/./b", "./a", "a\0b", "../\u{301}a", String(repeating: "x", count: 1025),
    ])
    func refusedKeys(_ key: String) {
        let error = #expect(throws: FileError.self) { try FileLayout.place(of: key) }
        #expect(error?.storeError.code == .invalidArgument)
    }

    @Test func legibleNames() throws {
        #expect(try FileLayout.place(of: "reports/2026/README.md").path == "objects/reports+/2026+/+r+e+a+d+m+e.md")
        #expect(try FileLayout.place(of: "a//é").path == "objects/a+/%+/%c3%a9")
    }
}
