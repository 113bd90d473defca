import StoresCore

/// A small deterministic generator (SplitMix64), so that a failure can be run again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Random filters and metadata over few fields and few values, so that they meet.
struct FilterGenerator {
    var random: SeededGenerator
    var maxDepth = 4

    init(seed: UInt64) { random = SeededGenerator(seed) }

    static let fields: [FieldPath] = [
        "a", "b", "tags", FieldPath(["o", "x"]), FieldPath(["o", "a.b"]), "é", "e\u{301}", "in", "a b\"\u{301}\\",
    ]
    static let numbers: [Value] = [
        0, 1, -1, 1.0, -0.0, 1.5, .int(9_007_199_254_740_993), .double(9_007_199_254_740_992), .int(.max), .int(.min),
        .double(9.223372036854775807e18), .double(-9.223372036854775808e18), .double(.leastNonzeroMagnitude),
        .double(1.7e308),
        .double(0.1), .double(-1e-7),
    ]
    static let strings = [
        "", "a", "ab", "A", "é", "e\u{301}", "it's", "''", "'\u{301}", "\r\n\t\u{0}", "👩‍👩‍👧", "\"", "\\", "1", "TRUE", "K",
        "\u{212A}",
        "x%_*", "\u{202E}abc",
    ]
    static let instants: [Value] = [
        .instant(Timestamp(millisecondsSinceEpoch: 0)), .instant(Timestamp(millisecondsSinceEpoch: -1)),
        .instant(Timestamp(millisecondsSinceEpoch: 1_767_225_600_000)),
        .instant(Timestamp(millisecondsSinceEpoch: .max)), .instant(Timestamp(millisecondsSinceEpoch: .min)),
    ]

    mutating func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &random)] }

    mutating func scalar() -> Value {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4: pick(Self.numbers)
        case 4..<8: .string(pick(Self.strings))
        case 8: pick(Self.instants)
        default: .bool(.random(using: &random))
        }
    }

    mutating func ordered() -> Value {
        while true {
            let value = scalar()
            if case .bool = value { continue }
            return value
        }
    }

    mutating func list() -> [Value] {
        (0..<Int.random(in: 0..<4, using: &random)).map { _ in scalar() }
    }

    mutating func filter(depth: Int = 1) -> Filter {
        let path = pick(Self.fields)
        switch Int.random(in: 0..<(depth < maxDepth ? 22 : 14), using: &random) {
        case 0: return .equal(path, scalar())
        case 1: return .notEqual(path, scalar())
        case 2: return .less(path, ordered())
        case 3: return .lessOrEqual(path, ordered())
        case 4: return .greater(path, ordered())
        case 5: return .greaterOrEqual(path, ordered())
        case 6: return .in(path, list())
        case 7: return .notIn(path, list())
        case 8: return .contains(path, scalar())
        case 9: return .containsAny(path, list())
        case 10: return .containsAll(path, list())
        case 11: return .startsWith(path, pick(Self.strings))
        case 12: return .isNull(path)
        case 13: return .exists(path)
        case 14...16: return .and(filters(depth + 1))
        case 17...19: return .or(filters(depth + 1))
        default: return .not(filter(depth: depth + 1))
        }
    }

    private mutating func filters(_ depth: Int) -> [Filter] {
        (0..<Int.random(in: 0..<4, using: &random)).map { _ in filter(depth: depth) }
    }

    mutating func value() -> Value {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: .null
        case 1, 2: .array(list())
        default: scalar()
        }
    }

    mutating func metadata() -> Metadata {
        var metadata: Metadata = [:]
        for key in ["a", "b", "tags", "é", "e\u{301}", "in", "a b\"\u{301}\\", "o", "K"]
        where Int.random(in: 0..<3, using: &random) > 0 {
            metadata[key] = key == "o" ? .object(["x": value(), "a.b": value(), "y": value()]) : value()
        }
        return metadata
    }
}

/// The meaning of filters once more, as slowly and plainly as can be: what the fast one is compared with.
enum PlainFilter {
    static func matches(_ filter: Filter, _ metadata: Metadata) -> Bool {
        switch filter {
        case .equal(let path, let literal): equal(value(path, metadata), literal)
        case .notEqual(let path, let literal): !equal(value(path, metadata), literal)
        case .less(let path, let literal): order(value(path, metadata), literal).map { $0 < 0 } ?? false
        case .lessOrEqual(let path, let literal): order(value(path, metadata), literal).map { $0 <= 0 } ?? false
        case .greater(let path, let literal): order(value(path, metadata), literal).map { $0 > 0 } ?? false
        case .greaterOrEqual(let path, let literal): order(value(path, metadata), literal).map { $0 >= 0 } ?? false
        case .in(let path, let values): values.contains { equal(value(path, metadata), $0) }
        case .notIn(let path, let values): !values.contains { equal(value(path, metadata), $0) }
        case .contains(let path, let literal): elements(path, metadata).contains { equal($0, literal) }
        case .containsAny(let path, let values):
            values.contains { literal in elements(path, metadata).contains { equal($0, literal) } }
        case .containsAll(let path, let values):
            values.allSatisfy { literal in elements(path, metadata).contains { equal($0, literal) } }
        case .startsWith(let path, let prefix):
            if case .string(let text) = value(path, metadata) {
                Array(text.utf8).starts(with: Array(prefix.utf8))
            } else {
                false
            }
        case .isNull(let path): equal(value(path, metadata), .null)
        case .exists(let path): !equal(value(path, metadata), .null)
        case .and(let filters): filters.allSatisfy { matches($0, metadata) }
        case .or(let filters): filters.contains { matches($0, metadata) }
        case .not(let filter): !matches(filter, metadata)
        }
    }

    static func value(_ path: FieldPath, _ metadata: Metadata) -> Value {
        var value = Value.object(metadata)
        for segment in path.segments {
            guard case .object(let fields) = value,
                let entry = fields.first(where: { Array($0.key.utf8) == Array(segment.utf8) })
            else { return .null }
            value = entry.value
        }
        return value
    }

    static func elements(_ path: FieldPath, _ metadata: Metadata) -> [Value] {
        if case .array(let values) = value(path, metadata) { values } else { [] }
    }

    static func equal(_ a: Value, _ b: Value) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.string(let a), .string(let b)): Array(a.utf8) == Array(b.utf8)
        case (.instant(let a), .instant(let b)): a == b
        default: number(a).flatMap { a in number(b).map { a == $0 } } ?? false
        }
    }

    static func order(_ a: Value, _ b: Value) -> Int? {
        switch (a, b) {
        case (.string(let a), .string(let b)):
            if Array(a.utf8) == Array(b.utf8) {
                0
            } else {
                Array(a.utf8).lexicographicallyPrecedes(Array(b.utf8)) ? -1 : 1
            }
        case (.instant(let a), .instant(let b)): a < b ? -1 : (a == b ? 0 : 1)
        default: number(a).flatMap { a in number(b).map { a < $0 ? -1 : (a == $0 ? 0 : 1) } }
        }
    }

    /// A number as its whole part, which 128 bits hold or saturate, and its fraction, which is exact.
    struct Number: Comparable {
        var whole: Double
        var exact: Int128
        var fraction: Double

        static func < (a: Number, b: Number) -> Bool {
            if a.exact != b.exact { return a.exact < b.exact }
            return a.whole != b.whole ? a.whole < b.whole : a.fraction < b.fraction
        }
    }

    static func number(_ value: Value) -> Number? {
        switch value {
        case .int(let value): return Number(whole: 0, exact: Int128(value), fraction: 0)
        case .double(let value):
            let floor = value.rounded(.down)
            guard let exact = Int128(exactly: floor) else {
                return Number(whole: floor, exact: value < 0 ? .min : .max, fraction: 0)
            }
            return Number(whole: 0, exact: exact, fraction: value - floor)
        default: return nil
        }
    }
}
