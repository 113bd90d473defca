import StoresCore

extension Fact {
    var jsonFields: [String: Value] {
        [
            "id": .string(id), "scope": scope.jsonValue, "content": .string(content),
            "attributes": .object(attributes), "version": .int(version), "createdAt": .instant(createdAt),
            "updatedAt": .instant(updatedAt), "expiresAt": expiresAt.map(Value.instant),
            "source": source.map(Value.string),
        ].compactMapValues { $0 }
    }

    var jsonValue: Value { .object(jsonFields) }
}

extension FactMatches {
    func jsonValues() -> [Value] {
        map { match in
            var fields = match.fact.jsonFields
            fields["similarity"] = match.similarity.map(Value.double)
            fields["score"] = match.score.map(Value.double)
            return .object(fields)
        }
    }
}

extension FactDraft {
    /// A fact and the version that it demands, from a line.
    static func parse(_ line: JSONLines.Line) throws(StoreError) -> (draft: FactDraft, ifVersion: Int64?) {
        var fields = try JSONFields(line)
        let id = try fields.requiredString("id")
        guard let scope = fields.value("scope").flatMap(Scope.init(jsonValue:)) else {
            throw fields.error("scope is an array of strings, or a text with slashes")
        }
        let draft = FactDraft(
            id: id, scope: scope, content: try fields.requiredString("content"),
            attributes: try fields.object("attributes") ?? [:], expiresAt: try fields.instant("expiresAt"),
            source: try fields.string("source"), embedding: try fields.vector("embedding"))
        let ifVersion = try fields.int("ifVersion")
        try fields.finish()
        return (draft, ifVersion)
    }
}
