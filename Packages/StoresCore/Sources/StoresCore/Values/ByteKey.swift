/// A string as data: equal, hashed and ordered by its UTF-8 bytes.
///
/// `String` compares by canonical equivalence, so a composed and a decomposed é are one dictionary key. Ids, keys,
/// scopes and stream names are bytes to every backend (F5, X11): in dictionaries and sorted lists they stand as this.
struct ByteKey: Hashable, Comparable, Sendable {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    static func == (lhs: ByteKey, rhs: ByteKey) -> Bool { lhs.text.hasSameBytes(as: rhs.text) }
    static func < (lhs: ByteKey, rhs: ByteKey) -> Bool { lhs.text.compareBytes(to: rhs.text) < 0 }

    func hash(into hasher: inout Hasher) { text.hashBytes(into: &hasher) }

    /// Whether the bytes of this key begin with those of `prefix`.
    func hasPrefix(_ prefix: ByteKey) -> Bool { text.hasBytePrefix(prefix.text) }
}
