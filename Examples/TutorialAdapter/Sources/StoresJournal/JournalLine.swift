import Foundation
import StoresCore

/// A line of the file: what a key holds from here on, or that it is gone.
struct JournalLine: Codable {
    var key: String
    /// Nil: the key was deleted.
    var entry: Entry?

    struct Entry: Codable {
        var etag: Int64
        /// Base64 in the file.
        var bytes: Data
        var contentType: String
        /// Milliseconds since 1970.
        var expiresAt: Int64?
    }

    /// The line with its newline.
    func encoded() throws(StoreError) -> [UInt8] {
        do {
            return Array(try JSONEncoder().encode(self)) + [UInt8(ascii: "\n")]
        } catch {
            throw .wrapping(error, "a line of the journal can't be encoded").filling(applied: .no)
        }
    }

    static func decode(_ bytes: some Sequence<UInt8>, at offset: Int) throws(StoreError) -> JournalLine {
        do {
            return try JSONDecoder().decode(JournalLine.self, from: Data(bytes))
        } catch {
            throw StoreError(
                .corrupt, "the line at byte \(offset) is none of a journal",
                remedy: "name another file in JOURNAL_PATH, or restore this one", underlying: error)
        }
    }
}

extension JournalLine.Entry {
    func isVisible(_ now: Timestamp) -> Bool {
        expiresAt.map { now.millisecondsSinceEpoch < $0 } ?? true
    }

    var sessionEntry: SessionEntry {
        SessionEntry(
            value: SessionValue(bytes: Array(bytes), contentType: contentType), etag: String(etag),
            expiresAt: expiresAt.map(Timestamp.init(millisecondsSinceEpoch:)))
    }
}
