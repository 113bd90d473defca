#if SQLite
import StoresCore

/// Looks into JSON text without building values: finds the value at a path and hands out its bytes.
///
/// Reads what ``JSONWriter`` writes, and JSON of others too (white space, escaped keys). Every access is within
/// bounds; damaged text gives `malformed`, never a trap.
struct JSONView {
    enum Failure: Error { case malformed }

    /// A value's bytes and what their first one says about it.
    struct Slice {
        enum Kind { case null, bool, number, string, array, object }
        var kind: Kind
        var bytes: UnsafeBufferPointer<UInt8>

        /// Decoded by the core's reader; nil when it is malformed.
        var value: Value? { try? JSONReader.value(from: Array(bytes)) }

        /// The text of a string without escapes, which is nearly every string.
        var plainString: UnsafeBufferPointer<UInt8>? {
            guard kind == .string, bytes.count >= 2 else { return nil }
            let text = UnsafeBufferPointer(rebasing: bytes[1..<bytes.count - 1])
            return text.contains(UInt8(ascii: "\\")) ? nil : text
        }

        /// The number, when it is a plain integer of at most 18 digits.
        var smallInteger: Int64? {
            guard kind == .number, bytes.count <= 18 else { return nil }
            var number: Int64 = 0
            let isNegative = bytes.first == UInt8(ascii: "-")
            for byte in bytes.dropFirst(isNegative ? 1 : 0) {
                guard byte &- UInt8(ascii: "0") < 10 else { return nil }
                number = number * 10 + Int64(byte &- UInt8(ascii: "0"))
            }
            return isNegative ? -number : number
        }
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private var index = 0

    /// The value at `path`, whose segments are UTF-8; nil when there is none.
    static func value(at path: [[UInt8]], in bytes: UnsafeBufferPointer<UInt8>) throws(Failure) -> Slice? {
        var view = JSONView(bytes: bytes)
        for segment in path {
            guard try view.enterObject(), try view.seek(segment) else { return nil }
        }
        return try view.slice()
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    private mutating func skipSpace() {
        while index < bytes.count, bytes[index] == 0x20 || (0x09...0x0D).contains(bytes[index]) { index += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func enterObject() throws(Failure) -> Bool {
        skipSpace()
        guard index < bytes.count else { throw .malformed }
        return take(UInt8(ascii: "{"))
    }

    /// Moves to the value of a key of the object that was entered.
    private mutating func seek(_ key: [UInt8]) throws(Failure) -> Bool {
        skipSpace()
        if take(UInt8(ascii: "}")) { return false }
        while true {
            skipSpace()
            let start = index
            try skipString()
            let isKey = Self.isKey(UnsafeBufferPointer(rebasing: bytes[start..<index]), key)
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw .malformed }
            if isKey { return true }
            _ = try slice()
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "}")) else { throw .malformed }
            return false
        }
    }

    private static func isKey(_ quoted: UnsafeBufferPointer<UInt8>, _ key: [UInt8]) -> Bool {
        let text = quoted.dropFirst().dropLast()
        if text.count == key.count { return text.elementsEqual(key) }
        // An escape takes more bytes than what it stands for.
        guard text.count > key.count, text.contains(UInt8(ascii: "\\")) else { return false }
        guard case .string(let decoded) = try? JSONReader.value(from: Array(quoted)) else { return false }
        return decoded.utf8.elementsEqual(key)
    }

    /// The value that begins here; moves behind it.
    private mutating func slice() throws(Failure) -> Slice {
        skipSpace()
        guard index < bytes.count else { throw .malformed }
        let start = index
        let kind: Slice.Kind
        switch bytes[index] {
        case UInt8(ascii: "\""):
            kind = .string
            try skipString()
        case UInt8(ascii: "{"):
            kind = .object
            try skipContainer()
        case UInt8(ascii: "["):
            kind = .array
            try skipContainer()
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            kind = .bool
            skipWord()
        case UInt8(ascii: "n"):
            kind = .null
            skipWord()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            kind = .number
            skipWord()
        default: throw .malformed
        }
        return Slice(kind: kind, bytes: UnsafeBufferPointer(rebasing: bytes[start..<index]))
    }

    private mutating func skipWord() {
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x09...0x0D: return
            default: index += 1
            }
        }
    }

    private mutating func skipString() throws(Failure) {
        guard take(UInt8(ascii: "\"")) else { throw .malformed }
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\"") { return }
            if byte == UInt8(ascii: "\\") { index += 1 }
        }
        throw .malformed
    }

    /// Skips to the bracket that closes the one that begins here.
    private mutating func skipContainer() throws(Failure) {
        var open = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                try skipString()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): open += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): open -= 1
            default: break
            }
            index += 1
            if open == 0 { return }
        }
        throw .malformed
    }
}
#endif
