import StoresCore
import Testing

@Suite struct FilterValidationTests {
    private func refusal(
        _ filter: Filter, declared: [FieldDefinition] = [], maxOperands: Int? = nil, nested: Bool = true
    ) -> StoreError? {
        do throws(StoreError) {
            try filter.validate(declared: declared, maxOperands: maxOperands, allowsNestedFields: nested)
            return nil
        } catch {
            return error
        }
    }

    @Test func `Generated filters are valid`() {
        var generator = FilterGenerator(seed: 4)
        for _ in 0..<1000 { #expect(refusal(generator.filter()) == nil) }
    }

    @Test func `F4 literals that cannot be compared`() {
        for literal: Value in [nil, [1], ["a": 1], .double(.nan), .double(.infinity)] {
            for filter: Filter in [
                .equal("f", literal), .notEqual("f", literal), .less("f", literal), .in("f", [1, literal]),
                .notIn("f", [literal]), .contains("f", literal), .containsAny("f", [literal]),
                .containsAll("f", [literal]),
            ] {
                let error = refusal(.not(.and([.isNull("x"), filter])))
                #expect(error?.code == .invalidArgument)
                #expect(error?.message.contains(" on f ") == true, "\(error?.message ?? "accepted \(filter)")")
            }
        }
        #expect(refusal(.less("f", true))?.message.contains("no order") == true)
        #expect(refusal(.equal("f", true)) == nil)
    }

    @Test func `F4 literals against declared types`() {
        let nested = FieldPath(["o", "x"])
        let declared = [
            FieldDefinition("s", .string), FieldDefinition("i", .int), FieldDefinition("d", .double),
            FieldDefinition("b", .bool), FieldDefinition("t", .instant), FieldDefinition("ss", .stringArray),
            FieldDefinition("is", .intArray), FieldDefinition(nested, .int),
        ]
        let instant = Value.instant(Timestamp(millisecondsSinceEpoch: 0))
        let fine: [Filter] = [
            .equal("s", "x"), .startsWith("s", "x"), .in("s", ["x"]), .equal("i", 1), .equal("i", 1.5), .less("d", 1),
            .equal("b", true), .greater("t", instant), .contains("ss", "x"), .containsAny("is", [1, 2.0]),
            .isNull("s"), .exists("ss"), .equal("undeclared", "x"), .equal(nested, 1), .equal(FieldPath("o.x"), "x"),
        ]
        for filter in fine { #expect(refusal(filter, declared: declared) == nil, "\(filter)") }
        let wrong: [Filter] = [
            .equal("s", 1), .notEqual("s", true), .less("s", 1), .in("s", ["x", 1]), .equal("i", "1"),
            .startsWith("i", "1"), .equal("d", instant), .equal("b", 1), .equal("t", 0), .equal("t", "2026-01-01"),
            .contains("ss", 1), .containsAll("is", ["x"]), .equal("ss", "x"), .contains("s", "x"), .equal(nested, "x"),
            .startsWith("ss", "x"),
        ]
        for filter in wrong {
            let error = refusal(filter, declared: declared)
            #expect(error?.code == .invalidArgument, "\(filter)")
            #expect(error?.message.contains(filter.path?.description ?? "?") == true)
            #expect(error?.message.contains("is declared") == true)
        }
    }

    @Test func `F6 paths`() {
        let bad: [FieldPath] = [
            FieldPath([]), "", FieldPath(["a", ""]), "a\0", FieldPath(String(repeating: "x", count: 513)),
            FieldPath(Array(repeating: "x", count: 17)),
        ]
        for path in bad {
            #expect(refusal(.or([.notEqual(path, 1)]))?.code == .invalidArgument)
            #expect(refusal(.exists(path))?.code == .invalidArgument)
        }
        let nested = refusal(.equal(FieldPath(["a", "b"]), 1), nested: false)
        #expect(nested?.code == .unsupported)
        #expect(nested?.message.contains("equal on a.b") == true)
        #expect(refusal(.equal("a.b", 1), nested: false) == nil)
    }

    @Test func `F7 depth, nodes and operands`() {
        func deep(_ depth: Int) -> Filter {
            var filter = Filter.isNull("f")
            for _ in 1..<depth { filter = .not(filter) }
            return filter
        }
        #expect(refusal(deep(32)) == nil)
        #expect(refusal(deep(33))?.message.contains("32 levels") == true)
        #expect(refusal(deep(5000))?.message.contains("32 levels") == true)
        #expect(refusal(.and(Array(repeating: .isNull("f"), count: 999))) == nil)
        #expect(refusal(.and(Array(repeating: .isNull("f"), count: 1000)))?.message.contains("1000 nodes") == true)
        #expect(refusal(.in("f", Array(repeating: 1, count: 1000))) == nil)
        #expect(refusal(.in("f", Array(repeating: 1, count: 1001)))?.message.contains("1000") == true)
        #expect(
            refusal(.containsAny("f", [1, 2, 3]), maxOperands: 2)?.message.contains("on f has 3 operands; at most 2")
                == true)
        #expect(refusal(.notIn("f", [1, 2]), maxOperands: 2) == nil)
        // 2^16 leaves in few levels: refused before they are all visited.
        var wide = Filter.isNull("f")
        for _ in 0..<16 { wide = .and([wide, wide]) }
        #expect(refusal(wide)?.message.contains("nodes") == true)
    }
}
