import StoresCore

extension SearchDocument {
    init(_ line: JSONLines.Line) throws(StoreError) {
        var fields = try JSONFields(line)
        self.init(id: try fields.requiredString("id"), fields: try fields.object("fields") ?? [:])
        try fields.finish()
    }

    var jsonValue: Value { ["id": .string(id), "fields": .object(fields)] }
}

extension SearchHit {
    var jsonValue: Value {
        var value: [String: Value] = ["id": .string(id), "score": .double(score), "fields": .object(fields)]
        if !highlights.isEmpty {
            value["highlights"] = .object(highlights.mapValues { .array($0.map(Value.string)) })
        }
        return .object(value)
    }
}

extension SearchResults {
    /// What stands beside the hits.
    func summary(next: Cursor?) -> [String: Value?] {
        [
            "total": .int(Int64(total)),
            "facets": facets.isEmpty
                ? nil
                : .object(
                    facets.mapValues { values in
                        .array(values.map { ["value": .string($0.value), "count": .int(Int64($0.count))] })
                    }),
            "next": next.map { .string($0.rawValue) },
        ]
    }
}

extension SearchIndexSpec {
    var jsonValue: Value {
        ["name": .string(name), "fields": .object(fields.mapValues { .string($0.argument) })]
    }
}

extension SearchFieldType {
    /// As `--field` takes it.
    var argument: String {
        switch self {
        case .keyword: "keyword"
        case .text(let analyzer): "text:\(analyzer.rawValue)"
        case .number: "number"
        case .instant: "instant"
        case .bool: "bool"
        }
    }
}

extension SearchQuery {
    /// `"all"`, `{"match":"words"}`, `{"match":{"field","text","operator"}}`, `{"phrase":…}`, `{"prefix":…}`,
    /// `{"boolean":{"must":[…],"should":[…],"mustNot":[…]}}`.
    init(jsonValue: Value, depth: Int = 1) throws(StoreError) {
        let place = "--query"
        guard depth <= 32 else { throw .invalidArgument("\(place): at most 32 levels deep") }
        if case .string("all") = jsonValue {
            self = .all
            return
        }
        var fields = try JSONFields(jsonValue, place)
        guard let kind = ["match", "phrase", "prefix", "boolean"].first(where: fields.has),
            let body = fields.value(kind)
        else { throw fields.error("expected \"all\", or an object with match, phrase, prefix or boolean") }
        try fields.finish()
        if kind == "boolean" {
            var parts = try JSONFields(body, "\(place), boolean")
            var lists: [[SearchQuery]] = []
            for name in ["must", "should", "mustNot"] {
                var list: [SearchQuery] = []
                for part in try parts.array(name) ?? [] {
                    list.append(try SearchQuery(jsonValue: part, depth: depth + 1))
                }
                lists.append(list)
            }
            try parts.finish()
            self = .boolean(must: lists[0], should: lists[1], mustNot: lists[2])
            return
        }
        var field: String?
        var text = ""
        var combine = MatchOperator.or
        if case .string(let words) = body {
            text = words
        } else {
            var inner = try JSONFields(body, "\(place), \(kind)")
            field = try inner.string("field")
            text = try inner.requiredString("text")
            if kind == "match", let name = try inner.string("operator") {
                guard let named = MatchOperator(rawValue: name) else { throw inner.error("operator is and, or or") }
                combine = named
            }
            try inner.finish()
        }
        self =
            switch kind {
            case "match": .match(field: field, text, operator: combine)
            case "phrase": .phrase(field: field, text)
            default: .prefix(field: field, text)
            }
    }
}
