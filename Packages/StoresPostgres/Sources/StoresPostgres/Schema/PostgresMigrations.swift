/// The steps by which one part of the schema came to be, in order. Steps are only ever added; none drops or rewrites
/// data.
struct PostgresMigrations: Sendable {
    /// `session`, `event`, …
    var part: String
    /// Each is SQL of one or several statements, separated by semicolons.
    var steps: [String]
    /// The part's tables are of no use without pgvector.
    var needsVector = false
}

/// The advisory locks of the database that the stores take.
enum PostgresLocks {
    /// Around every change of the schema.
    static let schema: Int64 = 0x5354_4F52_4553_0001
    /// The first key of those for session keys; the second one is the hash of the key.
    static let session: Int32 = 0x5354_5253
}
