import StoresCore

/// What the lines that were read so far amount to.
struct JournalState {
    /// By the key's bytes: as dictionary keys, strings that differ only in how an é is composed would be one.
    private(set) var entries: [[UInt8]: JournalLine.Entry] = [:]
    private(set) var lastEtag: Int64 = 0
    /// How much of the file has been read.
    var offset = 0

    mutating func apply(_ line: JournalLine) {
        entries[Array(line.key.utf8)] = line.entry
        lastEtag = max(lastEtag, line.entry?.etag ?? 0)
    }

    /// The entry that a reader may see at this instant (S4).
    func entry(_ key: String, _ now: Timestamp) -> JournalLine.Entry? {
        entries[Array(key.utf8)].flatMap { $0.isVisible(now) ? $0 : nil }
    }

    /// The visible keys that equal the prefix or continue it after a `/` (S5), by their bytes.
    func keys(within prefix: String?, _ now: Timestamp) -> [[UInt8]] {
        let exact = prefix.map { Array($0.utf8) }
        let start = exact.map { $0 + [UInt8(ascii: "/")] } ?? []
        return entries.filter { key, entry in
            entry.isVisible(now) && (key == exact || key.starts(with: start))
        }.keys.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Throws `conflict` with the current etag unless the condition holds (S3).
    func check(_ condition: SessionCondition, _ key: String, _ now: Timestamp) throws(StoreError) {
        let current = entry(key, now).map { String($0.etag) }
        switch condition {
        case .none: return
        case .ifAbsent where current == nil: return
        case .ifMatch(let etag) where etag == current: return
        case .ifAbsent, .ifMatch:
            throw StoreError(
                .conflict, "the key \(current == nil ? "is missing" : "has another etag")", resource: key,
                applied: .no, conflict: .etag(current: current))
        }
    }
}
