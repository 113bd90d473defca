#if HTTP
public import StoresCore
public import StoresHTTP

/// A Qdrant server.
public final class QdrantBackend: RESTBackend {
    let api: QdrantAPI
    public var service: HTTPService { api.service }

    init(_ configuration: HTTPConfiguration) {
        api = QdrantAPI(service: HTTPService(configuration))
    }

    /// The server says its version to everybody, and its collections to who has the key.
    public func start(context: CallContext) async throws(StoreError) {
        let version: String
        do {
            version = try await api.version(context)
        } catch {
            throw error.filling(phase: .version)
        }
        try requireVersion(version, atLeast: ServerVersion(1, 16), "which keeps a collection's metadata")
        do {
            _ = try await api.collectionNames(context)
        } catch {
            throw error.filling(phase: .authentication)
        }
    }

    public func ping(context: CallContext) async throws(StoreError) -> BackendStatus {
        let version = try await api.version(context)
        let names = try await api.collectionNames(context)
        return BackendStatus(version: version, details: ["collections": "\(names.count)"])
    }

    public func capabilities(of tier: Tier) -> TierCapabilities? {
        tier == .vector ? StoresQdrant.capabilities : nil
    }

    public var vector: (any VectorDriver)? { QdrantVectorDriver(backend: self) }
}
#endif
