import Foundation
import StoresCore

/// The session tier, translated to lines of the journal.
struct JournalSessionDriver: SessionDriver {
    let journal: Journal

    func get(_ keys: [String], context: CallContext) async throws(StoreError) -> [SessionEntry?] {
        let now = context.now
        return try await journal.perform(context) { state, _ in keys.map { state.entry($0, now)?.sessionEntry } }
    }

    func set(_ writes: [SessionWrite], context: CallContext) async throws(StoreError)
        -> [Result<SessionReceipt, StoreError>]
    {
        let now = context.now
        return try await journal.perform(context) { state, lines in
            var results: [Result<SessionReceipt, StoreError>] = []
            for write in writes {
                do throws(StoreError) {
                    try state.check(write.condition, write.key, now)
                } catch {
                    results.append(.failure(error))
                    continue
                }
                let entry = JournalLine.Entry(
                    etag: state.lastEtag + Int64(lines.count) + 1, bytes: Data(write.value.bytes),
                    contentType: write.value.contentType,
                    expiresAt: Self.expiry(write.expiry, state.entry(write.key, now), now))
                lines.append(JournalLine(key: write.key, entry: entry))
                let written = entry.sessionEntry
                results.append(.success(SessionReceipt(etag: written.etag, expiresAt: written.expiresAt)))
            }
            return results
        }
    }

    func delete(_ keys: [String], condition: SessionCondition, context: CallContext) async throws(StoreError) -> [Bool]
    {
        let now = context.now
        return try await journal.perform(context) { state, lines throws(StoreError) in
            for key in keys { try state.check(condition, key, now) }
            let found = keys.map { state.entry($0, now) != nil }
            lines = zip(keys, found).filter(\.1).map { JournalLine(key: $0.0) }
            return found
        }
    }

    func delete(prefix: String, context: CallContext) async throws(StoreError) -> Int {
        guard !prefix.isEmpty else { throw .invalidArgument("an empty prefix would delete everything") }
        let now = context.now
        return try await journal.perform(context) { state, lines in
            lines = state.keys(within: prefix, now).map { JournalLine(key: String(decoding: $0, as: UTF8.self)) }
            return lines.count
        }
    }

    /// In the order of the keys' bytes; the cursor is the last key, so that a page never skips what stays (S6).
    func scan(prefix: String?, cursor: Cursor?, limit: Int, context: CallContext) async throws(StoreError)
        -> Page<String>
    {
        var after: [UInt8] = []
        if let cursor {
            guard let last = Data(base64Encoded: cursor.rawValue) else {
                throw .invalidArgument("the cursor was not given out by this store")
            }
            after = Array(last)
        }
        let (now, start) = (context.now, after)
        return try await journal.perform(context) { state, _ in
            let rest = state.keys(within: prefix, now).filter { start.lexicographicallyPrecedes($0) }
            let page = rest.prefix(limit)
            let next =
                page.count < rest.count ? page.last.map { Cursor(rawValue: Data($0).base64EncodedString()) } : nil
            return Page(items: page.map { String(decoding: $0, as: UTF8.self) }, next: next)
        }
    }

    func touch(_ key: String, expiry: Expiry, context: CallContext) async throws(StoreError) -> SessionTouch? {
        let now = context.now
        return try await journal.perform(context) { state, lines in
            guard var entry = state.entry(key, now) else { return nil }
            entry.expiresAt = Self.expiry(expiry, entry, now)
            lines = [JournalLine(key: key, entry: entry)]
            return SessionTouch(expiresAt: entry.sessionEntry.expiresAt)
        }
    }

    /// Nothing is implicit (S2).
    private static func expiry(_ expiry: Expiry, _ current: JournalLine.Entry?, _ now: Timestamp) -> Int64? {
        switch expiry {
        case .keep: current?.expiresAt
        case .never: nil
        case .after(let duration): now.advanced(by: duration).millisecondsSinceEpoch
        }
    }
}
