/// A thing that some backends can do and others cannot. What an adapter does not declare, the tier type refuses before
/// any I/O; what it declares, conformance proves.
public struct Capability: Sendable, Hashable, CustomStringConvertible {
    public let tier: Tier
    public let name: String

    /// `vector.hybridQuery`
    public var description: String { "\(tier.rawValue).\(name)" }

    public static func vector(_ capability: VectorCapability) -> Capability {
        Capability(tier: .vector, name: capability.rawValue)
    }
    public static func memory(_ capability: MemoryCapability) -> Capability {
        Capability(tier: .memory, name: capability.rawValue)
    }
    public static func session(_ capability: SessionCapability) -> Capability {
        Capability(tier: .session, name: capability.rawValue)
    }
    public static func artifact(_ capability: ArtifactCapability) -> Capability {
        Capability(tier: .artifact, name: capability.rawValue)
    }
    public static func event(_ capability: EventCapability) -> Capability {
        Capability(tier: .event, name: capability.rawValue)
    }
    public static func search(_ capability: SearchCapability) -> Capability {
        Capability(tier: .search, name: capability.rawValue)
    }

    /// The tier's calls may belong to a transaction with those of other tiers of the backend:
    /// ``Stores/transaction(over:deadline:_:)``. A matter of the whole backend, which declares it for each tier that
    /// takes part; not among those of ``all(of:)``, which are the tier's own.
    public static func sharedTransactions(_ tier: Tier) -> Capability {
        Capability(tier: tier, name: "sharedTransactions")
    }

    /// Every capability of a tier, in a fixed order.
    public static func all(of tier: Tier) -> [Capability] {
        switch tier {
        case .vector: VectorCapability.allCases.map(Capability.vector)
        case .memory: MemoryCapability.allCases.map(Capability.memory)
        case .session: SessionCapability.allCases.map(Capability.session)
        case .artifact: ArtifactCapability.allCases.map(Capability.artifact)
        case .event: EventCapability.allCases.map(Capability.event)
        case .search: SearchCapability.allCases.map(Capability.search)
        case .telemetry: []
        }
    }
}

/// What a vector store may lack.
public enum VectorCapability: String, Sendable, Hashable, CaseIterable {
    /// Collections may use this metric.
    case cosine, dot, euclidean
    /// `query(where:)`, `count(where:)`, `delete(where:)` with every filter node.
    case filters
    /// Field paths of more than one segment.
    case nestedFields
    /// `query(text:)` over the records' documents.
    case textQuery
    /// `hybridQuery(text:vector:)`, fused natively or by the core.
    case hybridQuery
    /// A record's vector reads back bit for bit (V13). Not declared by backends that normalise or quantise.
    case exactVectors
    /// More than one namespace.
    case namespaces
    /// Queries are exact, not approximate.
    case exactQuery
    /// Scroll visits in id order and takes a filter.
    case filteredScroll
}

/// What a memory store may lack.
public enum MemoryCapability: String, Sendable, Hashable, CaseIterable {
    /// `recall(text:)`; `recall(vector:)` and facts with embeddings (M7).
    case recallByText, recallByVector
    /// `list(where:)` and `recall(where:)` with every filter node.
    case filters
    /// Field paths of more than one segment.
    case nestedFields
    /// `history` (M4).
    case history
    /// The fact and its history line are written in one transaction.
    case transactionalHistory
    /// Facts with `expiresAt` (M6).
    case expiry
}

/// What a session store may lack.
public enum SessionCapability: String, Sendable, Hashable, CaseIterable {
    /// `.ifAbsent` and `.ifMatch` in `set` and `delete` (S2, S3).
    case conditionalWrites
    /// `transaction` (S8).
    case transactions
    /// `acquireLease` and guarded writes (S9).
    case leases
    /// Atomic counters, and bounded lists (S7).
    case increment, append
    /// `scan` (S6).
    case scan
}

/// What an artifact store may lack.
public enum ArtifactCapability: String, Sendable, Hashable, CaseIterable {
    /// `put` with `.ifAbsent`, and with `.ifMatch` (A2).
    case putIfAbsent, putIfMatch
    /// `get(range:)` (A5).
    case ranges
    /// Objects with metadata of the caller's (A9).
    case metadata
    /// `presign` (A10).
    case presign
    /// `list(delimiter:)` (A7).
    case delimiter
}

/// What an event store may lack.
public enum EventCapability: String, Sendable, Hashable, CaseIterable {
    /// `.noStream`, `.exists`, `.exact` in `append` (E10).
    case conditionalAppend
    /// Appending the same event ids again returns the original result (E4).
    case deduplication
    case backwardRead
    /// One total order over all streams: `readAll` and `subscribe`.
    case globalOrder
    case runState, runLeases, snapshots
    case deleteStream
    /// The backend drops old events by itself (E11).
    case retention
}

/// What a search store may lack.
public enum SearchCapability: String, Sendable, Hashable, CaseIterable {
    /// `.phrase` and `.prefix` queries (T2).
    case phrase, prefix
    /// Facets and highlights of a search (T3).
    case facets, highlights
    /// `search(where:)`, `count(where:)`, `delete(where:)` with every filter node.
    case filters
    /// Field paths of more than one segment.
    case nestedFields
    /// The `english` analyzer: stop words and stemming.
    case englishAnalyzer
}

/// A number that bounds what a backend takes.
public enum Limit: String, Sendable, Hashable, CaseIterable {
    /// Items, and estimated bytes, of one request; the tier types split larger batches, but for appends (E2).
    case batchCount, batchBytes
    /// Requests of one batch that are under way at the same time; absent means one after the other.
    case batchesAtOnce
    /// Of a collection's vectors.
    case dimensions
    /// The largest `limit` of a query or page.
    case queryLimit
    /// Operands of `in`, `notIn`, `containsAny` and `containsAll`.
    case filterOperands
    /// Of a session key.
    case keyBytes
    /// Of a session value, a fact's content, a run's state.
    case valueBytes
    /// Of an object's metadata, names and values together.
    case metadataBytes
    /// Operations of a transaction.
    case transactionCount
    /// Of one event, data and metadata together.
    case eventBytes
    /// Of one object.
    case objectBytes

    /// `bytes` or `items`.
    public var unit: String {
        switch self {
        case .batchBytes, .keyBytes, .valueBytes, .metadataBytes, .eventBytes, .objectBytes: "bytes"
        case .batchCount, .batchesAtOnce, .dimensions, .queryLimit, .filterOperands, .transactionCount: "items"
        }
    }
}

/// What one tier of an adapter can do, with its numeric limits.
public struct TierCapabilities: Sendable, Hashable {
    public var features: Set<Capability>
    /// Only the limits that exist; absent means bounded by memory alone.
    public var limits: [Limit: Int]

    public init(_ features: Set<Capability>, limits: [Limit: Int] = [:]) {
        self.features = features
        self.limits = limits
    }

    public func contains(_ capability: Capability) -> Bool { features.contains(capability) }

    /// Everything that a tier knows, minus some.
    public static func all(
        of tier: Tier, except missing: Set<Capability> = [], limits: [Limit: Int] = [:]
    ) -> TierCapabilities {
        TierCapabilities(Set(Capability.all(of: tier)).subtracting(missing), limits: limits)
    }
}
