/// An id by its UTF-8 bytes: a `String` would take two spellings of é for one.
public struct IDKey: Hashable, Comparable, Sendable {
    public let id: String

    public init(_ id: String) { self.id = id }

    public static func == (lhs: IDKey, rhs: IDKey) -> Bool {
        lhs.id.utf8.count == rhs.id.utf8.count && lhs.id.utf8.elementsEqual(rhs.id.utf8)
    }

    public static func < (lhs: IDKey, rhs: IDKey) -> Bool { lhs.id.utf8.lexicographicallyPrecedes(rhs.id.utf8) }

    public func hash(into hasher: inout Hasher) {
        var id = id
        id.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
