/// How closeness is measured.
public enum VectorMetric: String, Sendable, Hashable, CaseIterable, Codable {
    case cosine, dot, euclidean
}

/// The kind of a declared field. `…Array` fields hold arrays of that kind.
public enum FieldType: String, Sendable, Hashable, CaseIterable, Codable {
    case bool, int, double, string, instant
    case boolArray, intArray, doubleArray, stringArray, instantArray
}

/// A metadata field that a collection declares: writes and filter literals are checked against its type, and
/// backends that can build an index for it.
public struct FieldDefinition: Sendable, Hashable {
    public var path: FieldPath
    public var type: FieldType
    public var isIndexed: Bool

    public init(_ path: FieldPath, _ type: FieldType, isIndexed: Bool = true) {
        self.path = path
        self.type = type
        self.isIndexed = isIndexed
    }
}

/// The shape of a collection. Ensuring one that exists with another shape throws `schemaMismatch` (V2).
public struct VectorCollectionSpec: Sendable, Hashable {
    /// 1 to 128 UTF-8 bytes, any characters but NUL.
    public var name: String
    public var dimensions: Int
    public var metric: VectorMetric
    public var fields: [FieldDefinition]
    /// The caller promises vectors of length 1, so that dot products have a `score` (V6). Checked on write.
    public var hasUnitVectors: Bool
    /// Choices of one backend, by its own names (index kind and parameters). Unknown ones are refused.
    public var options: [String: String]

    public init(
        name: String, dimensions: Int, metric: VectorMetric = .cosine, fields: [FieldDefinition] = [],
        hasUnitVectors: Bool = false, options: [String: String] = [:]
    ) {
        self.name = name
        self.dimensions = dimensions
        self.metric = metric
        self.fields = fields
        self.hasUnitVectors = hasUnitVectors
        self.options = options
    }
}

/// What is written: the whole record, which replaces the one with the same id (V4).
public struct VectorRecord: Sendable, Hashable {
    /// 1 to 512 UTF-8 bytes.
    public var id: String
    public var vector: [Float]
    public var metadata: Metadata
    /// The text that the vector stands for, if it is to be kept and searched by text.
    public var document: String?

    public init(id: String, vector: [Float], metadata: Metadata = [:], document: String? = nil) {
        self.id = id
        self.vector = vector
        self.metadata = metadata
        self.document = document
    }
}

/// Which parts of a record a read returns. Vectors and documents come only when asked for (V13).
public struct VectorInclude: OptionSet, Sendable, Hashable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let metadata = VectorInclude(rawValue: 1)
    public static let document = VectorInclude(rawValue: 2)
    public static let vector = VectorInclude(rawValue: 4)
    public static let all: VectorInclude = [.metadata, .document, .vector]
}

/// A record as it is read: what was not asked for is nil (`metadata`: empty).
public struct StoredVectorRecord: Sendable, Hashable {
    public var id: String
    public var metadata: Metadata
    public var document: String?
    public var vector: [Float]?

    public init(id: String, metadata: Metadata = [:], document: String? = nil, vector: [Float]? = nil) {
        self.id = id
        self.metadata = metadata
        self.document = document
        self.vector = vector
    }
}

/// A record found by a query.
public struct VectorMatch: Sendable, Hashable {
    public var id: String
    /// Native to the metric, higher is better: cosine in [-1, 1] but for rounding, since nothing is clamped, the dot
    /// product, or minus the euclidean distance.
    /// Nil in the results of text and hybrid queries, which only rank (V12).
    public var similarity: Double?
    /// Cosine: (1 + cos) / 2. Euclidean: 1 / (1 + d). Dot: the same as cosine for declared unit vectors, else nil.
    public var score: Double?
    public var metadata: Metadata
    public var document: String?
    public var vector: [Float]?

    public init(
        id: String, similarity: Double?, score: Double? = nil, metadata: Metadata = [:], document: String? = nil,
        vector: [Float]? = nil
    ) {
        self.id = id
        self.similarity = similarity
        self.score = score
        self.metadata = metadata
        self.document = document
        self.vector = vector
    }
}

/// The matches of a query, best first.
public struct VectorMatches: Sendable, RandomAccessCollection {
    public var matches: [VectorMatch]
    /// False when the backend cannot promise that no further match exists although fewer than `limit` came (V9).
    public var isComplete: Bool

    public init(matches: [VectorMatch], isComplete: Bool = true) {
        self.matches = matches
        self.isComplete = isComplete
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { matches.count }
    public subscript(position: Int) -> VectorMatch { matches[position] }
}

/// When a write call returns.
public enum Visibility: Sendable, Hashable {
    /// As soon as the backend has taken the write durably; queries may not see it yet.
    case accepted
    /// When queries see it, waiting at most this long. A time-out is not a failed write: the receipt says so (V5).
    case searchable(within: Duration)
}

/// What a bulk write to the vector or search tier returns.
public struct WriteReceipt: Sendable {
    public var result: BulkResult
    /// Whether queries are known to see the write.
    public var isSearchable: Bool

    public init(result: BulkResult, isSearchable: Bool) {
        self.result = result
        self.isSearchable = isSearchable
    }
}
