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

public enum MemoryCapability: String, Sendable, Hashable, CaseIterable {
    case recallByText, recallByVector, filters, nestedFields, history
    /// The fact and its history line are written in one transaction.
    case transactionalHistory
    case expiry
}

public enum SessionCapability: String, Sendable, Hashable, CaseIterable {
    case conditionalWrites, transactions, leases, increment, append, scan
}

public enum ArtifactCapability: String, Sendable, Hashable, CaseIterable {
    case putIfAbsent, putIfMatch, ranges, metadata, presign, delimiter
}

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

public enum SearchCapability: String, Sendable, Hashable, CaseIterable {
    case phrase, prefix, facets, highlights, filters, nestedFields
    /// The `english` analyzer: stop words and stemming.
    case englishAnalyzer
}

/// A number that bounds what a backend takes.
public enum Limit: String, Sendable, Hashable, CaseIterable {
    case batchCount, batchBytes, dimensions, queryLimit, filterOperands, keyBytes, valueBytes, metadataBytes,
        transactionCount, eventBytes, objectBytes

    public var unit: String {
        switch self {
        case .batchBytes, .keyBytes, .valueBytes, .metadataBytes, .eventBytes, .objectBytes: "bytes"
        case .batchCount, .dimensions, .queryLimit, .filterOperands, .transactionCount: "items"
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
