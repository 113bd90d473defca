#if HTTP
public import StoresCore
import StoresHTTP

/// Weaviate's collections over REST and GraphQL: `registry.register(StoresWeaviate.self)`, then
/// `STORE_VECTOR=weaviate`.
///
/// A collection of ours is one of Weaviate's with tenants, one for each namespace. Filters are compiled to exact terms
/// (see `WeaviateCodec`), text is ranked by Weaviate's BM25, hybrid queries are fused by Weaviate.
public enum StoresWeaviate: StoreAdapter {
    public static let descriptions = [
        AdapterDescription(
            name: "weaviate", package: "StoresWeaviate",
            summary: "Vectors in Weaviate 1.33 and later, over REST and GraphQL.", systemName: "weaviate",
            tiers: [.vector: capabilities], settings: WeaviateConfiguration.system.settings, composeService: "weaviate",
            composeProfile: "vector-alt", endpointVariable: "WEAVIATE_URL")
    ]

    /// No `exactQuery`: large tenants are searched by an HNSW graph. No `filteredScroll`: a scroll goes in the order of
    /// Weaviate's own ids, for which it takes no filter. Vectors read back as they were written: under cosine the index
    /// has them normalised, the objects have not.
    static let capabilities = TierCapabilities(
        [
            .vector(.cosine), .vector(.dot), .vector(.euclidean), .vector(.filters), .vector(.nestedFields),
            .vector(.namespaces), .vector(.textQuery), .vector(.hybridQuery), .vector(.exactVectors),
        ],
        // Weaviate takes 65,535 dimensions, and by default gives 10,000 results (QUERY_MAXIMUM_RESULTS).
        limits: [
            .batchCount: 1000, .batchBytes: 8 << 20, .batchesAtOnce: 2, .dimensions: 65_535, .queryLimit: 10_000,
        ])

    public static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        WeaviateBackend(try WeaviateConfiguration.system.configuration(context.settings))
    }
}
#else
public import StoresCore

/// The Weaviate adapter, left out of this build.
@available(
    *, unavailable,
    message: "StoresWeaviate needs the package trait 'HTTP': .package(url: ..., from: ..., traits: [\"HTTP\"])"
)
public enum StoresWeaviate: StoreAdapter {
    public static let descriptions: [AdapterDescription] = []

    public static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        throw StoreError(.unsupported, "StoresWeaviate needs the package trait 'HTTP'", applied: .no)
    }
}
#endif
