#if HTTP
public import StoresCore
import StoresHTTP

/// Qdrant's collections over REST: `registry.register(StoresQdrant.self)`, then `STORE_VECTOR=qdrant`.
///
/// A collection of ours is one of Qdrant's; namespaces are tenants in it, apart by an indexed payload field. Filters
/// are compiled to exact terms and orders (see `QdrantCodec`), text is ranked by BM25 as a sparse vector.
public enum StoresQdrant: StoreAdapter {
    public static let descriptions = [
        AdapterDescription(
            name: "qdrant", package: "StoresQdrant", summary: "Vectors in Qdrant 1.16 and later, over REST.",
            systemName: "qdrant", tiers: [.vector: capabilities], settings: QdrantConfiguration.system.settings,
            composeService: "qdrant", composeProfile: "vector-alt", endpointVariable: "QDRANT_URL")
    ]

    /// No `exactVectors`: under cosine Qdrant keeps normalised vectors. No `exactQuery`: large collections have an HNSW
    /// graph. No `filteredScroll`: a scroll goes in the order of Qdrant's own ids.
    static let capabilities = TierCapabilities(
        [
            .vector(.cosine), .vector(.dot), .vector(.euclidean), .vector(.filters), .vector(.nestedFields),
            .vector(.namespaces), .vector(.textQuery), .vector(.hybridQuery),
        ],
        // Qdrant takes 65,536 dimensions, and requests of 32 MiB.
        limits: [.batchCount: 500, .batchBytes: 8 << 20, .batchesAtOnce: 2, .dimensions: 65_536])

    public static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        QdrantBackend(try QdrantConfiguration.system.configuration(context.settings))
    }
}
#else
public import StoresCore

/// The Qdrant adapter, left out of this build.
@available(
    *, unavailable,
    message: "StoresQdrant needs the package trait 'HTTP': .package(url: ..., from: ..., traits: [\"HTTP\"])"
)
public enum StoresQdrant: StoreAdapter {
    public static let descriptions: [AdapterDescription] = []

    public static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        throw StoreError(.unsupported, "StoresQdrant needs the package trait 'HTTP'", applied: .no)
    }
}
#endif
