import StoresCore

/// A fact as it is sent to `put_facts`.
struct PostgresFactWrite: Sendable {
    var put: FactPut
    var scope: PostgresScope
    var attributes: [UInt8]
    /// Postgres's text form of an array of floats, each in the shortest form that reads back bit for bit.
    var embedding: String?
    var words: String
    var wordCount: Int32

    /// - Throws: `invalidArgument` and `tooLarge` for what Postgres or pgvector cannot hold.
    init(_ put: FactPut) throws(StoreError) {
        let draft = put.draft
        try StoreError.checkNUL(draft.id, "the id")
        try StoreError.checkNUL(draft.content, "the content")
        try StoreError.checkNUL(draft.source, "the source")
        self.put = put
        scope = try PostgresScope(draft.scope)
        attributes = try PostgresJSON.encode(draft.attributes)
        if let vector = draft.embedding {
            if let problem = PostgresVectorRange.problem(vector, .cosine, isHalf: false) {
                throw .invalidArgument("the embedding \(problem)", resource: draft.id)
            }
            embedding = "{" + vector.map(\.description).joined(separator: ",") + "}"
        }
        (words, wordCount) = try PostgresWords.encode([draft.content], .standard)
    }

    func fact(createdAt: Timestamp, now: Timestamp, version: Int64) -> Fact {
        let draft = put.draft
        return Fact(
            id: draft.id, scope: draft.scope, content: draft.content, attributes: draft.attributes,
            createdAt: createdAt, updatedAt: now, version: version, expiresAt: draft.expiresAt, source: draft.source)
    }

    static let statement = "SELECT * FROM put_facts($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"

    static func parameters(_ writes: [PostgresFactWrite], now: Timestamp) -> [PostgresParameter] {
        [
            .int8(now.millisecondsSinceEpoch),
            .bytesArray(writes.map(\.scope.key)),
            .bytesArray(writes.map(\.scope.long)),
            .textArray(writes.map(\.put.draft.id)),
            .textArray(writes.map(\.put.draft.content)),
            .jsonbArray(writes.map(\.attributes)),
            .int8Array(writes.map { $0.put.draft.expiresAt?.millisecondsSinceEpoch }),
            .textArray(writes.map(\.put.draft.source)),
            .textArray(writes.map(\.embedding)),
            .textArray(writes.map(\.words)),
            .int4Array(writes.map(\.wordCount)),
            .int8Array(writes.map(\.put.ifVersion)),
        ]
    }
}
