/// A text by its bytes: canonically equivalent texts are different keys.
struct PostgresKey: Hashable, Comparable {
    private let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    static func < (left: PostgresKey, right: PostgresKey) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}
