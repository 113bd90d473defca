import CoreMetrics
import Logging
import Synchronization
import Tracing

/// The opened backends of one `Stores`: one for each adapter, shared by its tiers.
final class BackendSet: Sendable {
    struct Opened: Sendable {
        var description: AdapterDescription
        var backend: any StoreBackend
        var gate: CallGate
        var breaker: CircuitBreaker
        /// Its probe was left behind, still running.
        var isStuck = false
    }

    let options: StoresOptions
    private let opened = Mutex<[String: Opened]>([:])

    init(options: StoresOptions) {
        self.options = options
    }

    // MARK: Start

    /// Opens and probes every chosen adapter at once, each within the probe time-out.
    func start(_ selection: TierSelection, requiring: [Capability], registry: AdapterRegistry) async -> StartupReport {
        var report = StartupReport(problems: selection.problems, notices: selection.notices)
        for notice in selection.notices { options.logger.warning("\(notice)") }
        var tiers: [String: [TierSelection.Choice]] = [:]
        for choice in selection.choices { tiers[choice.entry.description.name, default: []].append(choice) }
        let outcomes = await withTaskGroup(of: (String, Outcome).self, returning: [String: Outcome].self) { group in
            for (name, choices) in tiers {
                guard let settings = selection.settings[name], let entry = choices.first?.entry else { continue }
                let context = AdapterContext(
                    name: name, tiers: Set(choices.map(\.tier)), settings: settings, schemaMode: options.schemaMode,
                    logger: options.logger, clock: options.clock, ids: options.ids,
                    inMemoryBehavior: options.inMemoryBehavior)
                group.addTask { (name, await self.connect(entry, context)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for choice in selection.choices {
            let name = choice.entry.description.name
            guard let outcome = outcomes[name] else { continue }
            var error = outcome.error
            if error == nil, case .some(let opened) = self.opened.withLock({ $0[name] }) {
                error = missing(requiring, choice.tier, opened, registry)
            }
            report.probes.append(
                StartupReport.Probe(
                    tier: choice.tier, adapter: name, endpoint: outcome.endpoint,
                    error: error?.filling(
                        tier: choice.tier, adapter: name, operation: "open", endpoint: outcome.endpoint,
                        remedy: choice.entry.description.unavailableRemedy),
                    status: outcome.status, latency: outcome.latency, isDefaulted: choice.isDefaulted))
            if choice.isDefaulted, error == nil {
                options.logger.notice(
                    "\(choice.tier.variable) is not set: in-memory, lost at exit",
                    metadata: ["tier": "\(choice.tier.rawValue)"])
            }
        }
        for capability in requiring where !selection.choices.contains(where: { $0.tier == capability.tier }) {
            if selection.problems.contains(where: { $0.tier == capability.tier }) { continue }
            report.problems.append(
                StoreError(
                    .unsupported, "\(capability) is required, and \(capability.tier.variable) is not set",
                    tier: capability.tier, phase: .configuration))
        }
        return report
    }

    private struct Outcome: Sendable {
        var endpoint: String?
        var error: StoreError?
        var status: BackendStatus?
        var latency = Duration.zero
    }

    private func connect(_ entry: AdapterRegistry.Entry, _ context: AdapterContext) async -> Outcome {
        var outcome = Outcome()
        let start = MonotonicInstant.now
        do throws(StoreError) {
            let backend: any StoreBackend
            do throws(StoreError) {
                backend = try entry.adapter.open(context)
            } catch {
                throw error.filling(phase: .configuration)
            }
            outcome.endpoint = Redaction.endpoint(backend.endpoint)
            let opened = Opened(
                description: entry.description, backend: backend, gate: CallGate(limit: options.maxConcurrency),
                breaker: CircuitBreaker(
                    .init(threshold: options.breakerThreshold, coolDown: options.breakerCoolDown)))
            self.opened.withLock { $0[context.name] = opened }
            let deadline = Deadline.after(options.probeTimeout)
            // A little later than the driver's own deadline, whose error says more.
            let end = Deadline(deadline.instant + .milliseconds(250))
            let result = await Self.bounded(until: end) { () async -> Result<BackendStatus, StoreError> in
                let call = CallContext(deadline: deadline, clock: context.clock, ids: context.ids)
                do throws(StoreError) {
                    try await backend.start(context: call)
                    return .success(try await backend.ping(context: call))
                } catch {
                    return .failure(error)
                }
            }
            guard let result else {
                self.opened.withLock { $0[context.name]?.isStuck = true }
                throw .timeout("the start-up probe")
            }
            outcome.status = try result.get()
        } catch {
            outcome.error = error
        }
        outcome.latency = start.duration(to: .now)
        return outcome
    }

    /// Drivers keep deadlines themselves; a probe does not rely on it, so that one bad tier can't hide the others. The
    /// outcome of the work, or nil when it took too long: work that is deaf to its cancellation is left behind.
    private static func bounded<T: Sendable>(
        until end: Deadline, _ work: @escaping @Sendable () async -> T
    ) async -> T? {
        let first = FirstAnswer<T?>()
        let worker = Task { first.give(await work()) }
        let timer = Task {
            try? await Task.sleep(for: end.remaining)
            first.give(nil)
        }
        defer {
            worker.cancel()
            timer.cancel()
        }
        return await withTaskCancellationHandler {
            await first.wait()
        } onCancel: {
            worker.cancel()
        }
    }

    private func missing(
        _ requiring: [Capability], _ tier: Tier, _ opened: Opened, _ registry: AdapterRegistry
    ) -> StoreError? {
        let has = opened.backend.capabilities(of: tier)
        let lacking = requiring.filter { $0.tier == tier && !(has?.contains($0) ?? false) }
        guard !lacking.isEmpty else { return nil }
        let names = lacking.map { capability in
            let providers = registry.providers(of: capability).filter { $0 != opened.description.name }
            return
                "\(capability) (adapters that have it: \(providers.isEmpty ? "none registered" : providers.joined(separator: ", ")))"
        }
        return StoreError(
            .unsupported,
            "the application requires what \(opened.description.name) has not: \(names.joined(separator: "; "))",
            remedy: "choose another store with \(tier.variable)", phase: .configuration)
    }

    // MARK: Tiers

    func stores(_ selection: TierSelection, report: StartupReport, registry: AdapterRegistry) throws(StoreError)
        -> Stores
    {
        let telemetry = try telemetryDriver(selection)
        let tracer = options.tracer ?? telemetry?.tracer ?? InstrumentationSystem.tracer
        let metrics = options.metrics ?? telemetry?.metrics ?? MetricsSystem.factory
        func tier<Driver>(_ tier: Tier, _ driver: (any StoreBackend) -> Driver?) throws(StoreError) -> (
            TierRuntime, Driver
        ) {
            guard let choice = selection.choices.first(where: { $0.tier == tier }),
                let opened = opened.withLock({ $0[choice.entry.description.name] }),
                let driver = driver(opened.backend), let capabilities = opened.backend.capabilities(of: tier)
            else { throw StoreError(.internal, "the adapter gave no driver for the \(tier.rawValue) tier", tier: tier) }
            let endpoint = Redaction.endpoint(opened.backend.endpoint)
            let runtime = TierRuntime(
                tier: tier, adapter: opened.description, endpoint: endpoint, capabilities: capabilities,
                options: options,
                telemetry: TierTelemetry(
                    resource: .init(tier: tier, system: opened.description.systemName, endpoint: endpoint),
                    tracer: tracer, metrics: metrics),
                gate: opened.gate, breaker: opened.breaker, backend: opened.backend,
                providers: { registry.providers(of: $0) })
            return (runtime, driver)
        }
        let vector = try tier(.vector) { $0.vector }
        let memory = try tier(.memory) { $0.memory }
        let session = try tier(.session) { $0.session }
        let artifact = try tier(.artifact) { $0.artifact }
        let event = try tier(.event) { $0.event }
        let search = try tier(.search) { $0.search }
        return Stores(
            vector: VectorStore(runtime: vector.0, driver: vector.1),
            memory: MemoryStore(runtime: memory.0, driver: memory.1),
            session: SessionStore(runtime: session.0, driver: session.1),
            artifact: ArtifactStore(runtime: artifact.0, driver: artifact.1),
            event: EventStore(runtime: event.0, driver: event.1),
            search: SearchStore(runtime: search.0, driver: search.1), report: report, backends: self)
    }

    private func telemetryDriver(_ selection: TierSelection) throws(StoreError) -> (any TelemetryDriver)? {
        guard let choice = selection.choices.first(where: { $0.tier == .telemetry }) else { return nil }
        return opened.withLock { $0[choice.entry.description.name] }?.backend.telemetry
    }

    // MARK: End

    func shutdown() async {
        let all = opened.withLock { Array($0.values) }
        await withTaskGroup(of: Void.self) { group in
            for opened in all where opened.gate.close() {
                group.addTask {
                    await Self.drain(opened.gate, within: self.options.drainTimeout)
                    guard opened.isStuck else { return await opened.backend.shutdown() }
                    let end = Deadline.after(self.options.drainTimeout)
                    _ = await Self.bounded(until: end) { await opened.backend.shutdown() }
                }
            }
        }
    }

    private static func drain(_ gate: CallGate, within timeout: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await gate.drain() }
            group.addTask { try? await Task.sleep(for: timeout) }
            await group.next()
            gate.endDrain()
            group.cancelAll()
        }
    }

    func flushTelemetry(deadline: Deadline?) async throws(StoreError) {
        let context = CallContext(
            deadline: deadline ?? .after(options.timeout), clock: options.clock, ids: options.ids)
        for opened in opened.withLock({ Array($0.values) }) {
            try await opened.backend.telemetry?.flush(context: context)
        }
    }
}
