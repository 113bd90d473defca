/// The version of pgvector, as far as it matters.
struct PgvectorVersion: Sendable, Hashable, Comparable {
    var parts: [Int]

    /// Nil for what is no version: `0.8.5` is one.
    init?(_ text: String) {
        let parts = text.split(separator: ".").map { Int($0) }
        guard parts.count >= 2, !parts.contains(nil) else { return nil }
        self.parts = parts.compactMap(\.self)
    }

    static func < (lhs: PgvectorVersion, rhs: PgvectorVersion) -> Bool {
        lhs.parts.lexicographicallyPrecedes(rhs.parts)
    }

    /// 0.8.0 goes on searching behind a filter.
    var hasIterativeScan: Bool { parts.lexicographicallyPrecedes([0, 8]) == false }

    /// What `stores doctor` shows of a version: itself, and what is wrong with it. The changelogs of 0.8.3 and 0.8.4
    /// have the repairs.
    static func finding(_ text: String) -> String {
        guard let version = PgvectorVersion(text), version.parts.lexicographicallyPrecedes([0, 8, 4]) else {
            return text
        }
        return "\(text): VACUUM can damage its HNSW indexes while others write; install 0.8.4 or later, then run "
            + "ALTER EXTENSION vector UPDATE and REINDEX the indexes named vector_…_embedding"
    }
}
