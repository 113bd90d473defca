public import StoresCore

extension JSONPull {
    /// An array of numbers as floats, each the float nearest to its decimal.
    ///
    /// - Throws: `corrupt` for what is no array of numbers, and for numbers beyond the range of a float.
    public mutating func floats() throws(StoreError) -> [Float] {
        try enter(UInt8(ascii: "["), "an array of numbers")
        if take(UInt8(ascii: "]")) {
            leave()
            return []
        }
        var values: [Float] = []
        var problem: String?
        let end = bytes.withUnsafeBufferPointer { (buffer) -> Int in
            var scanner = FloatScanner(buffer, index)
            problem = scanner.values(into: &values)
            return scanner.index
        }
        index = end
        if let problem { throw error(problem) }
        leave()
        return values
    }
}

/// Reads numbers up to the end of an array. Works on the buffer itself: bounds are checked once for each byte here.
private struct FloatScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    var index: Int

    init(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) {
        self.bytes = bytes
        self.index = index
    }

    /// What is wrong, or nil once the closing bracket is read.
    mutating func values(into values: inout [Float]) -> String? {
        while true {
            skipSpace()
            guard let value = number() else { return "expected a number" }
            guard value.isFinite else { return "the number is out of range" }
            values.append(value)
            skipSpace()
            switch byte {
            case UInt8(ascii: ","): index += 1
            case UInt8(ascii: "]"):
                index += 1
                return nil
            default: return "expected ',' or ']'"
            }
        }
    }

    @inline(__always)
    private var byte: UInt8 { index < bytes.count ? bytes[index] : 0 }

    @inline(__always)
    private mutating func skipSpace() {
        while byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    private mutating func number() -> Float? {
        let start = index
        let isNegative = byte == UInt8(ascii: "-")
        if isNegative { index += 1 }
        var mantissa: UInt64 = 0
        var digits = 0
        let whole = index
        while byte &- UInt8(ascii: "0") < 10 {
            if digits < 19 { mantissa = mantissa &* 10 &+ UInt64(byte &- UInt8(ascii: "0")) }
            if mantissa != 0 { digits += 1 }
            index += 1
        }
        guard index > whole, bytes[whole] != UInt8(ascii: "0") || index == whole + 1 else { return nil }
        var exponent = 0
        if byte == UInt8(ascii: ".") {
            index += 1
            let fraction = index
            while byte &- UInt8(ascii: "0") < 10 {
                if digits < 19 {
                    mantissa = mantissa &* 10 &+ UInt64(byte &- UInt8(ascii: "0"))
                    exponent -= 1
                }
                if mantissa != 0 { digits += 1 }
                index += 1
            }
            guard index > fraction else { return nil }
        }
        if byte | 0x20 == UInt8(ascii: "e") {
            index += 1
            let isDown = byte == UInt8(ascii: "-")
            if isDown || byte == UInt8(ascii: "+") { index += 1 }
            let first = index
            var scale = 0
            while byte &- UInt8(ascii: "0") < 10 {
                if scale < 10_000 { scale = scale * 10 + Int(byte &- UInt8(ascii: "0")) }
                index += 1
            }
            guard index > first else { return nil }
            exponent += isDown ? -scale : scale
        }
        if digits <= 19, let value = Self.nearest(mantissa, exponent) { return isNegative ? -value : value }
        // Rare: more digits than fit, or a decimal that lies as good as half-way between two floats.
        return Float(String(decoding: bytes[start..<index], as: UTF8.self))
    }

    /// W. Clinger's fast path ("How to read floating point numbers accurately", PLDI 1990): both factors are exact
    /// doubles, so the double is the nearest. Rounded once more it is the nearest float too, unless it lies within a
    /// last place of half-way between two.
    @inline(__always)
    private static func nearest(_ mantissa: UInt64, _ exponent: Int) -> Float? {
        guard mantissa < 1 << 53, exponent >= -22, exponent <= 22 else { return mantissa == 0 ? 0 : nil }
        let double = exponent < 0 ? Double(mantissa) / powers[-exponent] : Double(mantissa) * powers[exponent]
        let tail = double.bitPattern & 0x1FFF_FFFF
        guard tail &- 0x0FFF_FFFF > 2, double >= 0x1p-125 || double == 0 else { return nil }
        return Float(double)
    }

    private static let powers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}
