public import StoresCore

/// What requests are made of: raw JSON, and arrays of floats without a string or a box for each.
extension JSONWriter {
    /// Appends what is JSON already.
    public mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    public mutating func append(_ value: Int) {
        bytes.append(contentsOf: String(value).utf8)
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
        bytes.reserveCapacity(bytes.count + (values.count * 4 + 2) / 3 * 4 + 1)
        var pending: UInt32 = 0
        var count = 0
        for value in values {
            var bits = value.bitPattern
            for _ in 0..<4 {
                pending = pending << 8 | bits & 0xFF
                bits >>= 8
                count += 1
                guard count == 3 else { continue }
                for shift in [18, 12, 6, 0] as [UInt32] { bytes.append(Base64.digits[Int(pending >> shift & 63)]) }
                (pending, count) = (0, 0)
            }
        }
        if count > 0 {
            pending <<= UInt32(8 * (3 - count))
            for place in 0..<4 {
                bytes.append(
                    place <= count ? Base64.digits[Int(pending >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
            }
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
    static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
}
