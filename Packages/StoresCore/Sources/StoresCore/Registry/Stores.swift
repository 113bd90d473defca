public import ServiceLifecycle

/// An application's stores, opened.
///
/// ```swift
/// let stores = try await Stores.open(registry: registry, environment: ProcessInfo.processInfo.environment)
/// ```
///
/// A `Service` of swift-service-lifecycle: it shuts down when its group does. Without one, call ``shutdown()``, or use
/// ``withOpen(registry:environment:requiring:options:_:)``.
public final class Stores: Service {
    public let vector: VectorStore
    public let memory: MemoryStore
    public let session: SessionStore
    public let artifact: ArtifactStore
    public let event: EventStore
    public let search: SearchStore
    /// What the probes found when the stores were opened.
    public let report: StartupReport
    private let backends: BackendSet

    init(
        vector: VectorStore, memory: MemoryStore, session: SessionStore, artifact: ArtifactStore, event: EventStore,
        search: SearchStore, report: StartupReport, backends: BackendSet
    ) {
        self.vector = vector
        self.memory = memory
        self.session = session
        self.artifact = artifact
        self.event = event
        self.search = search
        self.report = report
        self.backends = backends
    }

    /// Waits for the graceful shutdown of its service group (or the cancellation of its task), then shuts down.
    public func run() async throws {
        try? await gracefulShutdown()
        await shutdown()
    }

    /// Refuses new calls, waits for those under way, at most the drain time-out, and frees every connection.
    /// Idempotent; uses after it throw (X5).
    public func shutdown() async {
        await backends.shutdown()
    }

    /// Sends what the telemetry adapter has buffered.
    public func flushTelemetry(deadline: Deadline? = nil) async throws(StoreError) {
        try await backends.flushTelemetry(deadline: deadline)
    }
}
