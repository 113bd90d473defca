#if HTTP
public import StoresCore
public import StoresHTTP
import Synchronization

/// A Weaviate server.
public final class WeaviateBackend: RESTBackend {
    let api: WeaviateAPI
    public var service: HTTPService { api.service }
    private let known = Mutex<Set<IDKey>>([])

    init(_ configuration: HTTPConfiguration) {
        api = WeaviateAPI(service: HTTPService(configuration))
    }

    /// The server says its version to who has the key.
    public func start(context: CallContext) async throws(StoreError) {
        let version: String
        do {
            version = try await api.version(context)
        } catch {
            throw error.filling(phaseUnlessRefused: .version)
        }
        try requireVersion(version, atLeast: ServerVersion(1, 33), "which negates conditions")
    }

    public func ping(context: CallContext) async throws(StoreError) -> BackendStatus {
        let version = try await api.version(context)
        let collections = try await api.collections(context)
        return BackendStatus(version: version, details: ["collections": "\(collections.count)"])
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
