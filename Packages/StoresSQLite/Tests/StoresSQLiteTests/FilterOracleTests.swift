#if SQLite
import StoresCore
import Testing

@testable import StoresSQLite

/// F9: generated records and filters, each filter run in SQL and by the core's evaluator.
@Suite struct FilterOracleTests {
    private static let texts = [
        "", "a", "A", "ab", "b", "a\u{0}b", "é", "e\u{301}", "ß", "日本", "😀", "'", "\"", "\\", "%", "_", "a%", "\n",
        "\u{7F}", "\u{FFFF}", "\u{10FFFF}", "null", "1", "true", "[]", "{}",
    ]
    private static let numbers: [Value] = [
        0, 1, -1, 2, 100, .int(.max), .int(.min), .int(.max - 1), .int(1 << 53), .int((1 << 53) + 1), 0.0,
        .double(-0.0), 1.0, 1.5, -1.5, .double(.leastNonzeroMagnitude), .double(1e308), .double(-1e308),
        .double(0.1), .double(0.3),
        .double(0x1p53), .double(0x1p63), .double(-0x1p63), .double(1e22),
    ]
    private static let names = ["a", "b", "c", "é", "e\u{301}", "with.dot", "with\"quote", "$instant2", "日", "K"]

    private static func value(_ g: inout Generator, depth: Int) -> Value {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 7), using: &g) {
        case 0: .null
        case 1: .bool(.random(using: &g))
        case 2, 3: g.pick(numbers)
        case 4, 5: .string(g.pick(texts))
        case 6: .instant(Timestamp(millisecondsSinceEpoch: g.pick([0, 1, -1, 1_767_225_600_000])))
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
            if value != .null { return value }
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
        case 11: return .startsWith(path(&g), g.pick(texts))
        case 12: return .isNull(path(&g))
        case 13: return .exists(path(&g))
        case 14, 15: return .and((0..<Int.random(in: 0...3, using: &g)).map { _ in filter(&g, depth: depth - 1) })
        case 16, 17: return .or((0..<Int.random(in: 0...3, using: &g)).map { _ in filter(&g, depth: depth - 1) })
        default: return .not(filter(&g, depth: depth - 1))
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func everyFilterSelectsWhatTheReferenceSelects(seed: UInt64) async throws {
        var g = Generator(seed: seed)
        let store = try await Store()
        let spec = VectorCollectionSpec(name: "oracle", dimensions: 1, metric: .dot)
        _ = try await store.vector.ensureCollection(spec, mode: .create, context: Store.context())
        let target = VectorTarget(collection: spec, namespace: "default")
        let records = (0..<64).map { number in
            VectorRecord(
                id: String(1000 + number), vector: [1], metadata: Self.fields(&g, depth: 3))
        }
        _ = try await store.vector.upsert(
            records, into: target, visibility: .accepted, context: Store.context())
        var trues = 0
        for _ in 0..<3_400 {
            let filter = Self.filter(&g, depth: 6)
            let compiled = CompiledFilter(filter)
            let expected = records.filter { compiled.matches($0.metadata) }.map(\.id)
            let page = try await store.vector.scroll(
                VectorScroll(filter: filter, limit: 100, include: []), in: target, context: Store.context())
            trues += expected.count
            guard page.items.map(\.id) != expected else { continue }
            Issue.record(
                "\(filter)\n\(try StoresSQLite.nativeQuery(for: filter))\n\(page.items.map(\.id)) \(expected)")
            return
        }
        // Neither everything nor nothing.
        #expect((17_000...200_000).contains(trues))
        // What was written is what is read, of every kind.
        let back = try await store.vector.get(
            records.map(\.id), from: target, include: .all, context: Store.context())
        #expect(back.map(\.metadata) == records.map(\.metadata))
        for (read, written) in zip(back, records) {
            #expect(Value.object(read.metadata).json == Value.object(written.metadata).json)
        }
    }

    @Test func theNativeQueryHasLiteralsInPlaceAndEscapesThem() throws {
        let filter: Filter = .field("a'b") == "x'y?1" && !Filter.isNull("c")
        #expect(
            try StoresSQLite.nativeQuery(for: filter)
                == #"(stores_equal(metadata, '["a''b"]', '"x''y?1"') AND NOT NOT stores_exists(metadata, '["c"]'))"#
        )
        let compiled = try SQLiteFilter(filter)
        #expect(compiled.parameters == [#"["a'b"]"#, #""x'y?1""#, #"["c"]"#])
        #expect(!compiled.condition.contains("y"), "no literal is part of the SQL")
    }

    @Test func theLargestFiltersCompileAndRun() async throws {
        let store = try await Store()
        let spec = VectorCollectionSpec(name: "large", dimensions: 1, metric: .dot)
        _ = try await store.vector.ensureCollection(spec, mode: .create, context: Store.context())
        let target = VectorTarget(collection: spec, namespace: "n")
        _ = try await store.vector.upsert(
            [VectorRecord(id: "x", vector: [1], metadata: ["n": 999])], into: target, visibility: .accepted,
            context: Store.context())
        let operands = (0..<1000).map { Value.int(Int64($0)) }
        var deep: Filter = .equal("n", 999)
        for _ in 0..<30 { deep = .not(deep) }
        let filters: [(Filter, Int)] = [
            (.or((0..<999).map { .equal("n", .int(Int64($0 + 1))) }), 1),
            (.and((0..<999).map { .notEqual("n", .int(Int64($0))) }), 1),
            (.in("n", operands), 1),
            (.and((0..<99).map { _ in .in("n", operands) }), 1),
            (deep, 1),
        ]
        for (filter, count) in filters {
            #expect(try await store.vector.count(where: filter, in: target, context: Store.context()) == count)
        }
        for tooLarge in [Filter.not(.not(deep)), .or(Array(repeating: .isNull("n"), count: 1000))] {
            await #expect(throws: StoreError.self) {
                try await store.vector.count(where: tooLarge, in: target, context: Store.context())
            }
        }
    }
}
#endif
