#if HTTP
public import StoresCore
import StoresHTTP
import Synchronization

/// A Weaviate server.
public final class WeaviateBackend: StoreBackend {
    let api: WeaviateAPI
    let maxRequestBytes: Int
    private let known = Mutex<Set<IDKey>>([])

    init(_ configuration: WeaviateConfiguration) {
        api = WeaviateAPI(service: HTTPService(configuration.http))
        maxRequestBytes = configuration.maxRequestBytes
    }

    public var endpoint: String { api.service.endpoint }

    /// The `HTTPService`, for calls of Weaviate's own.
    public var native: any Sendable { api.service }

    /// The server says its version to who has the key.
    public func start(context: CallContext) async throws(StoreError) {
        let version: String
        do {
            version = try await api.version(context)
        } catch {
            let isRefused = error.code == .unauthenticated || error.code == .permissionDenied
            throw error.filling(phase: isRefused ? .authentication : .version)
        }
        guard ServerVersion(version).map({ $0 >= ServerVersion(1, 33) }) == true else {
            throw StoreError(
                .unsupported, "Weaviate \(version) is too old; 1.33 is the oldest, which negates conditions",
                remedy: "run a later Weaviate", endpoint: endpoint, applied: .no, phase: .version)
        }
    }

    public func ping(context: CallContext) async throws(StoreError) -> BackendStatus {
        let version = try await api.version(context)
        let collections = try await api.collections(context)
        return BackendStatus(version: version, details: ["collections": "\(collections.count)"])
    }

    public func shutdown() async {
        await api.service.shutdown()
    }

    public func capabilities(of tier: Tier) -> TierCapabilities? {
        tier == .vector ? StoresWeaviate.capabilities : nil
    }

    public var vector: (any VectorDriver)? { WeaviateVectorDriver(backend: self) }

    // MARK: Collections

    /// Throws `notFound` for a collection that is not there, which is asked once.
    ///
    /// A server with AUTOSCHEMA_ENABLED, which is the default, makes a collection of a guessed schema for objects that
    /// come without one; a write must not let it.
    func check(_ name: String, _ context: CallContext) async throws(StoreError) {
        if known.withLock({ $0.contains(IDKey(name)) }) { return }
        guard try await api.collection(name, context) != nil else {
            throw StoreError(
                .notFound, "there is no such collection", remedy: "ensure it with schema mode create", resource: name,
                applied: .no)
        }
        remember(name)
    }

    func remember(_ name: String) {
        known.withLock { known in
            // Not for ever: an application may make and drop collections without end.
            if known.count >= 10_000 { known.removeAll() }
            known.insert(IDKey(name))
        }
    }

    func forget(_ name: String) {
        _ = known.withLock { $0.remove(IDKey(name)) }
    }
}
#endif
