import StoresCore

/// Records over few fields and few values, so that they meet, and filters whose literals are mostly theirs.
struct OracleGenerator {
    var random: SplitMix64
    let nested: Bool
    /// Most operands of a list.
    let operands: Int
    private var pool: [FieldPath: [Value]] = [:]

    init(seed: UInt64, nested: Bool, operands: Int) {
        random = SplitMix64(seed: seed)
        self.nested = nested
        self.operands = operands
    }

    static let fields = ["n", "s", "tags", "b", "t", "mixed", "é", "e\u{301}", "a.b", "it's \"x\"", "$ne", "in"]
    static let inner = ["x", "a.b", "list"]
    static let numbers: [Value] = [
        0, 1, -1, 2, 1.0, 1.5, -0.5, .double(-0.0), .int(.max), .int(.min), .int(9_007_199_254_740_991),
        .int(9_007_199_254_740_992), .int(9_007_199_254_740_993), 9_007_199_254_740_992.0, 9_007_199_254_740_991.0,
        9_007_199_254_740_994.0, 9_223_372_036_854_775_808.0, -9_223_372_036_854_775_808.0,
        .double(.leastNonzeroMagnitude), 1e308, -1e308, 0.1,
        .double(0.1 + 0.2), 0.3, 100, 42,
    ]
    static let strings = [
        "", "a", "ab", "abc", "A", "b", "é", "e\u{301}", "e", "👩‍👩‍👧", "👩", "\u{10000}", "\u{FFFD}", "日本", "it's", "\"q\"",
        "\\", "100%",
        "a_c", "1", "true", "null", "2026-01-01T00:00:00.000Z", " a", "a ", "z", "K", "\u{212A}", "\n", "\u{202E}x",
    ]
    static let instants: [Value] = [
        0, -1, 1, 1000, 1_767_225_600_000, 1_767_225_600_123, -62_135_596_800_000, 253_402_300_799_999,
    ]
    .map { .instant(Timestamp(millisecondsSinceEpoch: $0)) }

    mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(max(bound, 1))) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }

    // MARK: Records

    mutating func records(_ count: Int) -> [OracleRecord] {
        pool = [:]
        return (0..<count).map { number in
            let vector = (0..<4).map { _ in Float(below(2001)) / 1000 - 1 }
            return OracleRecord(
                id: "r\(number)", vector: vector.allSatisfy { $0 == 0 } ? [1, 0, 0, 0] : vector, metadata: metadata(),
                words: (0..<1 + below(4)).map { _ in pick(["red", "green", "blue", "stone", "river"]) }.joined(
                    separator: " "))
        }
    }

    private mutating func metadata() -> Metadata {
        var metadata: Metadata = [:]
        for field in Self.fields where chance(60) {
            let value = self.value(of: field)
            metadata[field] = value
            remember(FieldPath(field), value)
        }
        if nested, chance(60) {
            var object: Metadata = [:]
            for field in Self.inner where chance(60) {
                let value = self.value(of: field == "list" ? "tags" : "mixed")
                object[field] = value
                remember(FieldPath(["o", field]), value)
            }
            metadata["o"] = chance(10) ? value(of: "mixed") : .object(object)
        }
        return metadata
    }

    private mutating func remember(_ path: FieldPath, _ value: Value) {
        switch value {
        case .null, .object: break
        case .array(let values): for value in values { remember(path, value) }
        default: pool[path, default: []].append(value)
        }
    }

    private mutating func value(of field: String) -> Value {
        if chance(8) { return .null }
        return switch field {
        case "n": pick(Self.numbers)
        case "s": .string(pick(Self.strings))
        case "b": .bool(chance(50))
        case "t": pick(Self.instants)
        case "tags": .array((0..<below(4)).map { _ in chance(80) ? .string(pick(Self.strings)) : scalar() })
        default: chance(20) ? .array((0..<below(3)).map { _ in scalar() }) : scalar()
        }
    }

    private mutating func scalar() -> Value {
        switch below(10) {
        case 0..<4: pick(Self.numbers)
        case 4..<8: .string(pick(Self.strings))
        case 8: pick(Self.instants)
        default: .bool(chance(50))
        }
    }

    // MARK: Filters

    mutating func filter() -> Filter { filter(depth: 1 + below(6)) }

    private mutating func path() -> FieldPath {
        if nested, chance(20) { return FieldPath(["o", pick(Self.inner)]) }
        return chance(3) ? "nowhere" : FieldPath(pick(Self.fields))
    }

    private mutating func literal(_ path: FieldPath) -> Value {
        if chance(75), let known = pool[path], !known.isEmpty { return pick(known) }
        return scalar()
    }

    private mutating func ordered(_ path: FieldPath) -> Value {
        let value = literal(path)
        if case .bool = value { return pick(Self.numbers) }
        return value
    }

    private mutating func list(_ path: FieldPath) -> [Value] {
        (0..<min(below(5), operands)).map { _ in literal(path) }
    }

    private mutating func filter(depth: Int) -> Filter {
        if depth > 1, chance(80) {
            return switch below(3) {
            case 0: .and(children(depth))
            case 1: .or(children(depth))
            default: .not(filter(depth: depth - 1))
            }
        }
        let path = path()
        return switch below(14) {
        case 0: .equal(path, literal(path))
        case 1: .notEqual(path, literal(path))
        case 2: .less(path, ordered(path))
        case 3: .lessOrEqual(path, ordered(path))
        case 4: .greater(path, ordered(path))
        case 5: .greaterOrEqual(path, ordered(path))
        case 6: .in(path, list(path))
        case 7: .notIn(path, list(path))
        case 8: .contains(path, literal(path))
        case 9: .containsAny(path, list(path))
        case 10: .containsAll(path, list(path))
        case 11: .startsWith(path, prefix(path))
        case 12: .isNull(path)
        default: .exists(path)
        }
    }

    private mutating func children(_ depth: Int) -> [Filter] {
        (0..<(chance(5) ? 0 : 1 + below(3))).map { _ in filter(depth: depth - 1) }
    }

    /// The start of a string that is there, cut between scalars.
    private mutating func prefix(_ path: FieldPath) -> String {
        guard case .string(let text) = literal(path) else { return pick(Self.strings) }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(below(text.unicodeScalars.count + 1))))
    }
}
