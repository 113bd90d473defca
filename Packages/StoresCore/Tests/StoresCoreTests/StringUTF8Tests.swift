@_spi(Bytes) import StoresCore
import Testing

@Suite struct StringUTF8Tests {
    private func text(_ bytes: [UInt8]) -> String? { bytes.withUnsafeBytes { String(utf8: $0) } }

    @Test(arguments: [
        "", "a", "fifteen bytes..", "sixteen bytes...", String(repeating: "long ", count: 2000), "é", "\u{7FF}\u{800}",
        "\u{D7FF}\u{E000}", "\u{FFFF}\u{10000}\u{10FFFF}", "\u{FFFD}", "e\u{301}", "\u{FEFF}a", "a\u{0}b", "👩‍👩‍👧",
        String(repeating: "a", count: 1000) + "ü",
    ])
    func goodBytesStayAsTheyAre(_ good: String) {
        let found = text(Array(good.utf8))
        #expect(found.map { Array($0.utf8) } == Array(good.utf8))
    }

    @Test(
        arguments: [
            // Alone in place of a first byte.
            [0x80], [0xBF], [0xFE], [0xFF],
            // Longer than need be: "/" and NUL in two, three and four bytes, U+7FF in three, U+FFFF in four.
            [0xC0, 0xAF], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0xAF], [0xE0, 0x9F, 0xBF], [0xF0, 0x80, 0x80, 0xAF],
            [0xF0, 0x8F, 0xBF, 0xBF],
            // Surrogates: the first, the last, a pair of them.
            [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80],
            // Beyond U+10FFFF, and of five bytes.
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80],
            // Cut off.
            [0xC3], [0xE2, 0x82], [0xE2], [0xF0, 0x9F, 0x98], [0xF0, 0x9F], [0xF0],
            // Cut off by the next.
            [0xC3, 0x41], [0xE2, 0x82, 0xC3, 0xA9],
        ] as [[UInt8]])
    func badBytesAreNoText(_ bad: [UInt8]) {
        #expect(text(bad) == nil)
        for filling in [1, 13, 16, 1000] {
            let some = [UInt8](repeating: UInt8(ascii: "a"), count: filling)
            #expect(text(some + bad) == nil)
            #expect(text(bad + some) == nil)
            #expect(text(some + bad + some) == nil)
            #expect(text(Array("é".utf8) + some + bad) == nil)
        }
    }

    @Test func asTheStandardLibraryHasIt() {
        var random = SeededGenerator(8)
        let pieces: [[UInt8]] = [
            [0x41], [0x7F], [0x80], [0xA0], [0xBF], [0xC2], [0xC3, 0xA9], [0xE0], [0xE2, 0x82, 0xAC], [0xED], [0xF0],
            [0xF0, 0x9F, 0x98, 0x80], [0xF4], [0x90], [0x8F], [0xEF, 0xBF, 0xBD],
        ]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...8, using: &random)).flatMap { _ in
                pieces[Int.random(in: 0..<pieces.count, using: &random)]
            }
            #expect(
                text(bytes).map { Array($0.utf8) } == String(validating: bytes, as: UTF8.self).map { Array($0.utf8) })
        }
    }

    @Test func onlyTheSameBytesAreTheSame() {
        Array("é".utf8).withUnsafeBytes { bytes in
            #expect("é".hasBytes(bytes))
            #expect(!"e\u{301}".hasBytes(bytes))
            #expect(!"".hasBytes(bytes))
        }
        #expect("".hasBytes(UnsafeRawBufferPointer(start: nil, count: 0)))
        #expect(String(utf8: UnsafeRawBufferPointer(start: nil, count: 0)) == "")
    }
}
