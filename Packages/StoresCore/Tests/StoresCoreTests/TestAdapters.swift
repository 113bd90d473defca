import StoresCore

/// An adapter that records how it is used: a session store of the in-memory kind behind a start that can fail or hang.
struct ProbedAdapter: StoreAdapter {
    static let log = Locked<[String]>([])
    /// What the adapter `deaf` waits for, whatever its deadline and its task say.
    static let deafness = Latch()

    static let descriptions = ["steady", "down", "hanging", "deaf", "denied"].map { name in
        AdapterDescription(
            name: name, package: "StoresProbed", summary: "For tests.", systemName: "probed",
            tiers: [
                .session: .all(of: .session, except: [.session(.transactions)]),
                .event: .all(of: .event, except: [.event(.conditionalAppend), .event(.retention)]),
            ],
            settings: [
                SettingDescription(
                    "PROBED_URL", .url, default: "probed://user:hunter2@127.0.0.1:1", summary: "Where it is."),
                SettingDescription("PROBED_KEY", .int, isSecret: true, summary: "A secret."),
            ],
            composeService: "probed", endpointVariable: "PROBED_URL")
    }

    static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        log.withLock { $0.append("open \(context.name)") }
        return ProbedBackend(
            name: context.name, endpoint: context.settings.string("PROBED_URL") ?? "",
            inner: InMemoryBackend(behavior: context.inMemoryBehavior))
    }
}

struct ProbedBackend: StoreBackend {
    let name: String
    let endpoint: String
    let inner: InMemoryBackend

    var native: any Sendable { name }
    var session: (any SessionDriver)? { inner.session }
    var event: (any EventDriver)? { inner.event }

    func capabilities(of tier: Tier) -> TierCapabilities? {
        ProbedAdapter.descriptions.first { $0.name == name }?.tiers[tier]
    }

    func start(context: CallContext) async throws(StoreError) {
        switch name {
        case "down": throw StoreError(.unavailable, "connection refused", phase: .tcp)
        case "denied":
            throw StoreError(.unauthenticated, "wrong password", remedy: "check PROBED_KEY", phase: .authentication)
        case "hanging":
            // Deaf to its deadline, as a broken driver is; ends with the task.
            while !Task.isCancelled { await Task.yield() }
            throw .cancelled()
        case "deaf": await ProbedAdapter.deafness.wait()
        default: break
        }
    }

    func ping(context: CallContext) async throws(StoreError) -> BackendStatus { BackendStatus(version: "7") }

    func shutdown() async {
        if name == "deaf" { await ProbedAdapter.deafness.wait() }
        ProbedAdapter.log.withLock { [name] in $0.append("shutdown \(name)") }
    }
}

extension AdapterRegistry {
    static var probed: AdapterRegistry {
        var registry = AdapterRegistry()
        registry.register(ProbedAdapter.self)
        return registry
    }
}

extension StoresOptions {
    /// For machines on which a test waits long for its turn.
    static var patient: StoresOptions { StoresOptions(probeTimeout: .seconds(300)) }
}
