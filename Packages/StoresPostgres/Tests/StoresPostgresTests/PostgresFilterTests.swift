import StoresCore
import Testing

@testable import StoresPostgres

/// What filters become, without a server.
@Suite struct PostgresFilterTests {
    private func compile(_ filter: Filter, _ fields: [FieldDefinition] = []) throws -> (String, PostgresArguments) {
        var arguments = PostgresArguments()
        let condition = try PostgresFilter.condition(
            filter, column: "m", fields: PostgresFieldColumn.columns(of: fields), &arguments)
        return (condition, arguments)
    }

    @Test func nothingOfAUserIsInTheText() throws {
        let hostile = "x' OR '1'='1"
        let filters: [Filter] = [
            .equal("a'b", .string(hostile)), .less(FieldPath([hostile, "c"]), .string(hostile)),
            .in("a'b", [.string(hostile), 1, true]), .containsAny("a'b", [.string(hostile), 2]),
            .containsAll("a'b", (0..<20).map { .string("\(hostile)\($0)") }), .startsWith("a'b", hostile),
            .exists(FieldPath(hostile)), .notIn("a'b", [.string(hostile)]),
        ]
        for filter in filters {
            let (condition, arguments) = try compile(filter, [FieldDefinition("a'b", .string)])
            #expect(!condition.contains("a'b") && !condition.contains("OR '1"), "\(condition)")
            #expect(!arguments.values.isEmpty)
        }
    }

    @Test func negationIsPushedToTheLeaves() throws {
        let filter: Filter = .not(.and([.equal("a", 1), .not(.or([.exists("b"), .notEqual("c", 2)])), .and([])]))
        let (condition, _) = try compile(filter)
        #expect(
            condition == """
                ((m @> $1) IS NOT TRUE OR (((m -> $2) IS NOT NULL AND (m -> $2) <> 'null'::jsonb) OR \
                (m @> $3) IS NOT TRUE) OR false)
                """)
    }

    @Test func declaredFieldsAreComparedInTheirColumns() throws {
        let fields = [
            FieldDefinition("n", .int), FieldDefinition("s", .string), FieldDefinition("t", .instant),
            FieldDefinition("b", .bool), FieldDefinition("tags", .stringArray),
            FieldDefinition("unindexed", .int, isIndexed: false),
        ]
        let at = Value.instant(Timestamp(millisecondsSinceEpoch: 5))
        for (filter, expected) in [
            (.less("n", 1.5), "r.field_0 < $1::numeric"), (.equal("n", 7), "r.field_0 = $1::numeric"),
            (.in("n", [1, 2]), "r.field_0 = ANY ($1::numeric[])"), (.equal("s", "x"), "r.field_1 = $1"),
            (.startsWith("s", "x"), "r.field_1 ^@ $1"), (.greaterOrEqual("t", at), "r.field_2 >= $1"),
            (.equal("b", true), "m @> $1"), (.contains("tags", "x"), "m @> $1"), (.equal("unindexed", 1), "m @> $1"),
            // Longer than what the column holds of a text.
            (.equal("s", .string(String(repeating: "é", count: 128))), "m @> $1"),
        ] as [(Filter, String)] {
            #expect(try compile(filter, fields).0 == expected)
        }
    }

    @Test func aTextWithNULEqualsNothingAndHasItsPlaceInTheOrder() throws {
        #expect(try compile(.equal("s", "a\u{0}b")).0 == "false")
        #expect(try compile(.notEqual("s", "a\u{0}b")).0 == "true")
        #expect(try compile(.startsWith("s", "\u{0}")).0 == "false")
        #expect(try compile(.containsAll("s", ["a", "\u{0}"])).0 == "false")
        #expect(try compile(.in("s", ["\u{0}"])).0 == "false")
        let (less, arguments) = try compile(.less("s", "a\u{0}b"))
        #expect(less.contains("<=") && less.contains("COLLATE \"C\""))
        guard case .text(let bound?) = arguments.values.last else {
            Issue.record("the bound is no text")
            return
        }
        #expect(bound == "a")
        #expect(try compile(.greaterOrEqual("s", "a\u{0}b")).0.contains(" > "))
    }

    @Test func emptyListsAreDecidedByLogic() throws {
        for (filter, expected) in [
            (.in("a", []), "false"), (.notIn("a", []), "true"), (.and([]), "true"), (.or([]), "false"),
            (.containsAll("a", []), "true"), (.containsAny("a", []), "false"), (.not(.and([])), "false"),
        ] as [(Filter, String)] {
            #expect(try compile(filter).0 == expected)
        }
    }

    @Test func whatIsTooLargeOrMeansNothingIsRefused() throws {
        var deep: Filter = .equal("n", 1)
        for _ in 0..<32 { deep = .not(deep) }
        for filter in [
            deep, .or(Array(repeating: .isNull("n"), count: 1000)), .equal("", 1), .exists("a\u{0}"),
            .equal("n", .double(.nan)), .less("n", .double(.infinity)),
        ] as [Filter] {
            let error = #expect(throws: StoreError.self) { try compile(filter) }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func theNativeQueryHasLiteralsInPlace() throws {
        #expect(
            try StoresPostgres.nativeQuery(for: .field("a'b") == "x'y" && .exists("c"))
                == #"(metadata @> '{"a''b":"x''y"}'::jsonb AND "#
                + "((metadata -> 'c') IS NOT NULL AND (metadata -> 'c') <> 'null'::jsonb))"
        )
        #expect(
            try StoresPostgres.nativeQuery(for: .less("t", .instant(Timestamp(millisecondsSinceEpoch: 9))))
                == "(metadata -> 't') -> '$instant' < '9'::jsonb")
    }
}

@Suite struct PostgresJSONTests {
    private func text(_ value: Value) throws -> String {
        String(decoding: try PostgresJSON.encode(value), as: UTF8.self)
    }

    @Test func numbersHaveTheDigitsOfTheirExactValue() throws {
        #expect(try text(1.0) == "1.0")
        #expect(try text(.double(1e16)) == "10000000000000000.0")
        #expect(try text(.double(-0x1p63)) == "-9223372036854775808.0")
        #expect(try text(.double(9_007_199_254_740_994.0)) == "9007199254740994.0")
        #expect(try text(.double(0.1)) == "0.1")
        #expect(try text(.int(.min)) == "-9223372036854775808")
        #expect(try text(.double(-0.0)) == "0.0")
    }

    @Test func instantsAreNumbersAndTextsAreEscaped() throws {
        #expect(try text(.instant(Timestamp(millisecondsSinceEpoch: -1))) == #"{"$instant":-1}"#)
        #expect(try text("\"\\\n\u{1F}é") == #""\"\\\u000a\u001fé""#)
        #expect(
            try PostgresJSON.metadata(Array(#"{"t": {"$instant": 7}, "d": 2.0, "i": 2}"#.utf8))
                == ["t": .instant(Timestamp(millisecondsSinceEpoch: 7)), "d": 2.0, "i": 2])
    }

    @Test func whatPostgresCannotHoldIsRefusedWithARemedy() {
        for metadata in [["a": "x\u{0}"], ["a": ["b": ["\u{0}"]]], ["a": .double(.nan)]] as [Metadata] {
            let error = #expect(throws: StoreError.self) { try PostgresJSON.encode(metadata) }
            #expect(error?.code == .invalidArgument)
        }
        let error = #expect(throws: StoreError.self) { try PostgresJSON.encode(["a": "x\u{0}"]) }
        #expect(error?.remedy?.contains("Base64") == true)
        var deep: Value = 1
        for _ in 0..<200 { deep = .array([deep]) }
        #expect(throws: StoreError.self) { try PostgresJSON.encode(["a": deep]) }
    }
}
