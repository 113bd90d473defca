public import StoresCore

/// What is stored beside a record's metadata so that any backend that finds exact terms and compares numbers can
/// answer every filter exactly.
///
/// Backends differ in what they make of a missing field, of `1` and `1.0`, of integers past 2^53, of strings in order,
/// of arrays and of names with dots; the meaning of a filter does not. So the fields are stored a second time, as
///
/// - **terms**, a set of strings: for each field that is not null its kind (`/size?n`), for a scalar its value
///   (`/size=n100`), for an array each scalar element (`/tags@sred`);
/// - **orders**, numbers under keys of their own (`o0_size`): a number or an instant as the largest double that is not
///   above it, with the rest under `o1_…`; a string in chunks of six bytes (see `FilterOrder`).
///
/// A backend that finds terms by how they begin, and for which orders are dear, takes a string of any length as one
/// more term instead (`hasPrefixes`): `p_section:6c696273`, its bytes in hexadecimal. What starts with `li` has a term
/// that begins with `p_section:6c69`.
///
/// A term's path is an RFC 6901 pointer in which `=`, `?` and `@` are escaped too, so that one of them ends it.
/// ``TermFilter`` never asks for an order without asking for the kind, so an order that a merging backend left behind
/// from an earlier version of the record does no harm.
public struct FilterTerms: Sendable, Hashable {
    /// A number under a key of its own.
    public struct Order: Sendable, Hashable {
        public let key: String
        public let value: Double
    }

    public private(set) var terms: [String] = []
    /// No two with the same key.
    public private(set) var orders: [Order] = []

    /// The key under which the first order of a field stands: what a backend builds an index for.
    public static func orderKey(_ path: FieldPath) -> String { FilterPath.order(FilterPath.pointer(path), 0) }

    /// - Parameter form: ``TermFilter`` is given the same.
    public init(_ metadata: Metadata, _ form: FilterForm = FilterForm()) {
        terms.reserveCapacity(3 * metadata.count)
        orders.reserveCapacity(2 * metadata.count)
        add(metadata, under: "", form)
    }

    /// What is there already, as a backend has it.
    init(terms: [String], orders: [Order]) {
        self.terms = terms
        self.orders = orders
    }

    /// The order under a key, if it is there.
    public func order(_ key: String) -> Double? {
        orders.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
    }

    private mutating func add(_ fields: Metadata, under parent: String, _ form: FilterForm) {
        for (name, value) in fields { add(value, at: parent + FilterPath.pointer(name), form) }
    }

    private mutating func add(_ value: Value, at pointer: String, _ form: FilterForm) {
        guard let kind = FilterKind(value) else { return }
        terms.append(FilterPath.kind(pointer, kind))
        if let text = FilterPath.canonical(value) { terms.append(pointer + "=" + text) }
        switch value {
        case .int, .double, .instant:
            guard let number = FilterOrder.number(value) else { return }
            orders.append(Order(key: FilterPath.order(pointer, 0), value: number.whole))
            if number.rest != 0 { orders.append(Order(key: FilterPath.order(pointer, 1), value: number.rest)) }
        case .string(let text):
            let name = FilterPath.plain(pointer)
            for (index, chunk) in FilterOrder.chunks(text, upTo: form.orderedBytes).enumerated() {
                orders.append(Order(key: FilterPath.order(named: name, index), value: chunk))
            }
            if form.hasPrefixes { terms.append(FilterPath.prefix(pointer, text.utf8.prefix(FilterForm.longestPrefix))) }
        case .array(let elements):
            let first = terms.count
            for element in elements {
                if let text = FilterPath.canonical(element) { terms.append(pointer + "@" + text) }
            }
            // An array may hold the same element twice; a set is what is meant.
            if terms.count - first > 1 {
                var seen: Set<IDKey> = []
                terms.replaceSubrange(first..., with: terms[first...].filter { seen.insert(IDKey($0)).inserted })
            }
        case .object(let fields): add(fields, under: pointer, form)
        case .null, .bool: return
        }
    }
}

/// What of a string is stored for comparisons.
public struct FilterForm: Sendable, Hashable {
    /// So many bytes of a string have an order; `<`, `>` and, without prefixes, `startsWith` take no longer texts.
    public var orderedBytes: Int
    /// Whether `startsWith` finds a term that begins with its own. It takes texts of at most 512 bytes then.
    public var hasPrefixes: Bool

    static let longestPrefix = 512

    public init(orderedBytes: Int = 512, hasPrefixes: Bool = false) {
        self.orderedBytes = orderedBytes
        self.hasPrefixes = hasPrefixes
    }
}

extension Double {
    /// An integer that compares as this number does, for backends that read decimals to the last place or nearly, and
    /// integers exactly. Not for NaN; minus zero comes before zero.
    public var sortableBits: Int64 {
        let bits = Int64(bitPattern: bitPattern)
        return bits >= 0 ? bits : bits ^ .max
    }
}

/// The kinds that a filter tells apart. Numbers and instants that no double holds are kinds of their own, since they
/// have two orders.
enum FilterKind: String, CaseIterable {
    case number = "n"
    case largeNumber = "N"
    case instant = "t"
    case largeInstant = "T"
    case string = "s"
    case bool = "b"
    case array = "a"
    case object = "o"

    init?(_ value: Value) {
        switch value {
        case .null: return nil
        case .bool: self = .bool
        case .int, .double: self = FilterOrder.number(value)?.rest == 0 ? .number : .largeNumber
        case .instant: self = FilterOrder.number(value)?.rest == 0 ? .instant : .largeInstant
        case .string: self = .string
        case .array: self = .array
        case .object: self = .object
        }
    }
}

/// How fields and values are written in terms and keys.
enum FilterPath {
    static func pointer(_ path: FieldPath) -> String {
        path.segments.map(pointer).joined()
    }

    static func pointer(_ segment: String) -> String {
        let needsEscape = segment.utf8.contains { byte in
            switch byte {
            case UInt8(ascii: "~"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "?"), UInt8(ascii: "@"): true
            default: false
            }
        }
        guard needsEscape else { return "/" + segment }
        var bytes: [UInt8] = [UInt8(ascii: "/")]
        for byte in segment.utf8 {
            switch byte {
            case UInt8(ascii: "~"): bytes += "~0".utf8
            case UInt8(ascii: "/"): bytes += "~1".utf8
            case UInt8(ascii: "="): bytes += "~2".utf8
            case UInt8(ascii: "?"): bytes += "~3".utf8
            case UInt8(ascii: "@"): bytes += "~4".utf8
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func kind(_ pointer: String, _ kind: FilterKind) -> String { pointer + "?" + kind.rawValue }

    /// The term of a string by its bytes. No other term starts with a `p`, nor has this one a character that a pattern
    /// gives a meaning to.
    static func prefix(_ pointer: String, _ bytes: some Sequence<UInt8>) -> String {
        var term = Array("p_".utf8)
        for byte in pointer.utf8.dropFirst() { PlainName.append(byte, to: &term) }
        term.append(UInt8(ascii: ":"))
        for byte in bytes { Hexadecimal.append(byte, to: &term) }
        return String(decoding: term, as: UTF8.self)
    }

    /// The key of an order: `o0_size`, with ASCII letters and digits kept and every other byte as `_` and two
    /// hexadecimal digits, so that no backend takes a part of it for syntax.
    static func order(_ pointer: String, _ index: Int) -> String { order(named: plain(pointer), index) }

    static func order(named name: String, _ index: Int) -> String {
        (index < firstOrders.count ? firstOrders[index] : "o\(index)_") + name
    }

    private static let firstOrders = ["o0_", "o1_", "o2_", "o3_", "o4_", "o5_", "o6_", "o7_", "o8_", "o9_"]

    /// A pointer without its first slash as a part of a key.
    static func plain(_ pointer: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(pointer.utf8.count + 8)
        for byte in pointer.utf8.dropFirst() { PlainName.append(byte, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A scalar such that two are equal by value exactly when their texts are; nil for null, arrays and objects.
    /// Strings of more than 256 bytes are there by their SHA-256.
    static func canonical(_ value: Value) -> String? {
        switch value {
        case .null, .array, .object: nil
        case .bool(let value): value ? "b1" : "b0"
        case .int(let value): "n" + String(value)
        case .double(let value): Int64(exactly: value).map { "n\($0)" } ?? "n\(value)"
        case .instant(let value): "t\(value.millisecondsSinceEpoch)"
        case .string(let text):
            text.utf8.count <= 256 ? "s" + text : "h\(SHA256Digest.hexadecimal(of: Array(text.utf8)))"
        }
    }
}
