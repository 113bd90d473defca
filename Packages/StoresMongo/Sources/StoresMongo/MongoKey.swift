/// How keys and names become text that MongoDB orders and bounds as the stores need it.
enum MongoKey {
    /// Ends a part of a key: a scope's segment, a field path's segment.
    static let end: UInt8 = 1
    private static let escape: UInt8 = 2

    /// Appends a part such that the order of the whole is the order of the parts, by bytes: the control characters 0
    /// to 2 are written as two, and no part holds ``end``.
    static func append(_ part: some Sequence<UInt8>, to key: inout [UInt8]) {
        for byte in part {
            if byte > escape {
                key.append(byte)
            } else {
                key.append(escape)
                key.append(byte + 1)
            }
        }
    }

    /// Keys begin a range with these bytes and end it before those: what begins with the prefix. The last byte of a
    /// prefix is never 0xFF, since it is the end of a part or of UTF-8.
    static func range(_ prefix: [UInt8]) -> BSONDocument {
        ["$gte": .string(text(prefix)), "$lt": .string(text(after(prefix)))]
    }

    /// The least key that comes after all that begin with the prefix, which ends with an ASCII character.
    static func after(_ prefix: [UInt8]) -> [UInt8] {
        var end = prefix
        if let last = end.popLast() { end.append(last &+ 1) }
        return end
    }

    /// The least text that comes after all that begin with these bytes: the last character that has a successor is
    /// replaced by it.
    static func next(_ prefix: [UInt8]) -> String {
        var scalars = Array(text(prefix).unicodeScalars)
        while let last = scalars.popLast() {
            // Surrogates are no characters.
            let following = last.value == 0xD7FF ? 0xE000 : last.value + 1
            if let scalar = Unicode.Scalar(following) {
                scalars.append(scalar)
                break
            }
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// A name of the caller's as the name of a field: `%`, `.` and a leading `$` are written as `%25`, `%2E` and `%24`,
    /// so that no server takes it for an operator or a path. The empty name is `%`.
    static func fieldName(_ name: String) -> String {
        if name.isEmpty { return "%" }
        var bytes: [UInt8] = []
        for (place, byte) in name.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "%"): bytes.append(contentsOf: "%25".utf8)
            case UInt8(ascii: "."): bytes.append(contentsOf: "%2E".utf8)
            case UInt8(ascii: "$") where place == 0: bytes.append(contentsOf: "%24".utf8)
            default: bytes.append(byte)
            }
        }
        return bytes.count == name.utf8.count ? name : text(bytes)
    }

    /// The inverse of ``fieldName(_:)``; what others wrote is taken as it is.
    static func name(_ field: String) -> String {
        guard field.utf8.contains(UInt8(ascii: "%")) else { return field }
        if field == "%" { return "" }
        let source = Array(field.utf8)
        var bytes: [UInt8] = []
        var at = 0
        while at < source.count {
            let known: UInt8? =
                at + 2 < source.count && source[at] == UInt8(ascii: "%")
                ? [
                    Array("25".utf8): UInt8(ascii: "%"), Array("2E".utf8): UInt8(ascii: "."),
                    Array("24".utf8): UInt8(ascii: "$"),
                ][Array(source[(at + 1)...(at + 2)])] : nil
            bytes.append(known ?? source[at])
            at += known == nil ? 1 : 3
        }
        return text(bytes)
    }
}
