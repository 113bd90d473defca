#if HTTP
public import StoresCore
import StoresHTTP

/// A Qdrant server.
public final class QdrantBackend: StoreBackend {
    let api: QdrantAPI
    let maxRequestBytes: Int

    init(_ configuration: QdrantConfiguration) {
        api = QdrantAPI(service: HTTPService(configuration.http))
        maxRequestBytes = configuration.maxRequestBytes
    }

    public var endpoint: String { api.service.endpoint }

    /// The `HTTPService`, for calls of Qdrant's own.
    public var native: any Sendable { api.service }

    /// The server says its version to everybody, and its collections to who has the key.
    public func start(context: CallContext) async throws(StoreError) {
        let version: String
        do {
            version = try await api.version(context)
        } catch {
            throw error.filling(phase: .version)
        }
        guard Self.isSupported(version) else {
            throw StoreError(
                .unsupported, "Qdrant \(version) is too old; 1.16 is the oldest, which keeps a collection's metadata",
                remedy: "run a later Qdrant", endpoint: endpoint, applied: .no, phase: .version)
        }
        do {
            _ = try await api.collectionNames(context)
        } catch {
            throw error.filling(phase: .authentication)
        }
    }

    static func isSupported(_ version: String) -> Bool {
        ServerVersion(version).map { $0 >= ServerVersion(1, 16) } ?? false
    }

    public func ping(context: CallContext) async throws(StoreError) -> BackendStatus {
        let version = try await api.version(context)
        let names = try await api.collectionNames(context)
        return BackendStatus(version: version, details: ["collections": "\(names.count)"])
    }

    public func shutdown() async {
        await api.service.shutdown()
    }

    public func capabilities(of tier: Tier) -> TierCapabilities? {
        tier == .vector ? StoresQdrant.capabilities : nil
    }

    public var vector: (any VectorDriver)? { QdrantVectorDriver(backend: self) }
}
#endif
