public import CoreMetrics
public import Tracing

/// What an adapter implements for telemetry: where the spans and metrics of the stores go, instead of the process's
/// bootstrapped systems.
public protocol TelemetryDriver: Sendable {
    var tracer: (any Tracer)? { get }
    var metrics: (any MetricsFactory)? { get }

    /// Sends what is buffered.
    func flush(context: CallContext) async throws(StoreError)
}
