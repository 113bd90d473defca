import StoresCore
import Testing

@testable import StoresHTTP

/// Floats to decimals and back, compared with the standard library bit by bit.
@Suite struct FloatTests {
    private static let edges: [Float] = [
        0, -0.0, 1, -1, 0.1, 1 / 3, 123_456.79, 16_777_215, 16_777_216, 16_777_218, 9_999_999, 1e10, 1.5e10, 1e-4, 1e-5,
        0.000123, .leastNonzeroMagnitude, .leastNormalMagnitude, .leastNormalMagnitude.nextDown,
        .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0x1p-126, 0x1p127, 0x1p24, 8.589_973e9, 1e38, 0x1p-140,
    ]

    private static func text(_ values: [Float]) -> String {
        var writer = JSONWriter()
        writer.append(values)
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    @Test func theShortestDecimalReadsBack() throws {
        var random = SystemRandomNumberGenerator()
        var values = Self.edges
        while values.count < 40_000 {
            let value = Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random))
            if value.isFinite { values.append(value) }
        }
        for _ in 0..<20_000 { values.append(Float.random(in: -1...1, using: &random)) }
        let text = Self.text(values)
        let read = try JSONPull.read(Array(text.utf8)) { pull throws(StoreError) in try pull.floats() }
        #expect(read.map(\.bitPattern) == values.map(\.bitPattern))
        // The standard library writes the shortest digits too: as many as ours.
        for (value, part) in zip(values, text.dropFirst().dropLast().split(separator: ",")) {
            guard Float(String(part)) == value, Self.digits(part) == Self.digits(value.description) else {
                Issue.record("\(value) became \(part)")
                return
            }
        }
    }

    /// Significant digits, without leading and trailing zeros, point, sign and exponent.
    private static func digits(_ text: some StringProtocol) -> String {
        let mantissa = text.prefix { $0 != "e" }.filter(\.isNumber)
        return String(mantissa.drop { $0 == "0" }.reversed().drop { $0 == "0" }.reversed())
    }

    @Test func formsAreJSON() {
        #expect(
            Self.text([1, -0.0, 0.5, 100, 1.5e-7, 1e20, 0.001, 12.25, .nan, .infinity])
                == "[1,-0.0,0.5,100,1.5e-7,1e20,0.001,12.25,null,null]")
        #expect(Self.text([]) == "[]")
        #expect(Self.text(Array(repeating: 0.25, count: 1025)).utf8.count == 1025 * 5 + 1)
    }

    @Test func decimalsOfOthersAreReadToTheNearestFloat() throws {
        var random = SystemRandomNumberGenerator()
        var texts = [
            "0", "-0", "-0.0", "1e0", "1E+2", "1e-45", "7e-46", "1.17549435e-38", "0.00000000000000000000000000000001",
            "3.4028234663852886e38", "123456789012345678901234567890", "0.1000000014901161193847656250000001",
            "16777217", "16777219", "1.00000005960464477539062500", "1.000000059604644775390625001",
        ]
        for _ in 0..<20_000 {
            let double =
                Double(Float.random(in: -2...2, using: &random)) + Double.random(in: -1e-9...1e-9, using: &random)
            texts.append("\(double)")
        }
        let json = "[\n " + texts.joined(separator: " ,\t") + " ]"
        let read = try JSONPull.read(Array(json.utf8)) { pull throws(StoreError) in try pull.floats() }
        for (text, value) in zip(texts, read) where Float(text)?.bitPattern != value.bitPattern {
            Issue.record("\(text) was read as \(value)")
        }
    }

    @Test(arguments: [
        "[1,]", "[,1]", "[1 2]", "[01]", "[1.]", "[.5]", "[1e]", "[+1]", "[1", "[", "1", "[\"1\"]", "[null]", "[1e39]",
        "[NaN]", "[--1]", "[1]x",
    ])
    func whatIsNoArrayOfFloatsIsRefused(_ text: String) {
        let error = #expect(throws: StoreError.self) {
            try JSONPull.read(Array(text.utf8)) { pull throws(StoreError) in try pull.floats() }
        }
        #expect(error?.code == .corrupt)
    }

    @Test func base64IsTheBitsInOrder() {
        var writer = JSONWriter()
        writer.appendBase64([1, 2, 3])
        writer.appendBase64([1])
        writer.appendBase64([-0.5, 0.1])
        writer.appendBase64([])
        #expect(
            String(decoding: writer.finish(), as: UTF8.self)
                == "\"AACAPwAAAEAAAEBA\"\"AACAPw==\"\"AAAAv83MzD0=\"\"\"")
    }
}
