#if HTTP
public import StoresCore

/// A backend that is one HTTP service.
public protocol RESTBackend: StoreBackend {
    var service: HTTPService { get }
}

extension RESTBackend {
    public var endpoint: String { service.endpoint }

    /// The ``HTTPService``, for calls of the server's own.
    public var native: any Sendable { service }

    public func shutdown() async {
        await service.shutdown()
    }

    /// Throws `unsupported` for a server that is too old, or whose version is none.
    ///
    /// - Parameter reason: What the oldest version is needed for: `which negates conditions`.
    public func requireVersion(_ version: String, atLeast oldest: ServerVersion, _ reason: String) throws(StoreError) {
        guard let found = ServerVersion(version), found >= oldest else {
            let system = service.configuration.system
            throw StoreError(
                .unsupported,
                "\(system) \(version) is too old; \(oldest.major).\(oldest.minor) is the oldest, \(reason)",
                remedy: "run a later \(system)", endpoint: endpoint, applied: .no, phase: .version)
        }
    }
}

extension StoreError {
    /// The error of a call at the start: a refused key is one of authentication, whatever was asked.
    public func filling(phaseUnlessRefused phase: Phase) -> StoreError {
        filling(phase: code == .unauthenticated || code == .permissionDenied ? .authentication : phase)
    }
}
#endif
