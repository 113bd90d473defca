import StoresCore
import Testing

@Suite struct FilterTextTests {
    @Test func `Every valid filter reads back from its description`() throws {
        var generator = FilterGenerator(seed: 3)
        for _ in 0..<5000 {
            let filter = generator.filter()
            let text = filter.description
            let parsed = try Filter(parsing: text)
            guard parsed == filter else {
                Issue.record("\(text)\n  became \(parsed)")
                return
            }
            #expect(parsed.description == text)
        }
    }

    @Test func `Doubles keep their bits and their kind`() throws {
        for value in [1.0, -0.0, 0.1, .leastNonzeroMagnitude, 1.7976931348623157e308, -1e-7, 1e21, 123456789.125] {
            let filter = try Filter(parsing: Filter.equal("f", .double(value)).description)
            guard case .double(let read)? = filter.literals.first else {
                Issue.record("\(value) became \(filter)")
                continue
            }
            #expect(read.bitPattern == value.bitPattern)
        }
    }

    @Test(
        arguments: [
            (
                "section = 'libs' AND installedKiB > 100",
                Filter.and([.equal("section", "libs"), .greater("installedKiB", 100)])
            ),
            ("a=1 or b=2 and not c=3", .or([.equal("a", 1), .and([.equal("b", 2), .not(.equal("c", 3))])])),
            (
                "(a = 1 OR b <> 2) AND c == 'it''s'",
                .and([.or([.equal("a", 1), .notEqual("b", 2)]), .equal("c", "it's")])
            ),
            ("author.\"full name\" starts with 'A'", .startsWith(FieldPath(["author", "full name"]), "A")),
            ("\"in\" NOT IN (1, -2.5, 'x')", .notIn("in", [1, -2.5, "x"])),
            (
                "tags contains any ('a') AND tags CONTAINS ALL () AND tags CONTAINS 'b'",
                .and([.containsAny("tags", ["a"]), .containsAll("tags", []), .contains("tags", "b")])
            ),
            (
                "t >= instant '2026-01-01T00:00:00+01:00'",
                .greaterOrEqual("t", .instant(Timestamp(millisecondsSinceEpoch: 1_767_222_000_000)))
            ),
            ("a IS NULL AND b IS NOT NULL AND c EXISTS", .and([.isNull("a"), .exists("b"), .exists("c")])),
            ("TRUE", .and([])), ("not false", .not(.or([]))), ("AND (a = true)", .and([.equal("a", true)])),
            ("OR (OR (a = false))", .or([.or([.equal("a", false)])])), ("((a = 1e3))", .equal("a", 1000.0)),
            ("a-b = 1", .equal("a-b", 1)), ("\"a\"\"b\" = 1", .equal("a\"b", 1)),
        ] as [(String, Filter)])
    func `The text form is read`(text: String, filter: Filter) throws {
        #expect(try Filter(parsing: text) == filter)
    }

    @Test(
        arguments: [
            ("", 1, "a field"), ("section = ", 11, "a value"), ("section = AND", 11, "a value"),
            ("section 'libs'", 9, "an operator"), ("a = 1 b = 2", 7, "AND, OR or the end"), ("(a = 1", 7, "')'"),
            ("a = 'x", 5, "closing quote"), ("a = 99999999999999999999", 5, "64 bits"),
            ("a = 1e999", 5, "double can hold"),
            ("é = 1", 1, "a field"), ("a = 'é' ? b", 9, "a field, an operator"), ("a IN 1", 6, "'('"),
            ("a IN (1 2)", 9, "',' or ')'"),
            ("a = NULL", 5, "IS NULL"), ("a = b", 5, "single quotes"), ("and = 1", 5, "'('"),
            ("null = 1", 1, "double quotes"),
            ("a..b = 1", 3, "after the dot"), ("a = 1x", 6, "end of the number"),
            ("a = instant 'noon'", 13, "a time like"),
            ("a NOT 1", 7, "IN"), ("a STARTS WITH 1", 15, "single quotes"), ("a IS 1", 6, "NULL"),
            ("a = -", 6, "digit"),
            ("a = 1.", 7, "digit"), ("\"a\\x\" = 1", 4, "backslash"),
        ])
    func `An error names the column and what was expected`(text: String, column: Int, expected: String) {
        let error = #expect(throws: StoreError.self) { try Filter(parsing: text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.hasPrefix("filter, column \(column): expected ") == true, "\(error?.message ?? "")")
        #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("▸") == true)
    }

    @Test func `The excerpt is one short line`() {
        let text = "a = 1 AND\nb = 'x\u{202E}y' AND \(String(repeating: "long ", count: 100))"
        let error = #expect(throws: StoreError.self) { try Filter(parsing: text) }
        #expect(error?.message.unicodeScalars.contains { $0 == "\n" || $0 == "\u{202E}" } == false)
        #expect((error?.message.count ?? 0) < 220)
    }

    @Test func `Hostile nesting is refused, not followed`() {
        for text in [
            String(repeating: "(", count: 30_000), String(repeating: "NOT ", count: 30_000),
            String(repeating: "AND (", count: 30_000),
        ] {
            let error = #expect(throws: StoreError.self) { try Filter(parsing: text) }
            #expect(error?.message.contains("nested") == true)
        }
    }
}
