#if HTTP
import StoresChroma
import StoresQdrant

/// Real Chroma, against the `chromadb` HTTP client with numpy arrays in batches of the most that the server takes.
enum ChromaUpsert: Benchmark {
    static let name = "chroma-upsert"
    static let summary = "upsert into Chroma, against the chromadb HTTP client"

    static func run(_ bench: Bench) async throws -> [Figure] {
        guard let server = RESTServer.find(StoresChroma.self, "chroma", service: "chroma") else { return [] }
        return try await UpsertRace.run(
            name, server, try bench.data(), script: "chroma_upsert.py", repetitions: 2, cpuShare: 1 / 3)
    }
}

/// A peer of Qdrant, or a real one, against `qdrant-client` with points in batches of 500.
enum QdrantUpsert: Benchmark {
    static let name = "qdrant-upsert"
    static let summary = "upsert into Qdrant or its peer, against qdrant-client"

    static func run(_ bench: Bench) async throws -> [Figure] {
        guard let server = RESTServer.find(StoresQdrant.self, "qdrant", service: "qdrant-peer") else { return [] }
        return try await UpsertRace.run(
            name, server, try bench.data(), script: "qdrant_upsert.py", repetitions: 3, cpuShare: 1 / 5)
    }
}
#endif
