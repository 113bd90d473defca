import StoresCore

extension CursorCodec {
    /// A cursor of one key that Postgres takes as a text: no key that it has given out has a NUL.
    static func text(_ cursor: Cursor) throws(StoreError) -> String {
        let text = try decode(cursor, parts: 1...1)[0]
        guard !text.utf8.contains(0) else { throw refused }
        return text
    }
}
