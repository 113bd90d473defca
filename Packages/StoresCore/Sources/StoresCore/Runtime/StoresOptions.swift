public import CoreMetrics
public import Logging
public import Tracing

/// How calls are made, for all tiers. ``applying(_:)`` reads the `STORE_*` variables of ``settings``.
public struct StoresOptions: Sendable {
    /// The deadline of a call that brings none (X2).
    public var timeout: Duration
    /// The deadline of an upload, or of the opening of a download, that brings none. A download's chunks come at the
    /// reader's pace and have none.
    public var transferTimeout: Duration
    /// How long each tier's start-up probe may take (X10).
    public var probeTimeout: Duration
    /// How long `shutdown` waits for calls under way.
    public var drainTimeout: Duration
    public var retry: RetryPolicy
    /// Calls of one backend at the same time; nil leaves it to the backend.
    public var maxConcurrency: Int?
    /// Calls in a row that must fail before a backend is left alone.
    public var breakerThreshold: Int
    public var breakerCoolDown: Duration
    public var schemaMode: SchemaMode
    public var clock: any StoreClock
    public var ids: any IDGenerator
    public var logger: Logger
    /// Where spans go; nil takes the process's bootstrapped tracer when the stores are opened.
    public var tracer: (any Tracer)?
    /// Where metrics go; nil takes the process's bootstrapped factory when the stores are opened.
    public var metrics: (any MetricsFactory)?
    /// How the in-memory stores behave, where they are chosen.
    public var inMemoryBehavior: InMemoryBehavior

    public init(
        timeout: Duration = .seconds(30), transferTimeout: Duration = .seconds(600),
        probeTimeout: Duration = .seconds(3), drainTimeout: Duration = .seconds(10), retry: RetryPolicy = RetryPolicy(),
        maxConcurrency: Int? = nil, breakerThreshold: Int = 20, breakerCoolDown: Duration = .seconds(1),
        schemaMode: SchemaMode = .create, clock: any StoreClock = SystemStoreClock(), ids: (any IDGenerator)? = nil,
        logger: Logger = Logger(label: "stores"), tracer: (any Tracer)? = nil, metrics: (any MetricsFactory)? = nil,
        inMemoryBehavior: InMemoryBehavior = InMemoryBehavior()
    ) {
        self.timeout = timeout
        self.transferTimeout = transferTimeout
        self.probeTimeout = probeTimeout
        self.drainTimeout = drainTimeout
        self.retry = retry
        self.maxConcurrency = maxConcurrency
        self.breakerThreshold = breakerThreshold
        self.breakerCoolDown = breakerCoolDown
        self.schemaMode = schemaMode
        self.clock = clock
        self.ids = ids ?? UUIDGenerator(clock: clock)
        self.logger = logger
        self.tracer = tracer
        self.metrics = metrics
        self.inMemoryBehavior = inMemoryBehavior
    }

    /// The variables that configure every tier alike.
    public static let settings: [SettingDescription] = [
        SettingDescription(
            "STORE_ENV", .choice, default: "development", allowed: ["development", "test", "production"],
            summary: "In production a tier that is not chosen by name is an error instead of in-memory."),
        SettingDescription(
            "STORE_TIMEOUT", .duration, default: "30s", summary: "The deadline of a call that brings none."),
        SettingDescription(
            "STORE_TRANSFER_TIMEOUT", .duration, default: "10m", summary: "The deadline of an upload that brings none."),
        SettingDescription(
            "STORE_PROBE_TIMEOUT", .duration, default: "3s", summary: "How long each start-up probe may take."),
        SettingDescription(
            "STORE_MAX_ATTEMPTS", .int, default: "3", summary: "Tries of a call that may run twice, the first included."
        ),
        SettingDescription(
            "STORE_MAX_CONCURRENCY", .int, example: "256",
            summary: "Calls of one backend at the same time; unset leaves it to the backend."),
        SettingDescription(
            "STORE_SCHEMA", .choice, default: "create", allowed: SchemaMode.allCases.map(\.rawValue),
            summary: "Whether schema is created, only verified, or not looked at."),
    ]

    /// These options with what the settings say.
    public func applying(_ settings: Settings) throws(StoreError) -> StoresOptions {
        var options = self
        if settings.isExplicit("STORE_TIMEOUT"), let value = settings.duration("STORE_TIMEOUT") {
            options.timeout = value
        }
        if settings.isExplicit("STORE_TRANSFER_TIMEOUT"), let value = settings.duration("STORE_TRANSFER_TIMEOUT") {
            options.transferTimeout = value
        }
        if settings.isExplicit("STORE_PROBE_TIMEOUT"), let value = settings.duration("STORE_PROBE_TIMEOUT") {
            options.probeTimeout = value
        }
        for (variable, apply) in [
            ("STORE_MAX_ATTEMPTS", { options.retry.maxAttempts = $0 }),
            ("STORE_MAX_CONCURRENCY", { options.maxConcurrency = $0 }),
        ] as [(String, (Int) -> Void)] where settings.isExplicit(variable) {
            guard let value = settings.int(variable), value >= 1 else {
                throw StoreError(.invalidArgument, "\(variable) is at least 1", phase: .configuration)
            }
            apply(value)
        }
        if settings.isExplicit("STORE_SCHEMA"),
            let mode = settings.string("STORE_SCHEMA").flatMap(SchemaMode.init(rawValue:))
        {
            options.schemaMode = mode
        }
        return options
    }
}
