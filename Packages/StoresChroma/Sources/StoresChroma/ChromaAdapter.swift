#if HTTP
public import StoresCore

/// Chroma's vector collections over its v2 protocol: `registry.register(StoresChroma.self)`, then
/// `STORE_VECTOR=chroma`.
///
/// A collection of ours is one of Chroma's for each namespace. A record's metadata is kept as Chroma keeps metadata, as
/// far as Chroma can, so that its other clients read and filter it; what makes it exact is beside it, under keys that
/// start with `_stores_` (see `ChromaCodec`).
public enum StoresChroma: StoreAdapter {
    public static let descriptions = [
        AdapterDescription(
            name: "chroma", package: "StoresChroma", summary: "Vectors in Chroma 1.x, over HTTP.",
            systemName: "chroma", tiers: [.vector: capabilities()], settings: ChromaConfiguration.settings,
            composeService: "chroma", composeProfile: "vector-alt", endpointVariable: "CHROMA_URL")
    ]

    /// No `exactVectors`: under cosine Chroma keeps the normalised vector and its length. No `exactQuery`: the index is
    /// an HNSW graph. No `textQuery`: Chroma finds documents by substrings, and does not rank them.
    ///
    /// - Parameter batchCount: What the server says that it takes; 5,461 in every version so far. A record costs no
    ///   more in a batch of 2,000, beside which the next one can be under way.
    static func capabilities(batchCount: Int = 5461) -> TierCapabilities {
        TierCapabilities(
            [
                .vector(.cosine), .vector(.dot), .vector(.euclidean), .vector(.filters), .vector(.nestedFields),
                .vector(.namespaces),
            ],
            limits: [
                .batchCount: max(1, min(batchCount, 2000)), .batchBytes: 16 << 20, .batchesAtOnce: 2,
            ])
    }

    public static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        ChromaBackend(try ChromaConfiguration(context.settings), context: context)
    }
}
#else
public import StoresCore

/// The Chroma adapter, left out of this build.
@available(
    *, unavailable,
    message: "StoresChroma needs the package trait 'HTTP': .package(url: ..., from: ..., traits: [\"HTTP\"])"
)
public enum StoresChroma: StoreAdapter {
    public static let descriptions: [AdapterDescription] = []

    public static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        throw StoreError(.unsupported, "StoresChroma needs the package trait 'HTTP'", applied: .no)
    }
}
#endif
