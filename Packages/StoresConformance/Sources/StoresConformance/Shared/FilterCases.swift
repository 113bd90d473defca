import StoresCore

/// F, for each tier that has filters: the same records, the same questions, the same answers.
enum FilterCases {
    static func all(_ target: FilterTarget) -> [ConformanceCase] {
        questions.map { question(target, $0) } + refusals(target) + [
            nestedPaths(target), noNestedPaths(target), manyOperands(target), hostileLiterals(target), oracle(target),
        ]
    }

    static let records: FilterTarget.Records = [
        (
            "r1",
            [
                "s": "alpha", "n": 1, "d": 1.5, "b": true, "t": .instant(Timestamp(millisecondsSinceEpoch: 1000)),
                "tags": ["x", "y"], "o.x": 7,
            ]
        ),
        ("r2", ["s": "Alpha", "n": 2, "d": 2.0, "b": false, "tags": ["y"]]),
        ("r3", ["s": "alphabet", "n": 2.0, "d": -0.5, "tags": []]),
        ("r4", ["s": nil, "n": "2", "tags": "x"]),
        ("r5", [:]),
        (
            "r6",
            ["s": "é", "n": .int(.max), "t": .instant(Timestamp(millisecondsSinceEpoch: -1)), "tags": [1, "x", true]]
        ),
        ("r7", ["s": "e\u{301}", "n": .int(9_007_199_254_740_993), "t": "1970-01-01T00:00:01.000Z"]),
        ("r8", ["s": "100%_of*", "n": 9_007_199_254_740_992.0, "tags": ["X", "xy"]]),
    ]
    private static let every = records.map(\.id)

    /// A rule, what it says, what it usually fails by, and filters with the ids that they match.
    private struct Questions: Sendable {
        var id: String
        var sentence: String
        var asked: [(Filter, [String])]
    }

    private static let questions: [Questions] = [
        // Usually: a node that the compiler leaves out.
        Questions(
            id: "F1.everyNode", sentence: "every node of the tree is kept",
            asked: [
                (.equal("s", "alpha"), ["r1"]), (.notEqual("b", true), every.without("r1")), (.less("d", 1.5), ["r3"]),
                (.lessOrEqual("d", 1.5), ["r1", "r3"]), (.greater("d", 1.5), ["r2"]),
                (.greaterOrEqual("d", 1.5), ["r1", "r2"]), (.in("s", ["alpha", "é"]), ["r1", "r6"]),
                (.notIn("s", ["alpha", "é"]), every.without("r1", "r6")), (.contains("tags", "x"), ["r1", "r6"]),
                (.containsAny("tags", ["y", "X"]), ["r1", "r2", "r8"]), (.containsAll("tags", ["x", "y"]), ["r1"]),
                (.startsWith("s", "alpha"), ["r1", "r3"]), (.isNull("b"), every.without("r1", "r2")),
                (.exists("b"), ["r1", "r2"]), (.and([.exists("d"), .equal("b", true)]), ["r1"]),
                (.or([.equal("s", "alpha"), .equal("b", false)]), ["r1", "r2"]),
                (.not(.exists("tags")), ["r5", "r7"]),
            ]),
        // Usually: three-valued logic of SQL, or a document store's "field exists and".
        Questions(
            id: "F2.missingIsNull", sentence: "a missing field equals null, and not is the exact complement",
            asked: [
                (.isNull("s"), ["r4", "r5"]), (.exists("s"), every.without("r4", "r5")),
                (.notEqual("s", "alpha"), every.without("r1")), (.not(.equal("s", "alpha")), every.without("r1")),
                (.not(.notEqual("s", "alpha")), ["r1"]), (.notIn("s", ["alpha"]), every.without("r1")),
                (.less("n", 2), ["r1"]), (.not(.less("n", 2)), every.without("r1")),
                (.not(.greaterOrEqual("n", 2)), ["r1", "r4", "r5"]),
                (.not(.contains("tags", "x")), every.without("r1", "r6")),
                (.not(.startsWith("s", "alpha")), every.without("r1", "r3")), (.isNull("nowhere"), every),
                (.exists("nowhere"), []), (.notEqual("nowhere", 1), every), (.equal("nowhere", 1), []),
                (.not(.and([.exists("n"), .exists("s")])), ["r4", "r5"]),
                (.not(.or([.exists("n"), .exists("s")])), ["r5"]), (.not(.not(.isNull("n"))), ["r5"]),
            ]),
        // Usually: `IN ()` is a syntax error, or an empty list is left out.
        Questions(
            id: "F3.empty", sentence: "empty lists are false or true by their logic",
            asked: [
                (.in("s", []), []), (.notIn("s", []), every), (.and([]), every), (.or([]), []),
                (.containsAny("tags", []), []), (.containsAll("tags", []), every), (.not(.in("s", [])), every),
                (.not(.and([])), []), (.or([.in("s", []), .equal("n", 1)]), ["r1"]),
                (.and([.or([]), .exists("s")]), []),
                (.and([.and([]), .equal("n", 1)]), ["r1"]), (.startsWith("s", ""), every.without("r4", "r5")),
            ]),
        // Usually: everything is compared as double, or as text.
        Questions(
            id: "F4.kinds", sentence: "numbers compare by value, also past 2^53; kinds never mix",
            asked: [
                (.equal("n", 2), ["r2", "r3"]), (.equal("n", 2.0), ["r2", "r3"]), (.equal("n", "2"), ["r4"]),
                (.in("n", [1.0, "2"]), ["r1", "r4"]), (.equal("n", .int(9_007_199_254_740_993)), ["r7"]),
                (.equal("n", .int(9_007_199_254_740_992)), ["r8"]), (.equal("n", 9_007_199_254_740_992.0), ["r8"]),
                (.greater("n", 9_007_199_254_740_992.0), ["r6", "r7"]), (.equal("n", .int(.max)), ["r6"]),
                (.equal("n", 9_223_372_036_854_775_808.0), []),
                (.less("n", 9_223_372_036_854_775_808.0), every.without("r4", "r5")),
                (.less("n", "3"), ["r4"]), (.equal("b", 1), []), (.equal("b", "true"), []), (.equal("s", true), []),
                (.equal("t", .instant(Timestamp(millisecondsSinceEpoch: 1000))), ["r1"]),
                (.less("t", .instant(Timestamp(millisecondsSinceEpoch: 0))), ["r6"]), (.equal("t", 1000), []),
                (.equal("t", "1970-01-01T00:00:01.000Z"), ["r7"]), (.equal("tags", "x"), ["r4"]),
                (.contains("tags", 1), ["r6"]), (.contains("tags", true), ["r6"]), (.contains("tags", "1"), []),
                (.contains("s", "alpha"), []), (.greater("tags", "a"), ["r4"]),
            ]),
        // Usually: a collation, a LIKE with its wildcards, a tokenised text field.
        Questions(
            id: "F5.strings", sentence: "strings compare whole, case-sensitive, by their UTF-8 bytes",
            asked: [
                (.equal("s", "ALPHA"), []), (.equal("s", "Alpha"), ["r2"]), (.equal("s", "alph"), []),
                (.equal("s", "alpha "), []), (.equal("s", "é"), ["r6"]), (.equal("s", "e\u{301}"), ["r7"]),
                (.equal("s", "e"), []), (.equal("s", ""), []), (.startsWith("s", "e"), ["r7"]),
                (.startsWith("s", "100%"), ["r8"]), (.startsWith("s", "100_"), []), (.startsWith("s", "1%"), []),
                (.startsWith("s", "Al"), ["r2"]), (.equal("s", "100%_of*"), ["r8"]), (.equal("s", "%"), []),
                (.less("s", "B"), ["r2", "r8"]), (.greater("s", "z"), ["r6"]),
                (.lessOrEqual("s", "alpha"), ["r1", "r2", "r8"]),
                (.contains("tags", "X"), ["r8"]), (.contains("tags", "xy"), ["r8"]),
                (.in("s", ["alphabet", "ALPHA"]), ["r3"]),
            ]),
        // Usually: a dot splits the name, or an unknown path matches all.
        Questions(
            id: "F6.literalNames", sentence: "a path's segments are literal names",
            asked: [
                (.equal("o.x", 7), ["r1"]), (.exists("o"), []), (.exists("%"), []), (.exists("*"), []),
                (.exists("s'"), []),
                (.exists("S"), []), (.exists("s\u{301}"), []), (.notEqual("$where", 1), every), (.equal("1=1", 1), []),
            ]),
        // Usually: a rewrite that is right for two levels.
        Questions(
            id: "F8.inFull", sentence: "a deep tree is compiled in full",
            asked: [
                (
                    .or([.and([.exists("d"), .not(.equal("b", true)), .lessOrEqual("d", 2)]), .not(.exists("n"))]),
                    ["r2", "r3", "r5"]
                ),
                (
                    .not(.and([.or([.startsWith("s", "a"), .startsWith("s", "A")]), .not(.in("n", [2]))])),
                    every.without("r1")
                ),
                (
                    .and([.not(.not(.not(.isNull("n")))), .or([.contains("tags", "x"), .contains("tags", "X")])]),
                    ["r1", "r6", "r8"]
                ),
                (.not(.or([.not(.exists("d")), .not(.exists("b"))])), ["r1", "r2"]),
            ]),
    ]

    private static func question(_ target: FilterTarget, _ questions: Questions) -> ConformanceCase {
        ConformanceCase(id(questions.id, target), target.tier, questions.sentence, requires: [target.filters]) {
            bench in
            let ask = try await target.open(bench, records)
            for (filter, expected) in questions.asked {
                try expectSame(try await ask(filter), expected, "where \(filter)")
            }
        }
    }

    /// `F1.everyNode` becomes `F1.memory.everyNode`.
    static func id(_ id: String, _ target: FilterTarget) -> String {
        let dot = id.firstIndex(of: ".") ?? id.endIndex
        return "\(id[..<dot]).\(target.tier.rawValue)\(id[dot...])"
    }
}

extension [String] {
    func without(_ ids: String...) -> [String] { filter { !ids.contains($0) } }
}
