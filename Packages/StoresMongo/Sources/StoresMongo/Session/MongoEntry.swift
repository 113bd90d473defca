import StoresCore

/// A session entry as a document: `_id` the key, `kind`, `value` with `contentType`, `count` or `items`, `etag`,
/// `expires`, and `purge`: when the server may remove it.
struct MongoEntry {
    enum Kind: String {
        case value, counter, list

        var words: String {
            switch self {
            case .value: "a value"
            case .counter: "a counter"
            case .list: "a list"
            }
        }
    }

    /// What conditions look at.
    static let head: BSONDocument = ["kind": .int32(1), "etag": .int32(1), "expires": .int32(1)]

    var key: String
    var kind: Kind
    var etag: String
    var expiresAt: Timestamp?
    let document: BSONDocument

    init(_ document: BSONDocument) throws(StoreError) {
        guard let key = document["_id"]?.string else { throw .mongoForeign("the sessions' collection") }
        guard let kind = document["kind"]?.string.flatMap(Kind.init), let etag = document["etag"]?.string else {
            throw .mongoForeign("the key", key)
        }
        self.key = key
        self.kind = kind
        self.etag = etag
        switch document["expires"] {
        case .date(let instant)?: expiresAt = Timestamp(millisecondsSinceEpoch: instant)
        case .null?, nil: expiresAt = nil
        default: throw .mongoForeign("the key", key)
        }
        self.document = document
    }

    func isVisible(_ now: Timestamp) -> Bool { expiresAt.map { now < $0 } ?? true }

    /// True of the documents that are seen at the instant.
    static func visible(_ now: Timestamp) -> BSONDocument { ["expires": ["$not": expired(now)]] }
    static func gone(_ now: Timestamp) -> BSONDocument { ["expires": expired(now)] }
    private static func expired(_ now: Timestamp) -> BSONValue { ["$lte": .date(now.millisecondsSinceEpoch)] }

    /// What reads as a value: a value, or a counter as its decimal text.
    func entry() throws(StoreError) -> SessionEntry {
        switch kind {
        case .value:
            guard let bytes = document["value"]?.bytes, let type = document["contentType"]?.string else {
                throw .mongoForeign("the key", key)
            }
            return SessionEntry(
                value: SessionValue(bytes: bytes, contentType: type), etag: etag, expiresAt: expiresAt)
        case .counter:
            guard let count = document["count"]?.integer else { throw .mongoForeign("the key", key) }
            return SessionEntry(value: SessionValue(String(count)), etag: etag, expiresAt: expiresAt)
        case .list: throw wrongKind(wanted: .value)
        }
    }

    func wrongKind(wanted: Kind) -> StoreError {
        StoreError(
            .preconditionFailed, "the key holds \(kind.words); the operation wants \(wanted.words)",
            remedy: "use another key, or delete this one first", resource: key, applied: .no)
    }

    // MARK: Expiry

    /// The instant from which an entry written now is not seen any more.
    static func expiration(_ expiry: Expiry, _ current: Timestamp?, _ now: Timestamp) -> Timestamp? {
        switch expiry {
        case .keep: current
        case .never: nil
        case .after(let duration): now.advanced(by: duration)
        }
    }

    /// `expires` and `purge`. The server removes by its own clock, which need not be the stores': an hour after the
    /// time that is left has passed on the system's clock.
    static func expiryFields(_ expiresAt: Timestamp?, _ now: Timestamp) -> BSONDocument {
        guard let expiresAt else { return ["expires": .null, "purge": .null] }
        let left = max(.zero, expiresAt.duration(since: now))
        let purge = SystemStoreClock().now.advanced(by: left).advanced(by: .seconds(3600))
        return [
            "expires": .date(expiresAt.millisecondsSinceEpoch),
            // What BSON's readers in other languages can tell apart from an overflow ends in the year 9999.
            "purge": .date(min(purge.millisecondsSinceEpoch, 253_402_300_799_999)),
        ]
    }
}
