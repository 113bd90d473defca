import StoresCore

/// Metadata with every kind of value at its edges.
enum SampleValues {
    static func metadata(nested: Bool) -> Metadata {
        var metadata: Metadata = [
            "null": nil, "true": true, "false": false, "zero": 0, "one": 1, "oneAsDouble": 1.0,
            "intMax": .int(.max), "intMin": .int(.min), "past53bits": .int(9_007_199_254_740_993),
            "tenth": 0.1, "sum": .double(0.1 + 0.2), "huge": 1e308, "tiny": .double(.leastNonzeroMagnitude),
            "minusZero": .double(-0.0), "empty": "", "text": "it's \"quoted\", 100% of_it\\\n\t\u{1F}",
            "composed": "é", "decomposed": "e\u{301}", "emoji": "👩‍👩‍👧 \u{202E}abc",
            "instant": .instant(Timestamp(millisecondsSinceEpoch: 1_767_225_600_123)),
            "before1970": .instant(Timestamp(millisecondsSinceEpoch: -1)),
            "emptyArray": [], "strings": ["a", "", "é"], "mixed": [1, 1.5, "x", true, nil],
            "looksLikeInstant": "2026-01-01T00:00:00.000Z", "looksLikeNumber": "42", "key with space": 1, "ключ": 2,
        ]
        if nested {
            metadata["object"] = ["inner": ["deep": 1, "list": [1, 2]], "a.b": "dot", "empty": .object([:])]
        }
        return metadata
    }

    /// Compares field by field, so that a failure names the field.
    static func expectSame(_ actual: Metadata, _ expected: Metadata) throws {
        for (key, value) in expected.sorted(by: { $0.key < $1.key }) {
            // A null may be left out: a missing field equals null (F2).
            let found: Value? = actual[key]
            guard found == value || (found == Value?.none && value == .null) else {
                throw CaseFailure("the field \(shown(key)): expected \(value.json), got \(found?.json ?? "nothing")")
            }
        }
        let extra = Set(actual.keys).subtracting(expected.keys)
        try expect(extra.isEmpty, "expected no further fields, got \(extra.sorted())")
    }
}
