import StoresCore
import Testing

@testable import StoresHTTP

/// F9 without a server: what the terms say of a filter is what the core's evaluator says.
@Suite struct FilterTermsTests {
    private static let texts = [
        "", "a", "A", "ab", "b", "a\u{0}", "a\u{0}b", "é", "e\u{301}", "日本", "😀", "abcdef", "abcdefg", "abcdeg",
        "abcdef\u{0}", "abcdefabcdef", "abcdefabcdefa", "~", "/", "=", "?", "@", "a=s:b", "1", "true",
        String(repeating: "x", count: 257), String(repeating: "x", count: 600), String(repeating: "x", count: 512),
    ]
    private static let numbers: [Value] = [
        0, 1, -1, 2, 1.0, 1.5, -1.5, .double(-0.0), .int(.max), .int(.min), .int(.max - 1), .int(.max - 1024),
        .int(1 << 53), .int((1 << 53) + 1), .int((1 << 53) + 2), .int(-(1 << 53) - 1), .double(0x1p53),
        .double(0x1p63), .double(-0x1p63), .double(.leastNonzeroMagnitude), .double(1e308), 0.1, 0.3,
    ]
    private static let names = ["a", "b", "é", "e\u{301}", "with.dot", "a/b", "a=b", "a?n", "a@s", "~", "$ne"]

    private static func value(_ g: inout Generator, depth: Int) -> Value {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 7), using: &g) {
        case 0: .null
        case 1: .bool(.random(using: &g))
        case 2, 3: g.pick(numbers)
        case 4, 5: .string(g.pick(texts))
        case 6: .instant(Timestamp(millisecondsSinceEpoch: g.pick([0, 1, -1, 1_767_225_600_000, .max, .min])))
        case 7: .array((0..<Int.random(in: 0...3, using: &g)).map { _ in value(&g, depth: depth - 1) })
        default: .object(fields(&g, depth: depth - 1))
        }
    }

    private static func fields(_ g: inout Generator, depth: Int) -> Metadata {
        var fields: Metadata = [:]
        for name in names where !g.chance(3) { fields[name] = value(&g, depth: depth) }
        return fields
    }

    private static func path(_ g: inout Generator) -> FieldPath {
        FieldPath((0..<(g.chance(4) ? 2 : 1)).map { _ in g.pick(names + ["missing"]) })
    }

    private static func literal(_ g: inout Generator) -> Value {
        while true {
            let value = value(&g, depth: 0)
            if value == .null { continue }
            if case .string(let text) = value, text.utf8.count > 512 { continue }
            return value
        }
    }

    private static func filter(_ g: inout Generator, depth: Int) -> Filter {
        let literals = { (g: inout Generator) in (0..<Int.random(in: 0...4, using: &g)).map { _ in literal(&g) } }
        switch Int.random(in: 0..<(depth > 1 ? 20 : 14), using: &g) {
        case 0: return .equal(path(&g), literal(&g))
        case 1: return .notEqual(path(&g), literal(&g))
        case 2: return .less(path(&g), literal(&g))
        case 3: return .lessOrEqual(path(&g), literal(&g))
        case 4: return .greater(path(&g), literal(&g))
        case 5: return .greaterOrEqual(path(&g), literal(&g))
        case 6: return .in(path(&g), literals(&g))
        case 7: return .notIn(path(&g), literals(&g))
        case 8: return .contains(path(&g), literal(&g))
        case 9: return .containsAny(path(&g), literals(&g))
        case 10: return .containsAll(path(&g), literals(&g))
        case 11: return .startsWith(path(&g), g.pick(texts.filter { $0.utf8.count <= 512 }))
        case 12: return .isNull(path(&g))
        case 13: return .exists(path(&g))
        case 14, 15: return .and((0..<Int.random(in: 0...3, using: &g)).map { _ in filter(&g, depth: depth - 1) })
        case 16, 17: return .or((0..<Int.random(in: 0...3, using: &g)).map { _ in filter(&g, depth: depth - 1) })
        default: return .not(filter(&g, depth: depth - 1))
        }
    }

    @Test(
        arguments: [
            (1, FilterForm()), (2, FilterForm()), (3, FilterForm(orderedBytes: 64, hasPrefixes: true)),
        ] as [(UInt64, FilterForm)])
    func everyFilterSelectsWhatTheReferenceSelects(seed: UInt64, form: FilterForm) throws {
        var g = Generator(seed: seed)
        let records = (0..<64).map { _ in Self.fields(&g, depth: 3) }
        let stored = records.map { FilterTerms($0, form) }
        var selective = 0
        for _ in 0..<1500 {
            let filter = Self.filter(&g, depth: 5)
            let expected = records.map(CompiledFilter(filter).matches)
            let compiled: TermFilter
            do {
                compiled = try TermFilter(filter, form)
            } catch {
                // A text of the generator's may be longer than what has an order.
                #expect(error.code == .unsupported && form.orderedBytes < 512, "\(error)")
                continue
            }
            let actual = stored.map(compiled.matches)
            if Set(expected).count == 2 { selective += 1 }
            guard actual != expected, let index = zip(actual, expected).enumerated().first(where: { $1.0 != $1.1 })
            else { continue }
            Issue.record("\(filter) of \(Value.object(records[index.offset]).json): \(compiled)")
            return
        }
        #expect(selective > 450, "\(selective)")
    }

    /// What a merging backend leaves behind of an earlier version of the record must not change an answer.
    @Test func ordersOfEarlierVersionsDoNoHarm() throws {
        var g = Generator(seed: 9)
        for _ in 0..<1500 {
            let before = FilterTerms(Self.fields(&g, depth: 2))
            let fields = Self.fields(&g, depth: 2)
            let now = FilterTerms(fields)
            let left = before.orders.filter { now.order($0.key) == nil }
            let merged = FilterTerms(terms: now.terms, orders: now.orders + left)
            let filter = Self.filter(&g, depth: 4)
            #expect(try TermFilter(filter).matches(merged) == filter.matches(fields), "\(filter)")
        }
    }

    @Test func longOrderLiteralsAreRefusedByName() {
        let long = Value.string(String(repeating: "x", count: 513))
        for filter in [Filter.less("a", long), .not(.greaterOrEqual("a", long))] {
            let error = #expect(throws: StoreError.self) { try TermFilter(filter) }
            #expect(error?.code == .unsupported && error?.message.contains("on a") == true)
        }
        #expect(throws: StoreError.self) { try TermFilter(.startsWith("a", String(repeating: "x", count: 513))) }
        #expect(throws: Never.self) { try TermFilter(.equal("a", long)) }
        let short = FilterForm(orderedBytes: 64, hasPrefixes: true)
        #expect(throws: StoreError.self) {
            try TermFilter(.less("a", .string(String(repeating: "x", count: 65))), short)
        }
        #expect(throws: Never.self) { try TermFilter(.startsWith("a", String(repeating: "x", count: 512)), short) }
        #expect(throws: StoreError.self) { try TermFilter(.startsWith("a", String(repeating: "x", count: 513)), short) }
    }

    @Test func termsAndKeysAreAsDocumented() throws {
        let record = FilterTerms(["size": 100, "tags": ["red", "red"], "o": ["a=b": true], "none": nil])
        #expect(
            record.terms.sorted() == [
                "/o/a~2b=b1", "/o/a~2b?b", "/o?o", "/size=n100", "/size?n", "/tags?a", "/tags@sred",
            ])
        #expect(record.orders == [FilterTerms.Order(key: "o0_size", value: 100)])
        let form = FilterForm(orderedBytes: 64, hasPrefixes: true)
        #expect(FilterTerms(["a*": "li*"], form).terms.sorted() == ["/a*=sli*", "/a*?s", "p_a_2a:6c692a"])
        #expect(try TermFilter(.startsWith("a*", "li"), form) == .hasAny(["p_a_2a:6c69"]))
        #expect(FilterTerms(["a.b": "x"]).orders.map(\.key) == ["o0_a_2eb"])
    }

    @Test func sortableBitsHaveTheOrderOfTheNumbers() {
        let numbers: [Double] = [
            -.infinity, -1e308, -1.5, -1, -.leastNonzeroMagnitude, 0, .leastNonzeroMagnitude, 0.1, 1, 0x1p53, 1e308,
            .infinity,
        ]
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0.sortableBits < $1.sortableBits })
    }
}

/// SplitMix64: the same numbers for the same seed.
struct Generator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    mutating func pick<T>(_ choices: [T]) -> T { choices[Int.random(in: 0..<choices.count, using: &self)] }
    mutating func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &self) == 0 }
}
