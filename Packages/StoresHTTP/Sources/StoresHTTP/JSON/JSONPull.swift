public import StoresCore

/// Reads a JSON reply piece by piece, without a tree (RFC 8259): most of a reply is floats, which go straight into
/// an array.
///
/// Keys are visited in the order in which they come; what a reader does not know it skips. At most 128 levels deep.
public struct JSONPull {
    let bytes: [UInt8]
    var index = 0
    private var depth = 0

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads a whole reply: `read` takes the value, and after it only white space may come.
    ///
    /// - Throws: `corrupt` with the byte offset, for what is no JSON or not what `read` wants.
    public static func read<T>(
        _ bytes: [UInt8], _ read: (inout JSONPull) throws(StoreError) -> T
    ) throws(StoreError) -> T {
        var pull = JSONPull(bytes)
        let value = try read(&pull)
        pull.skipSpace()
        guard pull.index == bytes.count else { throw pull.error("expected the end") }
        return value
    }

    public func error(_ problem: String) -> StoreError {
        StoreError(
            .corrupt, "the reply is not what was expected, at byte \(index): \(problem)",
            remedy: "look whether the URL leads to the server itself, of a version that the documentation names")
    }

    // MARK: Values

    /// Visits each key of an object. `field` reads the value or skips it.
    public mutating func object(
        _ field: (inout JSONPull, String) throws(StoreError) -> Void
    ) throws(StoreError) {
        try enter(UInt8(ascii: "{"), "an object")
        if take(UInt8(ascii: "}")) { return leave() }
        while true {
            skipSpace()
            let key = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error("expected ':'") }
            try field(&self, key)
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "}")) else { throw error("expected ',' or '}'") }
            return leave()
        }
    }

    /// Visits each element of an array.
    public mutating func array(_ element: (inout JSONPull) throws(StoreError) -> Void) throws(StoreError) {
        try enter(UInt8(ascii: "["), "an array")
        if take(UInt8(ascii: "]")) { return leave() }
        while true {
            try element(&self)
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "]")) else { throw error("expected ',' or ']'") }
            return leave()
        }
    }

    /// An array as a list of what `element` reads.
    public mutating func list<T>(_ element: (inout JSONPull) throws(StoreError) -> T) throws(StoreError) -> [T] {
        var items: [T] = []
        try array { pull throws(StoreError) in items.append(try element(&pull)) }
        return items
    }

    /// Nil for `null`, and what `read` reads for anything else.
    public mutating func optional<T>(_ read: (inout JSONPull) throws(StoreError) -> T) throws(StoreError) -> T? {
        if takeNull() { return nil }
        return try read(&self)
    }

    /// Whether the next value is `null`, which is then read.
    public mutating func takeNull() -> Bool { takeWord("null") }

    public mutating func bool() throws(StoreError) -> Bool {
        if takeWord("true") { return true }
        if takeWord("false") { return false }
        throw error("expected true or false")
    }

    public mutating func int() throws(StoreError) -> Int64 {
        let text = try numeral()
        if let value = Int64(text) { return value }
        if let double = Double(text), let value = Int64(exactly: double) { return value }
        throw error("expected a whole number")
    }

    public mutating func double() throws(StoreError) -> Double {
        guard let value = Double(try numeral()), value.isFinite else { throw error("the number is out of range") }
        return value
    }

    /// A number as JSON readers tell them apart: without fraction and exponent, if it fits, an integer.
    public mutating func number() throws(StoreError) -> Value {
        let text = try numeral()
        if let integer = Int64(text) { return .int(integer) }
        guard let double = Double(text), double.isFinite else { throw error("the number is out of range") }
        return .double(double)
    }

    /// What comes next, for values that may be of several kinds: the first byte, or nil at the end.
    public mutating func peek() -> UInt8? {
        skipSpace()
        return index < bytes.count ? bytes[index] : nil
    }

    /// A value of any kind, as a tree: for the small parts of a reply.
    public mutating func value() throws(StoreError) -> Value {
        switch peek() {
        case UInt8(ascii: "{"):
            var fields: Metadata = [:]
            try object { pull, key throws(StoreError) in fields[key] = try pull.value() }
            return .object(fields)
        case UInt8(ascii: "["): return .array(try list { pull throws(StoreError) in try pull.value() })
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool(try bool())
        case UInt8(ascii: "n"):
            guard takeNull() else { throw error("expected a value") }
            return .null
        default: return try number()
        }
    }

    /// Reads a value of any kind and forgets it.
    public mutating func skip() throws(StoreError) {
        switch peek() {
        case UInt8(ascii: "{"): try skipObject()
        case UInt8(ascii: "["): try array { pull throws(StoreError) in try pull.skip() }
        case UInt8(ascii: "\""): try skipString()
        case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try bool()
        case UInt8(ascii: "n"): guard takeNull() else { throw error("expected a value") }
        default: _ = try numeral()
        }
    }

    private mutating func skipObject() throws(StoreError) {
        try enter(UInt8(ascii: "{"), "an object")
        if take(UInt8(ascii: "}")) { return leave() }
        while true {
            skipSpace()
            try skipString()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error("expected ':'") }
            try skip()
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "}")) else { throw error("expected ',' or '}'") }
            return leave()
        }
    }

    // MARK: Pieces

    mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: return
            }
        }
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        skipSpace()
        let count = word.utf8CodeUnitCount
        guard bytes.count - index >= count else { return false }
        for offset in 0..<count where bytes[index + offset] != word.utf8Start[offset] { return false }
        index += count
        return true
    }

    mutating func enter(_ byte: UInt8, _ what: String) throws(StoreError) {
        skipSpace()
        guard take(byte) else { throw error("expected \(what)") }
        depth += 1
        guard depth <= 128 else { throw error("more than 128 levels") }
        skipSpace()
    }

    mutating func leave() { depth -= 1 }

    /// The text of a number, checked against the grammar.
    private mutating func numeral() throws(StoreError) -> String {
        skipSpace()
        let start = index
        _ = take(UInt8(ascii: "-"))
        let first = index
        skipDigits()
        guard index > first, bytes[first] != UInt8(ascii: "0") || index == first + 1 else {
            index = start
            throw error("expected a number")
        }
        if take(UInt8(ascii: ".")) {
            let from = index
            skipDigits()
            guard index > from else { throw error("expected a digit") }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            let from = index
            skipDigits()
            guard index > from else { throw error("expected a digit") }
        }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private mutating func skipDigits() {
        while index < bytes.count, bytes[index] &- UInt8(ascii: "0") < 10 { index += 1 }
    }
}
