/// The adapters of this project, so that a selection of one that is not linked can say which package to add (R1).
/// A test holds it together with the packages.
enum KnownAdapters {
    private static let all: [(name: String, package: String, tiers: Set<Tier>)] = [
        ("sqlite", "StoresSQLite", [.vector, .memory, .session, .artifact, .event, .search]),
        ("file", "StoresFile", [.artifact]),
        ("postgres", "StoresPostgres", [.vector, .memory, .session, .event, .search]),
        ("chroma", "StoresChroma", [.vector]),
        ("redis", "StoresRedis", [.session, .event]),
        ("valkey", "StoresRedis", [.session, .event]),
        ("keydb", "StoresRedis", [.session, .event]),
        ("qdrant", "StoresQdrant", [.vector]),
        ("kafka", "StoresKafka", [.event]),
        ("mongodb", "StoresMongo", [.memory, .session, .event]),
        ("pinecone", "StoresPinecone", [.vector]),
        ("weaviate", "StoresWeaviate", [.vector]),
    ]

    static func package(of name: String, tier: Tier) -> String? {
        all.first { $0.name == name && $0.tiers.contains(tier) }?.package
    }

    static func names(for tier: Tier) -> [String] {
        all.filter { $0.tiers.contains(tier) }.map(\.name)
    }
}
