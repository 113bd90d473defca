import StoresCore
import Testing

@Suite struct FilterMatchingTests {
    @Test func `The fast evaluator agrees with the plain one`() {
        var generator = FilterGenerator(seed: 1)
        let records = (0..<200).map { _ in generator.metadata() }
        for _ in 0..<1500 {
            let filter = generator.filter()
            let compiled = CompiledFilter(filter)
            for metadata in records {
                guard compiled.matches(metadata) != PlainFilter.matches(filter, metadata) else { continue }
                Issue.record("\(filter) on \(Value.object(metadata).json)")
                return
            }
        }
    }

    @Test func `F2 missing equals null, and not is the exact complement`() {
        for metadata: Metadata in [[:], ["f": nil]] {
            #expect(Filter.isNull("f").matches(metadata))
            #expect(!Filter.exists("f").matches(metadata))
            #expect(Filter.notEqual("f", 1).matches(metadata))
            #expect(Filter.notIn("f", [1]).matches(metadata))
            #expect(!Filter.less("f", 1).matches(metadata))
            #expect(Filter.not(.less("f", 1)).matches(metadata))
            #expect(!Filter.startsWith("f", "").matches(metadata))
        }
        var generator = FilterGenerator(seed: 2)
        for _ in 0..<2000 {
            let (filter, metadata) = (generator.filter(), generator.metadata())
            #expect(filter.matches(metadata) != Filter.not(filter).matches(metadata))
        }
    }

    @Test func `F3 empty operand lists`() {
        let metadata: Metadata = ["f": [1]]
        #expect(!Filter.in("f", []).matches(metadata))
        #expect(Filter.notIn("f", []).matches(metadata))
        #expect(Filter.and([]).matches(metadata))
        #expect(!Filter.or([]).matches(metadata))
        #expect(!Filter.containsAny("f", []).matches(metadata))
        #expect(Filter.containsAll("f", []).matches(metadata))
        #expect(Filter.containsAll("missing", []).matches(metadata))
    }

    @Test(
        arguments: [
            (Value.int(9_007_199_254_740_993), Value.double(9_007_199_254_740_992), 1),
            (.int(9_007_199_254_740_992), .double(9_007_199_254_740_992), 0),
            (.int(.max), .double(9.223372036854775807e18), -1),
            (.int(.min), .double(-9.223372036854775808e18), 0),
            (.int(.min), .double(-9.3e18), 1),
            (.int(.max), .double(.greatestFiniteMagnitude), -1),
            (.int(0), .double(-0.0), 0), (.int(0), .double(.leastNonzeroMagnitude), -1), (.int(-1), .double(-1.5), 1),
            (.int(1), .double(1.5), -1), (.int(2), .double(1.5), 1),
        ])
    func `F4 integers and doubles compare by exact value`(left: Value, right: Value, order: Int) {
        for (value, literal, order) in [(left, right, order), (right, left, -order)] {
            let metadata: Metadata = ["f": value]
            #expect(Filter.equal("f", literal).matches(metadata) == (order == 0))
            #expect(Filter.in("f", [literal]).matches(metadata) == (order == 0))
            #expect(Filter.contains("f", literal).matches(["f": .array([value])]) == (order == 0))
            #expect(Filter.less("f", literal).matches(metadata) == (order < 0))
            #expect(Filter.lessOrEqual("f", literal).matches(metadata) == (order <= 0))
            #expect(Filter.greater("f", literal).matches(metadata) == (order > 0))
            #expect(Filter.greaterOrEqual("f", literal).matches(metadata) == (order >= 0))
        }
    }

    @Test func `F4 kinds do not mix`() {
        #expect(!Filter.equal("f", "1").matches(["f": 1]))
        #expect(!Filter.equal("f", 1).matches(["f": true]))
        #expect(!Filter.less("f", "2").matches(["f": 1]))
        #expect(!Filter.equal("f", 0).matches(["f": .instant(Timestamp(millisecondsSinceEpoch: 0))]))
        #expect(!Filter.equal("f", 1).matches(["f": [1]]))
        #expect(!Filter.contains("f", 1).matches(["f": 1]))
    }

    @Test(arguments: [("é", "e\u{301}"), ("K", "\u{212A}"), ("q\u{307}\u{323}", "q\u{323}\u{307}")])
    func `F5 strings and field names compare by bytes`(one: String, other: String) {
        #expect(one == other)  // Swift's own view
        let metadata: Metadata = ["f": .string(one), "list": .array([.string(one)]), one: 1, "o": .object([one: 1])]
        for (text, expected) in [(one, true), (other, false)] {
            #expect(Filter.equal("f", .string(text)).matches(metadata) == expected)
            #expect(Filter.in("f", [.string(text), "z"]).matches(metadata) == expected)
            #expect(Filter.contains("list", .string(text)).matches(metadata) == expected)
            #expect(Filter.containsAny("list", [.string(text)]).matches(metadata) == expected)
            #expect(Filter.containsAll("list", [.string(text)]).matches(metadata) == expected)
            #expect(Filter.startsWith("f", text).matches(metadata) == expected)
            #expect(Filter.exists(FieldPath(text)).matches(metadata) == expected)
            #expect(Filter.exists(FieldPath(["o", text])).matches(metadata) == expected)
        }
        #expect(Filter.in("f", [.string(one), .string(other)]) != Filter.in("f", [.string(other), .string(one)]))
        #expect(Filter.startsWith("f", one) != Filter.startsWith("f", other))
    }

    @Test func `Filters read as Swift`() {
        func query(where filter: Filter?) -> Filter? { filter }
        #expect(
            query(where: .field("section") == "libs" && .field("size") > 100)
                == .and([.equal("section", "libs"), .greater("size", 100)]))
        #expect(query(where: !.field("a").exists) == .not(.exists("a")))
        #expect(query(where: .field("tags").contains("x")) == .contains("tags", "x"))
        #expect(query(where: .field("o", "x") != nil as String?) == .exists(FieldPath(["o", "x"])))
        #expect(
            query(where: .field("n").in([1, 2]) || .field("m") <= 1.5)
                == .or([.in("n", [1, 2]), .lessOrEqual("m", 1.5)]))
        #expect(
            query(where: .field("a") == 1 && (.field("b") != true || .field("c").startsWith("x")) && !(.field("d") < 2))
                == .and([
                    .equal("a", 1), .or([.notEqual("b", true), .startsWith("c", "x")]), .not(.less("d", 2)),
                ]))
        #expect(query(where: nil) == nil)
    }
}
