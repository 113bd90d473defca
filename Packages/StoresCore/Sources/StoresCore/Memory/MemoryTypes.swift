/// Who or what a fact is about, as segments: `["tenant-1", "user", "ada"]`. Segments are literal (M2).
/// 1 to 16 segments of 1 to 256 UTF-8 bytes, without NUL.
public struct Scope: Sendable, Hashable, ExpressibleByArrayLiteral {
    public static let maxSegments = 16
    public static let maxSegmentBytes = 256

    public var segments: [String]

    public init(_ segments: [String]) {
        self.segments = segments
    }

    public init(arrayLiteral elements: String...) {
        self.segments = elements
    }

    /// Whether this scope is `other` or under it.
    public func isWithin(_ other: Scope) -> Bool {
        segments.starts(with: other.segments) { $0.utf8.elementsEqual($1.utf8) }
    }
}

/// How far below a scope a read reaches.
public enum ScopeDepth: String, Sendable, Hashable, CaseIterable {
    /// Exactly this scope.
    case exact
    /// This scope and all under it.
    case subtree
}

/// A fact to be written. Its identity is (`scope`, `id`).
public struct FactDraft: Sendable, Hashable {
    /// 1 to 512 UTF-8 bytes.
    public var id: String
    public var scope: Scope
    /// At most the backend's `valueBytes`, in UTF-8.
    public var content: String
    public var attributes: Metadata
    /// Invisible from this instant on, in milliseconds UTC (M6); nil: never.
    public var expiresAt: Timestamp?
    /// Where the fact comes from, free text.
    public var source: String?
    /// For recall by vector: all embeddings within one recall must have the same number of dimensions.
    public var embedding: [Float]?

    public init(
        id: String, scope: Scope, content: String, attributes: Metadata = [:], expiresAt: Timestamp? = nil,
        source: String? = nil, embedding: [Float]? = nil
    ) {
        self.id = id
        self.scope = scope
        self.content = content
        self.attributes = attributes
        self.expiresAt = expiresAt
        self.source = source
        self.embedding = embedding
    }
}

/// A fact as it is kept.
public struct Fact: Sendable, Hashable {
    public var id: String
    public var scope: Scope
    public var content: String
    public var attributes: Metadata
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    /// 1 for the first write, one more with each later one, also after a delete.
    public var version: Int64
    public var expiresAt: Timestamp?
    public var source: String?

    public init(
        id: String, scope: Scope, content: String, attributes: Metadata, createdAt: Timestamp, updatedAt: Timestamp,
        version: Int64, expiresAt: Timestamp?, source: String?
    ) {
        self.id = id
        self.scope = scope
        self.content = content
        self.attributes = attributes
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.version = version
        self.expiresAt = expiresAt
        self.source = source
    }
}

/// A line of a fact's history, oldest first. After a delete line may come the puts of those who wrote it again.
public struct FactRevision: Sendable, Hashable {
    public enum Change: String, Sendable, Hashable { case put, delete }

    public var change: Change
    /// The fact as this write left it; for a delete, as it was.
    public var fact: Fact
    public var at: Timestamp

    public init(change: Change, fact: Fact, at: Timestamp) {
        self.change = change
        self.fact = fact
        self.at = at
    }
}

/// A fact found by `recall`.
public struct FactMatch: Sendable, Hashable {
    public var fact: Fact
    /// Cosine for recall by vector; nil for recall by text, which only ranks.
    public var similarity: Double?
    /// (1 + cos) / 2 for recall by vector.
    public var score: Double?

    public init(fact: Fact, similarity: Double? = nil, score: Double? = nil) {
        self.fact = fact
        self.similarity = similarity
        self.score = score
    }
}

/// The matches of a recall, best first.
public struct FactMatches: Sendable, RandomAccessCollection {
    public var matches: [FactMatch]
    /// As ``VectorMatches/isComplete``.
    public var isComplete: Bool

    public init(matches: [FactMatch], isComplete: Bool = true) {
        self.matches = matches
        self.isComplete = isComplete
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { matches.count }
    public subscript(position: Int) -> FactMatch { matches[position] }
}
