/// A part of a listing and the cursor of the next part.
public struct Page<Element: Sendable>: Sendable {
    public var items: [Element]
    /// Hand it to the next call; nil when this was the last page. Opaque, and valid for the same query only.
    public var next: Cursor?

    public init(items: [Element], next: Cursor?) {
        self.items = items
        self.next = next
    }
}

/// An opaque, serialisable place in a listing.
public struct Cursor: Sendable, Hashable, RawRepresentable {
    public var rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }
}
