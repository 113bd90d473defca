#if HTTP
public import StoresCore
public import StoresHTTP
import Synchronization

/// One database of a Chroma server.
public final class ChromaBackend: RESTBackend {
    let api: ChromaAPI
    public var service: HTTPService { api.service }
    private let schemaMode: SchemaMode
    private let limits = Mutex<(maxBatch: Int, takesBase64: Bool)>((5461, false))
    private let known = Mutex<[String: ChromaCollection]>([:])

    init(_ configuration: ChromaConfiguration, context: AdapterContext) {
        api = ChromaAPI(
            service: HTTPService(configuration.http), tenant: configuration.tenant, database: configuration.database)
        schemaMode = context.schemaMode
    }

    public func start(context: CallContext) async throws(StoreError) {
        do {
            let found = try await api.preflight(context)
            limits.withLock { $0 = found }
        } catch {
            throw error.filling(phaseUnlessRefused: .version)
        }
        guard schemaMode != .off else { return }
        do {
            try await api.ensureDatabase(schemaMode, context)
        } catch {
            throw error.filling(phaseUnlessRefused: .schema)
        }
    }

    public func ping(context: CallContext) async throws(StoreError) -> BackendStatus {
        let version = try await api.version(context)
        let found = try await api.preflight(context)
        return BackendStatus(
            version: version,
            details: [
                "tenant": api.tenant, "database": api.database, "max_batch_size": "\(found.maxBatch)",
                "base64_embeddings": "\(found.takesBase64)",
            ])
    }

    public func capabilities(of tier: Tier) -> TierCapabilities? {
        tier == .vector ? StoresChroma.capabilities(batchCount: limits.withLock { $0.maxBatch }) : nil
    }

    public var vector: (any VectorDriver)? { ChromaVectorDriver(backend: self) }

    var takesBase64: Bool { limits.withLock { $0.takesBase64 } }

    // MARK: Collections

    /// Chroma's collection of a namespace, or nil when there is none. What was found once is remembered.
    func collection(_ target: VectorTarget, _ context: CallContext) async throws(StoreError) -> ChromaCollection? {
        let name = ChromaName.make(target.collection.name, namespace: target.namespace)
        if let found = known.withLock({ $0[name] }) { return found }
        guard let found = try await api.collection(name, context) else { return nil }
        remember(found)
        return found
    }

    func remember(_ collection: ChromaCollection) {
        known.withLock { known in
            // Not for ever: an application with a collection for each of its users has more than it uses.
            if known.count >= 10_000 { known.removeAll() }
            known[collection.name] = collection
        }
    }

    func forget(_ target: VectorTarget) {
        _ = known.withLock {
            $0.removeValue(forKey: ChromaName.make(target.collection.name, namespace: target.namespace))
        }
    }

    func forgetAll() { known.withLock { $0.removeAll() } }

    /// Runs a body with Chroma's collection, and once more when that has been dropped, and perhaps made anew, since it
    /// was remembered.
    ///
    /// - Parameters:
    ///   - creating: Makes the collection of a namespace that has none yet.
    ///   - missing: What a namespace without records answers.
    func with<T>(
        _ target: VectorTarget, creating: Bool = false, missing: T?, _ context: CallContext,
        _ body: (ChromaCollection) async throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        for attempt in 0...1 {
            var found = try await collection(target, context)
            if found == nil, creating, target.namespace != "default" {
                let made = try await api.createCollection(
                    ChromaName.make(target.collection.name, namespace: target.namespace), target.collection,
                    namespace: target.namespace, context)
                remember(made)
                found = made
            }
            guard let found else {
                if let missing, target.namespace != "default" { return missing }
                throw StoreError(
                    .notFound, "there is no such collection", remedy: "ensure it with schema mode create",
                    resource: target.collection.name, applied: .no)
            }
            do throws(StoreError) {
                return try await body(found)
            } catch  where error.code == .notFound && attempt == 0 {
                forget(target)
            }
        }
        throw StoreError(.notFound, "there is no such collection", resource: target.collection.name, applied: .no)
    }
}
#endif
