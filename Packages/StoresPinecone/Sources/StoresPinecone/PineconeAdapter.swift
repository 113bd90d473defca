#if HTTP
public import StoresCore

/// Pinecone's serverless indexes over REST: `registry.register(StoresPinecone.self)`, then `STORE_VECTOR=pinecone`.
///
/// A collection of ours is an index of Pinecone's, a namespace of ours one of its namespaces. Filters are compiled to
/// exact terms and orders (see `PineconeCodec`). Writes become visible some time after they are answered; a receipt
/// waits for that by Pinecone's log sequence numbers (see `PineconeFreshness`).
public enum StoresPinecone: StoreAdapter {
    public static let descriptions = [
        AdapterDescription(
            name: "pinecone", package: "StoresPinecone",
            summary: "Vectors in Pinecone's serverless indexes, over REST.", systemName: "pinecone",
            tiers: [.vector: capabilities], settings: PineconeConfiguration.settings,
            endpointVariable: "PINECONE_HOST")
    ]

    /// No `exactVectors`: Pinecone promises 32-bit floats, not all of their bits. No `exactQuery`: large namespaces are
    /// searched approximately. No `filteredScroll`: ids are listed without a filter. No `textQuery`: the dense indexes
    /// of the Vectors API rank no words.
    static let capabilities = TierCapabilities(
        [
            .vector(.cosine), .vector(.dot), .vector(.euclidean), .vector(.filters), .vector(.nestedFields),
            .vector(.namespaces),
        ],
        // docs.pinecone.io, "Pinecone Database limits": 1,000 records and 2 MB in an upsert, 20,000 dimensions.
        limits: [.batchCount: 1000, .batchBytes: 1_500_000, .dimensions: 20_000])

    public static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        PineconeBackend(try PineconeConfiguration(context.settings))
    }
}
#else
public import StoresCore

/// The Pinecone adapter, left out of this build.
@available(
    *, unavailable,
    message: "StoresPinecone needs the package trait 'HTTP': .package(url: ..., from: ..., traits: [\"HTTP\"])"
)
public enum StoresPinecone: StoreAdapter {
    public static let descriptions: [AdapterDescription] = []

    public static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        throw StoreError(.unsupported, "StoresPinecone needs the package trait 'HTTP'", applied: .no)
    }
}
#endif
