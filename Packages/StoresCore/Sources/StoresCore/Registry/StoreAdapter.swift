public import Logging

/// What an adapter package exposes: `registry.register(StoresSQLite.self)`.
public protocol StoreAdapter: Sendable {
    /// The names under which it can be selected. Usually one; three for Redis, Valkey and KeyDB.
    static var descriptions: [AdapterDescription] { get }

    /// Reads and validates the settings and makes a backend. No I/O here: ``StoreBackend/start(context:)`` connects.
    static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend
}

/// An adapter under one of its names: what it is, what it can do, what it reads.
public struct AdapterDescription: Sendable {
    /// The value of `STORE_<TIER>` that selects it.
    public var name: String
    /// The Swift package and product that brings it.
    public var package: String
    /// One sentence.
    public var summary: String
    /// `db.system.name` of the OpenTelemetry database conventions.
    public var systemName: String
    /// The tiers, each with all that the adapter can do at its best; the opened driver may have less.
    public var tiers: [Tier: TierCapabilities]
    public var settings: [SettingDescription]
    /// The service of `docker-compose.backend-stores.yml` that runs it locally, if it is a server.
    public var composeService: String?
    /// The profile with which that service is started; nil for the services of `core`, which need none.
    public var composeProfile: String?
    /// The variable that says where the backend is, for remedies.
    public var endpointVariable: String?

    public init(
        name: String, package: String, summary: String, systemName: String, tiers: [Tier: TierCapabilities],
        settings: [SettingDescription] = [], composeService: String? = nil, composeProfile: String? = nil,
        endpointVariable: String? = nil
    ) {
        self.name = name
        self.package = package
        self.summary = summary
        self.systemName = systemName
        self.tiers = tiers
        self.settings = settings
        self.composeService = composeService
        self.composeProfile = composeProfile
        self.endpointVariable = endpointVariable
    }
}

/// What an adapter is opened with.
public struct AdapterContext: Sendable {
    /// The name under which it was selected.
    public var name: String
    /// The tiers that it is to serve.
    public var tiers: Set<Tier>
    public var settings: Settings
    public var schemaMode: SchemaMode
    public var logger: Logger
    public var clock: any StoreClock
    public var ids: any IDGenerator
    /// For the in-memory stores alone.
    public var inMemoryBehavior: InMemoryBehavior

    public init(
        name: String, tiers: Set<Tier>, settings: Settings, schemaMode: SchemaMode = .create,
        logger: Logger = Logger(label: "stores"), clock: any StoreClock = SystemStoreClock(),
        ids: any IDGenerator = UUIDGenerator(), inMemoryBehavior: InMemoryBehavior = InMemoryBehavior()
    ) {
        self.name = name
        self.tiers = tiers
        self.settings = settings
        self.schemaMode = schemaMode
        self.logger = logger
        self.clock = clock
        self.ids = ids
        self.inMemoryBehavior = inMemoryBehavior
    }
}

/// An opened adapter: the connections that its tiers share, and a driver for each tier.
public protocol StoreBackend: Sendable {
    /// Where it is, as ``Redaction/endpoint(_:)`` leaves it: a URL or a path.
    var endpoint: String { get }

    /// Connects, and creates or verifies the schema by the context's mode. Idempotent. Concurrent starts of several
    /// processes do not collide. Errors carry the ``StoreError/Phase`` that was reached.
    func start(context: CallContext) async throws(StoreError)

    /// A round trip to the backend.
    func ping(context: CallContext) async throws(StoreError) -> BackendStatus

    /// Frees everything. Called once, when no call is in flight.
    func shutdown() async

    /// The backend's own handle (X8), for example a connection pool.
    var native: any Sendable { get }

    /// What the tier's driver can do here; asked after `start`.
    func capabilities(of tier: Tier) -> TierCapabilities?

    /// The driver of each tier that the adapter serves; nil for the others, which is the default.
    var vector: (any VectorDriver)? { get }
    var memory: (any MemoryDriver)? { get }
    var session: (any SessionDriver)? { get }
    var artifact: (any ArtifactDriver)? { get }
    var event: (any EventDriver)? { get }
    var search: (any SearchDriver)? { get }
    var telemetry: (any TelemetryDriver)? { get }
}

extension StoreBackend {
    public var vector: (any VectorDriver)? { nil }
    public var memory: (any MemoryDriver)? { nil }
    public var session: (any SessionDriver)? { nil }
    public var artifact: (any ArtifactDriver)? { nil }
    public var event: (any EventDriver)? { nil }
    public var search: (any SearchDriver)? { nil }
    public var telemetry: (any TelemetryDriver)? { nil }
}

/// What a ping found.
public struct BackendStatus: Sendable, Hashable {
    /// The server's or library's version.
    public var version: String
    /// Findings worth showing in `stores doctor`, by name: durability settings, extension versions, warnings.
    public var details: [String: String]

    public init(version: String, details: [String: String] = [:]) {
        self.version = version
        self.details = details
    }
}
