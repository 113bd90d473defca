import CoreMetrics
import Tracing

/// The spans and metrics of one tier, by the OpenTelemetry semantic conventions for database client calls
/// (https://opentelemetry.io/docs/specs/semconv/database/): one span and one duration for each operation.
///
/// Nothing is recorded, and nothing is paid, unless a tracer or a metrics system is there.
struct TierTelemetry: Sendable {
    /// What the conventions want on every span and measurement.
    struct Resource: Sendable {
        var tier: Tier
        var system: String
        var namespace: String?
        var serverAddress: String?
        var serverPort: Int?

        init(tier: Tier, system: String, endpoint: String) {
            self.tier = tier
            self.system = system
            (serverAddress, serverPort, namespace) = Resource.parse(endpoint)
        }

        /// Host, port and path of a URL; nothing of a file's path.
        private static func parse(_ endpoint: String) -> (String?, Int?, String?) {
            guard let scheme = endpoint.range(of: "://"), !endpoint.hasPrefix("file:") else { return (nil, nil, nil) }
            let rest = endpoint[scheme.upperBound...].prefix { $0 != "?" }
            let authority = rest.prefix { $0 != "/" }
            let path = rest.dropFirst(authority.count + 1)
            let port = authority.lastIndex(of: ":").flatMap { Int(authority[authority.index(after: $0)...]) }
            let host = port == nil ? authority : authority[..<(authority.lastIndex(of: ":") ?? authority.endIndex)]
            return (
                host.isEmpty ? nil : String(host), port, path.isEmpty || path.contains("/") ? nil : String(path)
            )
        }
    }

    let resource: Resource
    let tracer: (any Tracer)?
    let metrics: (any MetricsFactory)?

    init(resource: Resource, tracer: (any Tracer)?, metrics: (any MetricsFactory)?) {
        self.resource = resource
        self.tracer = tracer is NoOpTracer ? nil : tracer
        self.metrics = metrics is NOOPMetricsHandler ? nil : metrics
    }

    var hasMetrics: Bool { metrics != nil }
    var isEnabled: Bool { tracer != nil || metrics != nil }

    func start(_ operation: String, collection: String?) -> (any Tracing.Span)? {
        guard let tracer else { return nil }
        let name = collection.map { "\(operation) \($0)" } ?? operation
        let span = tracer.startAnySpan(name, context: ServiceContext.current ?? .topLevel, ofKind: .client)
        span.attributes["db.system.name"] = resource.system
        span.attributes["db.operation.name"] = operation
        if let collection { span.attributes["db.collection.name"] = collection }
        if let namespace = resource.namespace { span.attributes["db.namespace"] = namespace }
        if let address = resource.serverAddress { span.attributes["server.address"] = address }
        if let port = resource.serverPort { span.attributes["server.port"] = port }
        return span
    }

    func finish(
        _ operation: String, collection: String?, span: (any Tracing.Span)?, duration: Duration, error: StoreError?
    ) {
        if let span {
            if let error {
                span.attributes["error.type"] = error.code.rawValue
                span.setStatus(SpanStatus(code: .error, message: error.message))
            }
            span.end()
        }
        guard let metrics else { return }
        var dimensions = dimensions(operation, collection)
        if let error { dimensions.append(("error.type", error.code.rawValue)) }
        let (seconds, attoseconds) = duration.components
        Recorder(
            label: "db.client.operation.duration", dimensions: dimensions, aggregate: true, factory: metrics
        ).record(Double(seconds) + Double(attoseconds) * 1e-18)
    }

    func countRetry(_ operation: String) {
        guard let metrics else { return }
        Counter(label: "stores.client.retries", dimensions: dimensions(operation, nil), factory: metrics).increment()
    }

    func countItems(_ operation: String, _ collection: String?, _ result: BulkResult) {
        guard let metrics else { return }
        for (outcome, count) in [("succeeded", result.succeeded.count), ("failed", result.failed.count)] where count > 0
        {
            let dimensions = dimensions(operation, collection) + [("outcome", outcome)]
            Counter(label: "stores.client.bulk.items", dimensions: dimensions, factory: metrics).increment(by: count)
        }
    }

    func recordWait(_ operation: String, _ wait: Duration) {
        guard let metrics else { return }
        let (seconds, attoseconds) = wait.components
        Recorder(
            label: "db.client.connection.wait_time", dimensions: dimensions(operation, nil), aggregate: true,
            factory: metrics
        ).record(Double(seconds) + Double(attoseconds) * 1e-18)
    }

    func recordEventLag(_ lag: Duration) {
        guard let metrics else { return }
        let (seconds, attoseconds) = lag.components
        Gauge(label: "stores.event.lag", dimensions: dimensions("lag", nil), factory: metrics)
            .record(Double(seconds) + Double(attoseconds) * 1e-18)
    }

    private func dimensions(_ operation: String, _ collection: String?) -> [(String, String)] {
        var dimensions = [
            ("db.system.name", resource.system), ("db.operation.name", operation),
            ("stores.tier", resource.tier.rawValue),
        ]
        if let collection { dimensions.append(("db.collection.name", collection)) }
        if let address = resource.serverAddress { dimensions.append(("server.address", address)) }
        if let port = resource.serverPort { dimensions.append(("server.port", String(port))) }
        return dimensions
    }
}
