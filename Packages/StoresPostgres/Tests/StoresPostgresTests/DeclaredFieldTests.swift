import StoresCore
import Testing

@testable import StoresPostgres

/// Declared fields have columns and indexes of their own; filters on them mean the same as without.
@Suite(.enabled(if: DataStore.url != nil, DataStore.skipped))
struct DeclaredFieldTests {
    private static let long = String(repeating: "é", count: 127)
    private static let texts = [
        "", "a", "A", "ab", "b", "é", "e\u{301}", "%", "'", long, long + "a", long + "aa", long + "b", long + "ab",
        "\u{10FFFF}", long + "\u{10FFFF}",
    ]
    private static let numbers: [Value] = [
        0, 1, -1, 1.5, .int(.max), .int(.min), .int(1 << 53), .int((1 << 53) + 1), .double(0x1p53), .double(-0x1p63),
        .double(1e300), .double(0.1), .double(-0.0), .double(.leastNonzeroMagnitude), 2.0, 2,
    ]
    private static let instants: [Value] = [0, -1, 1, 253_402_300_799_999, .min, .max].map {
        .instant(Timestamp(millisecondsSinceEpoch: $0))
    }
    private static let fields = [
        FieldDefinition("it's \"n\"", .double), FieldDefinition("s", .string), FieldDefinition("t", .instant),
        FieldDefinition("b", .bool), FieldDefinition("tags", .stringArray),
        FieldDefinition(FieldPath(["o", "x'y"]), .double), FieldDefinition(FieldPath(["o", "s"]), .string),
        FieldDefinition("unindexed", .double, isIndexed: false),
    ]

    private static func metadata(_ g: inout Generator) -> Metadata {
        var metadata: Metadata = [:]
        if !g.chance(4) { metadata["it's \"n\""] = g.pick(numbers) }
        if !g.chance(4) { metadata["s"] = .string(g.pick(texts)) }
        if !g.chance(4) { metadata["t"] = g.pick(instants) }
        if !g.chance(4) { metadata["b"] = .bool(.random(using: &g)) }
        if !g.chance(4) { metadata["tags"] = .array((0..<g.pick([0, 1, 3])).map { _ in .string(g.pick(texts)) }) }
        if !g.chance(4) { metadata["o"] = ["x'y": g.pick(numbers), "s": .string(g.pick(texts))] }
        if !g.chance(4) { metadata["unindexed"] = g.pick(numbers) }
        if g.chance(8) { metadata["s"] = .null }
        return metadata
    }

    private static func filter(_ g: inout Generator, _ depth: Int) -> Filter {
        if depth > 1, !g.chance(3) {
            let children = (0..<g.pick([1, 2, 3])).map { _ in filter(&g, depth - 1) }
            return g.pick([.and(children), .or(children), .not(children[0])])
        }
        switch Int.random(in: 0..<7, using: &g) {
        case 0, 1:
            let path = g.pick(["it's \"n\"", FieldPath(["o", "x'y"]), "unindexed"])
            return ordered(path, g.pick(numbers), (0..<g.pick([0, 1, 3])).map { _ in g.pick(numbers) }, &g)
        case 2, 3:
            let path = g.pick(["s", FieldPath(["o", "s"])])
            if g.chance(4) {
                let text = g.pick(texts).unicodeScalars
                let count = Int.random(in: 0...text.count, using: &g)
                return .startsWith(path, String(String.UnicodeScalarView(text.prefix(count))))
            }
            let literal = g.chance(10) ? "a\u{0}b" : g.pick(texts)
            let list = (0..<g.pick([0, 1, 3])).map { _ in Value.string(g.pick(texts)) }
            return ordered(path, .string(literal), list, &g)
        case 4: return ordered("t", g.pick(instants), (0..<2).map { _ in g.pick(instants) }, &g)
        case 5: return .equal("b", .bool(.random(using: &g)))
        default:
            let literals = (0..<g.pick([0, 1, 2, 20])).map { _ in Value.string(g.pick(texts)) }
            return g.pick([.containsAny("tags", literals), .containsAll("tags", literals)])
        }
    }

    private static func ordered(_ path: FieldPath, _ literal: Value, _ list: [Value], _ g: inout Generator) -> Filter {
        g.pick([
            .equal(path, literal), .notEqual(path, literal), .less(path, literal), .lessOrEqual(path, literal),
            .greater(path, literal), .greaterOrEqual(path, literal), .in(path, list), .notIn(path, list),
            .isNull(path), .exists(path),
        ])
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func filtersMeanTheSame(_ seed: UInt64) async throws {
        try await DataStore.with { store in
            var g = Generator(seed: seed)
            let target = try await store.collection("declared", 2, fields: Self.fields)
            let records = (0..<120).map {
                VectorRecord(id: String(1000 + $0), vector: [1, 2], metadata: Self.metadata(&g))
            }
            _ = try await store.vector.upsert(
                records, into: target, visibility: .accepted, context: DataStore.context())
            var selective = 0
            for number in 0..<700 {
                let filter = Self.filter(&g, 4)
                let compiled = CompiledFilter(filter)
                let expected = records.filter { compiled.matches($0.metadata) }.map(\.id)
                let page = try await store.vector.scroll(
                    VectorScroll(filter: filter, limit: 1000, include: []), in: target, context: DataStore.context())
                if !expected.isEmpty, expected.count < records.count { selective += 1 }
                guard page.items.map(\.id) != expected else { continue }
                Issue.record("case \(number): \(filter)\n\(page.items.map(\.id)) instead of \(expected)")
                return
            }
            #expect(selective > 300)
            let back = try await store.vector.get(
                records.map(\.id), from: target, include: .metadata, context: DataStore.context())
            #expect(back.map(\.metadata) == records.map(\.metadata))
        }
    }

    @Test func theirIndexesAreUsed() async throws {
        try await DataStore.with { store in
            let target = try await store.collection(
                "planned", 2,
                fields: [
                    FieldDefinition("n", .int), FieldDefinition("s", .string), FieldDefinition("t", .instant),
                    FieldDefinition("tags", .stringArray),
                ], options: ["index": "none"])
            let records = (0..<5000).map { number in
                VectorRecord(
                    id: "r\(number)", vector: [1, 2],
                    metadata: [
                        "n": .int(Int64(number)), "s": .string("name \(number)"),
                        "t": .instant(Timestamp(millisecondsSinceEpoch: Int64(number))),
                        "tags": [.string("tag \(number)"), "all"],
                    ])
            }
            _ = try await store.vector.upsert(
                records, into: target, visibility: .accepted, context: DataStore.context())
            let collection = try #require(try await store.vector.find("planned", DataStore.context()))
            _ = try await store.pool.query(
                "ANALYZE \(collection.table)", .write, isPrepared: false, deadline: .after(.seconds(60)))
            // New entries of a GIN index wait in a list, which VACUUM empties, and which the planner shuns.
            _ = try await store.ask("SELECT gin_clean_pending_list('\(collection.table)_metadata')")
            let at = Value.instant(Timestamp(millisecondsSinceEpoch: 4990))
            for (filter, index) in [
                (.greater("n", 4990), "field_0"), (.equal("n", 7.0), "field_0"), (.in("n", [1, 2]), "field_0"),
                (.equal("s", "name 7"), "field_1"), (.startsWith("s", "name 49"), "field_1"),
                (.greaterOrEqual("t", at), "field_2"), (.contains("tags", "tag 7"), "metadata"),
                (.containsAny("tags", ["tag 7", "tag 8"]), "metadata"),
            ] as [(Filter, String)] {
                var arguments = PostgresArguments([.text("default")])
                let condition = try PostgresVectorDriver.condition(filter, collection, &arguments)
                let plan = try await store.plan(
                    "SELECT id FROM \(collection.table) r WHERE r.namespace = $1 AND \(condition)", arguments.values)
                #expect(plan.contains("\(collection.table)_\(index)"), "\(filter):\n\(plan)")
            }
        }
    }
}
