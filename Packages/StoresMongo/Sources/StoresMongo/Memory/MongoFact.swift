import StoresCore

/// A fact as a document: `_id` its key, `id`, `scope`, `content`, `attributes`, `source`, `version`, `created`,
/// `updated`, `expires`, `deleted`; `life`, which is new when the fact starts anew at version 1; `stamp`, which is new
/// with every write; `fields`, `words` and `length`, and `embedding`, for what looks for it.
///
/// The document is the last line of the fact's history too: a write that replaces it first copies it to the lines,
/// under a key which makes the copy the same whoever makes it. So fact and line are one write on every deployment, and
/// nothing is lost at whatever point a process ends (M4).
struct MongoFact {
    /// All but what is there to be looked for.
    static let fields: BSONDocument = [
        "fields": .int32(0), "words": .int32(0), "embedding": .int32(0), "length": .int32(0),
    ]

    var key: String
    var fact: Fact
    var life: String
    var stamp: String
    /// When it was deleted; its history then ends with a delete line.
    var deletedAt: Timestamp?
    let document: BSONDocument

    init(_ document: BSONDocument) throws(StoreError) {
        guard let key = document["_id"]?.string, let id = document["id"]?.string,
            let segments = document["scope"]?.array?.compactMap(\.string), let life = document["life"]?.string,
            let stamp = document["stamp"]?.string
        else { throw .mongoForeign("the facts' collection") }
        self.key = key
        self.life = life
        self.stamp = stamp
        self.document = document
        deletedAt = document["deleted"]?.date.map(Timestamp.init(millisecondsSinceEpoch:))
        fact = try Self.fact(document, id, Scope(segments))
    }

    static func fact(_ document: BSONDocument, _ id: String, _ scope: Scope) throws(StoreError) -> Fact {
        guard let content = document["content"]?.string, let attributes = document["attributes"]?.document,
            let created = document["created"]?.date, let updated = document["updated"]?.date,
            let version = document["version"]?.integer
        else { throw .mongoForeign("the fact", id) }
        return Fact(
            id: id, scope: scope, content: content, attributes: try attributes.metadata(),
            createdAt: Timestamp(millisecondsSinceEpoch: created),
            updatedAt: Timestamp(millisecondsSinceEpoch: updated), version: version,
            expiresAt: document["expires"]?.date.map(Timestamp.init(millisecondsSinceEpoch:)),
            source: document["source"]?.string)
    }

    /// Of a deleted fact too: its history is gone then.
    func isExpired(_ now: Timestamp) -> Bool { fact.expiresAt.map { $0 <= now } ?? false }
    func isVisible(_ now: Timestamp) -> Bool { deletedAt == nil && !isExpired(now) }

    /// True of the facts that are seen at the instant.
    static func visible(_ now: Timestamp) -> BSONDocument {
        ["deleted": ["$exists": false], "expires": ["$not": ["$lte": .date(now.millisecondsSinceEpoch)]]]
    }

    // MARK: History

    /// The line of the write that left the document as it is.
    var revision: FactRevision {
        FactRevision(change: deletedAt == nil ? .put : .delete, fact: fact, at: deletedAt ?? fact.updatedAt)
    }

    /// The same as a document of the lines.
    var line: BSONDocument {
        var line = document
        for name in ["id", "scope", "key", "deleted"] { line[name] = nil }
        let revision = revision
        line["_id"] = .string(Self.lineKey(life, fact.version, revision.change))
        line["change"] = .string(revision.change.rawValue)
        line["at"] = .date(revision.at.millisecondsSinceEpoch)
        return line
    }

    static func lineKey(_ life: String, _ version: Int64, _ change: FactRevision.Change) -> String {
        "\(life):\(version):\(change.rawValue)"
    }
}
