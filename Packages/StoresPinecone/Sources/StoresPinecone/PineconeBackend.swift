#if HTTP
public import StoresCore
public import StoresHTTP
import Synchronization

/// One project of Pinecone's.
public final class PineconeBackend: RESTBackend {
    let api: PineconeAPI
    /// The data planes of the indexes that were used, by the indexes' names.
    private let sites = Mutex<[String: HTTPService]>([:])

    init(_ configuration: PineconeConfiguration) {
        api = PineconeAPI(configuration)
    }

    /// The control plane.
    public var service: HTTPService { api.control }

    /// Pinecone says no version; it takes the dated one of every request, or refuses it here.
    public func start(context: CallContext) async throws(StoreError) {
        do {
            _ = try await api.indexes(context)
        } catch {
            throw error.filling(phaseUnlessRefused: .version)
        }
    }

    public func ping(context: CallContext) async throws(StoreError) -> BackendStatus {
        let indexes = try await api.indexes(context)
        return BackendStatus(
            version: PineconeConfiguration.apiVersion, details: ["indexes": "\(indexes.count)"])
    }

    public func shutdown() async {
        let open = sites.withLock { sites in
            defer { sites = [:] }
            return Array(sites.values)
        }
        for site in open { await site.shutdown() }
        await api.control.shutdown()
    }

    public func capabilities(of tier: Tier) -> TierCapabilities? {
        tier == .vector ? StoresPinecone.capabilities : nil
    }

    public var vector: (any VectorDriver)? { PineconeVectorDriver(backend: self) }

    // MARK: Data planes

    /// Runs a body with the data plane of a collection's index.
    ///
    /// - Throws: `notFound` when there is no such index.
    func with<T>(
        _ target: VectorTarget, _ context: CallContext,
        _ body: (HTTPService) async throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let name = PineconeName.index(target.collection.name)
        let site: HTTPService
        if let known = sites.withLock({ $0[name] }) {
            site = known
        } else {
            site = try await find(name, target.collection.name, context)
        }
        do throws(StoreError) {
            return try await body(site)
        } catch {
            // An index that is gone leaves no host behind, and one that is made anew may have another.
            if error.code == .unavailable, error.phase == .dns || error.phase == .tcp { await forget(name) }
            throw error
        }
    }

    private func find(_ name: String, _ resource: String, _ context: CallContext) async throws(StoreError)
        -> HTTPService
    {
        guard let index = try await api.readyIndex(name, context), let host = index.host else {
            throw StoreError(
                .notFound, "there is no such collection", remedy: "ensure it with schema mode create",
                resource: resource, applied: .no)
        }
        // Where the control plane is spoken to in the clear, which only an emulator allows, its indexes are too.
        let url = host.contains("://") ? host : "\(api.configuration.endpoint.scheme)://\(host)"
        let endpoint = try HTTPEndpoint(url, variable: "the index's host")
        let made = HTTPService(api.configuration.http(endpoint))
        return sites.withLock { sites in
            if let other = sites[name] { return other }
            sites[name] = made
            return made
        }
    }

    func forget(_ name: String) async {
        let site = sites.withLock { $0.removeValue(forKey: name) }
        await site?.shutdown()
    }
}
#endif
