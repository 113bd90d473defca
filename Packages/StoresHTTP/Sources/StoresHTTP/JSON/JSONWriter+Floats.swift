public import StoresCore

/// What requests are made of: raw JSON, and arrays of floats without a string or a box for each.
extension JSONWriter {
    /// Appends what is JSON already.
    public mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    public mutating func append(_ value: Int) {
        // Nineteen digits and a sign.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { buffer in
            var start = buffer.endIndex
            var rest = value.magnitude
            repeat {
                start -= 1
                buffer[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if value < 0 {
                start -= 1
                buffer[start] = UInt8(ascii: "-")
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[start...]))
        }
    }

    /// A JSON array of numbers, each in the shortest form that reads back as the same float.
    public mutating func append(_ values: [Float]) {
        bytes.append(UInt8(ascii: "["))
        let part = 512
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: part * (FloatDecimal.maxBytes + 1)) { buffer in
            guard let start = buffer.baseAddress else { return }
            var index = 0
            while index < values.count {
                var end = start
                for value in values[index..<min(index + part, values.count)] {
                    end += FloatDecimal.write(value, to: end)
                    end.pointee = UInt8(ascii: ",")
                    end += 1
                }
                bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: end - start))
                index += part
            }
        }
        if values.isEmpty {
            bytes.append(UInt8(ascii: "]"))
        } else {
            bytes[bytes.count - 1] = UInt8(ascii: "]")
        }
    }

    /// A JSON string with the floats' bits, little-endian, in base64 (RFC 4648, with padding).
    public mutating func appendBase64(_ values: [Float]) {
        bytes.append(UInt8(ascii: "\""))
        // Three floats are sixteen characters.
        let part = 3 * 64
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: part / 3 * 16) { buffer in
            var index = 0
            while index + 3 <= values.count {
                var end = 0
                while end < buffer.count, index + 3 <= values.count {
                    Base64.write(
                        values[index].bitPattern, values[index + 1].bitPattern, values[index + 2].bitPattern,
                        to: buffer, at: end)
                    index += 3
                    end += 16
                }
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[..<end]))
            }
            guard index < values.count else { return }
            let isAlone = index + 1 == values.count
            Base64.write(
                values[index].bitPattern, isAlone ? 0 : values[index + 1].bitPattern, 0, to: buffer, at: 0)
            // Four bytes are six characters and padding, eight are eleven.
            let count = isAlone ? 6 : 11
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[..<count]))
            for _ in 0..<(isAlone ? 2 : 1) { bytes.append(UInt8(ascii: "=")) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A JSON array of strings.
    public mutating func append(_ texts: [String]) {
        list(texts) { $0.append($1) }
    }

    /// A JSON array of whatever `write` makes of each item.
    public mutating func list<Items: Sequence>(_ items: Items, _ write: (inout JSONWriter, Items.Element) -> Void) {
        bytes.append(UInt8(ascii: "["))
        var isFirst = true
        for item in items {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            write(&self, item)
        }
        bytes.append(UInt8(ascii: "]"))
    }
}

enum Base64 {
    /// Twelve bytes, the little-endian ones of three words, as sixteen characters.
    @inline(__always)
    static func write(
        _ a: UInt32, _ b: UInt32, _ c: UInt32, to out: UnsafeMutableBufferPointer<UInt8>, at start: Int
    ) {
        let (a, b, c) = (a.byteSwapped, b.byteSwapped, c.byteSwapped)
        four(a >> 8, out, start)
        four(a << 16 | b >> 16, out, start + 4)
        four(b << 8 | c >> 24, out, start + 8)
        four(c, out, start + 12)
    }

    /// The lower 24 bits.
    @inline(__always)
    private static func four(_ bits: UInt32, _ out: UnsafeMutableBufferPointer<UInt8>, _ start: Int) {
        out[start] = digit(bits >> 18)
        out[start + 1] = digit(bits >> 12)
        out[start + 2] = digit(bits >> 6)
        out[start + 3] = digit(bits)
    }

    @inline(__always)
    private static func digit(_ bits: UInt32) -> UInt8 { digits.utf8Start[Int(bits & 63)] }

    private static let digits: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
}
