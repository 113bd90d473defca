import StoresCore

extension FilterCases {
    /// F4, F6, F7: what is refused before any I/O.
    static func refusals(_ target: FilterTarget) -> [ConformanceCase] {
        [
            refused(
                "F4.badLiterals", target, "literals without a meaning are invalid",
                [
                    .equal("s", nil), .equal("s", ["a"]), .equal("s", ["k": 1]), .less("b", true),
                    .equal("d", .double(.nan)),
                    .less("d", .double(.infinity)), .in("s", ["a", nil]), .contains("tags", ["x"]),
                ]),
            refused(
                "F6.badPaths", target, "an invalid path throws and never means match all",
                [
                    .exists(FieldPath([])), .exists(""), .exists(FieldPath(["a", ""])), .notEqual("a\u{0}", 1),
                    .isNull(FieldPath(Array(repeating: "a", count: 17))), .not(.equal("", 1)),
                    .exists(FieldPath(String(repeating: "x", count: 513))),
                ]),
            refused(
                "F7.tooLarge", target, "a filter that is too deep or too large is refused",
                [
                    nested(33), .or((0..<1000).map { .equal("n", .int($0)) }), .in("n", (0..<1001).map { .int($0) }),
                    .notIn("n", (0..<1001).map { .int($0) }), .containsAny("tags", (0..<1001).map { .int($0) }),
                ]),
        ]
    }

    // Usually: validation happens in the adapter's compiler, and one path passes it by.
    private static func refused(
        _ name: String, _ target: FilterTarget, _ sentence: String, _ filters: [Filter]
    ) -> ConformanceCase {
        ConformanceCase(id(name, target), target.tier, sentence, requires: [target.filters]) { bench in
            let ask = try await target.open(bench, records)
            for filter in filters {
                try await expectError(.invalidArgument, during: "where \(shown("\(filter)"))") { try await ask(filter) }
            }
            try expectEqual(try await ask(.exists("s")).count, 6, "records with s after refused filters")
        }
    }

    private static func nested(_ depth: Int) -> Filter {
        (1..<depth).reduce(Filter.equal("n", 1)) { filter, _ in .not(filter) }
    }

    // Usually: a statement with more parameters than the backend takes, or a recursion limit.
    static func manyOperands(_ target: FilterTarget) -> ConformanceCase {
        ConformanceCase(
            id("F7.atTheLimit", target), target.tier, "a filter at the limits of depth, nodes and operands works",
            requires: [target.filters]
        ) { bench in
            let ask = try await target.open(bench, records)
            let most = bench.subject.capabilities(of: target.tier).limits[.filterOperands] ?? Filter.maxOperands
            try expectSame(
                try await ask(.in("n", (1...most).map { .int(Int64($0)) })), ["r1"] + (most > 1 ? ["r2", "r3"] : []),
                "in of \(most)")
            try expectSame(try await ask(nested(32)), FilterCases.records.map(\.id).without("r1"), "not, 31 times")
            try expectSame(try await ask(nested(31)), ["r1"], "not, 30 times")
            let any = Filter.or((0..<999).map { .equal("n", .int($0 - 500)) })
            try expectSame(try await ask(any), ["r1", "r2", "r3"], "or of 999")
            guard let one = bench.subject.capabilities(of: target.tier).limits[.filterOperands] else { return }
            try await expectError(.invalidArgument, during: "one operand more than declared") {
                try await ask(.in("n", (0...one).map { .int(Int64($0)) }))
            }
        }
    }

    // Usually: objects are flattened with dots.
    static func nestedPaths(_ target: FilterTarget) -> ConformanceCase {
        ConformanceCase(
            id("F6.nested", target), target.tier, "a path goes into nested objects, and a dot in a name stays a dot",
            requires: [target.filters, target.nested]
        ) { bench in
            let ask = try await target.open(
                bench,
                [
                    ("n1", ["o": ["x": 1, "p": ["q": "deep"]]]), ("n2", ["o": ["x": "1"]]), ("n3", ["o.x": 1]),
                    ("n4", ["o": [["x": 1]]]), ("n5", ["o": 1]), ("n6", ["o": ["p.q": "deep", "x": nil]]),
                    ("n7", ["o": ["it's": ["tags": ["a", "b"]]]]),
                ])
            for (filter, expected) in [
                (.equal(FieldPath(["o", "x"]), 1), ["n1"]), (.equal("o.x", 1), ["n3"]),
                (.equal(FieldPath(["o", "x"]), "1"), ["n2"]), (.equal(FieldPath(["o", "p", "q"]), "deep"), ["n1"]),
                (.equal(FieldPath(["o", "p.q"]), "deep"), ["n6"]), (.exists(FieldPath(["o", "x"])), ["n1", "n2"]),
                (.isNull(FieldPath(["o", "x"])), ["n3", "n4", "n5", "n6", "n7"]),
                (.contains(FieldPath(["o", "it's", "tags"]), "b"), ["n7"]),
                (.notEqual(FieldPath(["o", "x"]), 1), ["n2", "n3", "n4", "n5", "n6", "n7"]),
                (.exists(FieldPath(["o", "x", "y"])), []), (.exists("o"), ["n1", "n2", "n4", "n5", "n6", "n7"]),
            ] as [(Filter, [String])] {
                try expectSame(try await ask(filter), expected, "where \(filter)")
            }
        }
    }

    static func noNestedPaths(_ target: FilterTarget) -> ConformanceCase {
        ConformanceCase(
            id("F6.noNested", target), target.tier, "a nested path is refused where nested fields are not declared",
            requires: [target.filters], excludes: [target.nested]
        ) { bench in
            let ask = try await target.open(bench, records)
            try await expectError(.unsupported, during: "a nested path") {
                try await ask(.exists(FieldPath(["o", "x"])))
            }
        }
    }

    // Usually: a literal that is spliced, or a key that is escaped for one syntax and not for the one around it.
    static func hostileLiterals(_ target: FilterTarget) -> ConformanceCase {
        ConformanceCase(
            id("X11.filters", target), target.tier, "hostile literals and field names match themselves alone",
            requires: [target.filters]
        ) { bench in
            let names = HostileNames.all.filter { $0.utf8.count <= 512 && !$0.isEmpty && !$0.utf8.contains(0) }
            let records = names.enumerated().map {
                (id: "h\($0)", metadata: ["v": Value.string($1), "all": true] as Metadata)
            }
            let ask = try await target.open(bench, records)
            for (index, name) in names.enumerated() {
                try expectSame(try await ask(.equal("v", .string(name))), ["h\(index)"], "where v = \(shown(name))")
                let starting = records.filter {
                    if case .string(let text) = $0.metadata["v"] { text.utf8.starts(with: name.utf8) } else { false }
                }
                try expectSame(
                    try await ask(.startsWith("v", name)), starting.map(\.id), "where v starts with \(shown(name))")
                try expectSame(try await ask(.exists(FieldPath(name))), [], "where the field \(shown(name)) exists")
            }
            let fields = try await target.open(bench, names.enumerated().map { ("f\($0)", [$1: 1]) })
            for (index, name) in names.enumerated() {
                try expectSame(
                    try await fields(.equal(FieldPath(name), 1)), ["f\(index)"], "where the field \(shown(name)) = 1")
            }
        }
    }

    // Usually: whatever the cases above did not think of.
    static func oracle(_ target: FilterTarget) -> ConformanceCase {
        ConformanceCase(
            id("F9.oracle", target), target.tier, "generated filters match what the in-memory stores match",
            requires: [target.filters]
        ) { bench in
            let report = try await Oracle.run(
                bench.subject, tier: target.tier, seed: 1, cases: 400, prefix: bench.name())
            try expect(report.isPassing, report.text)
        }
    }
}
