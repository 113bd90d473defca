import CoreMetrics
import Logging
import Tracing

/// What every tier type calls its driver through. The order is fixed (X3): telemetry, deadline, breaker, retry,
/// concurrency limit, driver.
final class TierRuntime: Sendable {
    let tier: Tier
    let adapter: AdapterDescription
    let endpoint: String
    let capabilities: TierCapabilities
    let options: StoresOptions
    let telemetry: TierTelemetry
    let providers: @Sendable (Capability) -> [String]
    let backend: any StoreBackend
    private let gate: CallGate
    private let breaker: CircuitBreaker
    /// The end of the transaction that the calls belong to; nil outside of one.
    private let latest: Deadline?

    init(
        tier: Tier, adapter: AdapterDescription, endpoint: String, capabilities: TierCapabilities,
        options: StoresOptions, telemetry: TierTelemetry, gate: CallGate, breaker: CircuitBreaker,
        backend: any StoreBackend, latest: Deadline? = nil,
        providers: @escaping @Sendable (Capability) -> [String]
    ) {
        self.tier = tier
        self.adapter = adapter
        self.endpoint = endpoint
        self.capabilities = capabilities
        self.options = options
        self.telemetry = telemetry
        self.gate = gate
        self.breaker = breaker
        self.backend = backend
        self.latest = latest
        self.providers = providers
    }

    /// The same for the calls of a transaction: through its gate, never tried again, and not beyond its end.
    func within(_ transaction: CallGate, until latest: Deadline, without lacking: Set<Capability>) -> TierRuntime {
        var (capabilities, options) = (capabilities, options)
        capabilities.features.subtract(lacking)
        options.retry = .none
        return TierRuntime(
            tier: tier, adapter: adapter, endpoint: endpoint, capabilities: capabilities, options: options,
            telemetry: telemetry, gate: transaction, breaker: breaker, backend: backend, latest: latest,
            providers: providers)
    }

    /// Runs one operation of the driver.
    ///
    /// - Parameters:
    ///   - operation: The public operation's name.
    ///   - collection: The collection, index or stream group, for telemetry and errors; never content.
    ///   - deadline: The caller's, or nil for the configured default.
    ///   - isIdempotent: Whether it may run twice when the first outcome is unknown.
    ///   - body: The driver call; called once for each attempt.
    func call<T>(
        _ operation: String, _ collection: String? = nil, deadline: Deadline?, isIdempotent: Bool,
        _ body: (CallContext) async throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        var deadline = deadline ?? .after(options.timeout)
        if let latest { deadline = min(deadline, latest) }
        guard telemetry.isEnabled else {
            do throws(StoreError) {
                return try await attempt(operation, deadline, isIdempotent, body)
            } catch {
                throw complete(error, operation, collection)
            }
        }
        return try await observed(operation, collection, deadline, isIdempotent, body)
    }

    private func observed<T>(
        _ operation: String, _ collection: String?, _ deadline: Deadline, _ isIdempotent: Bool,
        _ body: (CallContext) async throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let span = telemetry.start(operation, collection: collection)
        let start = MonotonicInstant.now
        let result: Result<T, StoreError>
        if let span {
            result = await ServiceContext.$current.withValue(span.context) {
                await outcome(operation, collection, deadline, isIdempotent, body)
            }
        } else {
            result = await outcome(operation, collection, deadline, isIdempotent, body)
        }
        var failure: StoreError?
        if case .failure(let error) = result { failure = error }
        telemetry.finish(
            operation, collection: collection, span: span, duration: start.duration(to: .now), error: failure)
        return try result.get()
    }

    private func outcome<T>(
        _ operation: String, _ collection: String?, _ deadline: Deadline, _ isIdempotent: Bool,
        _ body: (CallContext) async throws(StoreError) -> T
    ) async -> Result<T, StoreError> {
        do throws(StoreError) {
            return .success(try await attempt(operation, deadline, isIdempotent, body))
        } catch {
            return .failure(complete(error, operation, collection))
        }
    }

    /// Deadline, breaker, retry, concurrency limit, driver.
    private func attempt<T>(
        _ operation: String, _ deadline: Deadline, _ isIdempotent: Bool,
        _ body: (CallContext) async throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        if Task.isCancelled { throw .cancelled(applied: .no) }
        if deadline.hasPassed { throw .timeout(operation, applied: .no) }
        try breaker.admit()
        var attempt = 1
        // Of the last attempt that says anything of the backend.
        var verdict: CircuitBreaker.Verdict?
        while true {
            let failure: StoreError
            do throws(StoreError) {
                let result = try await once(operation, deadline, attempt, &verdict, body)
                breaker.record(.answered)
                return result
            } catch {
                failure = error
            }
            var generator = SystemRandomNumberGenerator()
            let delay = options.retry.delay(
                after: failure, attempt: attempt, isIdempotent: isIdempotent, remaining: deadline.remaining,
                using: &generator)
            guard let delay else {
                breaker.record(verdict)
                throw failure
            }
            telemetry.countRetry(operation)
            options.logger.debug(
                "retrying", metadata: ["operation": "\(tier.rawValue).\(operation)", "error": "\(failure)"])
            do {
                try await Task.sleep(for: delay)
            } catch {
                breaker.record(nil)
                throw .cancelled(applied: failure.applied)
            }
            attempt += 1
        }
    }

    private func once<T>(
        _ operation: String, _ deadline: Deadline, _ attempt: Int, _ verdict: inout CircuitBreaker.Verdict?,
        _ body: (CallContext) async throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        if let wait = try await gate.enter(deadline: deadline) { telemetry.recordWait(operation, wait) }
        defer { gate.leave() }
        let allowed = deadline.remaining
        do throws(StoreError) {
            return try await body(
                CallContext(deadline: deadline, clock: options.clock, ids: options.ids, attempt: attempt))
        } catch {
            let patience = min(options.timeout, .seconds(1))
            verdict = CircuitBreaker.verdict(of: error, allowed: allowed, patience: patience) ?? verdict
            throw error
        }
    }

    /// To be called within ``call(_:_:deadline:isIdempotent:_:)``; see ``CallGate/openStream()``.
    func openStream() -> CallGate.OpenStream { gate.openStream() }

    /// What the driver left nil, filled in.
    func complete(_ error: StoreError, _ operation: String, _ collection: String? = nil) -> StoreError {
        error.filling(
            tier: tier, adapter: adapter.name, operation: operation, endpoint: endpoint, resource: collection,
            remedy: remedy(for: error))
    }

    private func remedy(for error: StoreError) -> String? {
        error.code == .unavailable || error.code == .timeout ? adapter.unavailableRemedy : nil
    }

    // MARK: Refusals, before any I/O

    /// Throws `unsupported` unless the backend can do it, naming the adapters that can.
    func require(_ capability: Capability, _ operation: String, reason: String? = nil) throws(StoreError) {
        guard !capabilities.contains(capability) else { return }
        throw unsupported(capability, operation, reason: reason)
    }

    func unsupported(_ capability: Capability, _ operation: String, reason: String? = nil) -> StoreError {
        if latest != nil, adapter.tiers[tier]?.contains(capability) == true {
            return complete(
                StoreError(
                    .unsupported, "\(capability) is not to be had within a transaction",
                    remedy: "call the store itself, after the transaction", applied: .no), operation)
        }
        let names = providers(capability).filter { $0 != adapter.name }
        let who =
            names.isEmpty ? "no registered adapter has it" : "adapters that have it: \(names.joined(separator: ", "))"
        return complete(
            StoreError(
                .unsupported,
                "\(adapter.name) has no \(capability)\(reason.map { " (\($0))" } ?? ""); \(who)",
                remedy: names.isEmpty ? nil : "choose one of them with \(tier.variable)", applied: .no),
            operation)
    }

    /// Throws `invalidArgument` or `tooLarge` before any I/O.
    func refuse(
        _ message: String, _ operation: String, code: StoreError.Code = .invalidArgument, resource: String? = nil
    )
        -> StoreError
    {
        complete(StoreError(code, message, resource: resource, applied: .no), operation)
    }

    /// Runs a validation and completes what it throws.
    func check(_ operation: String, _ resource: String? = nil, _ body: () throws(StoreError) -> Void) throws(StoreError)
    {
        do throws(StoreError) {
            try body()
        } catch {
            throw complete(error.filling(resource: resource, applied: .no), operation)
        }
    }

    /// Throws unless `1 <= limit <=` the declared maximum.
    func checkLimit(_ limit: Int, _ operation: String) throws(StoreError) {
        guard limit >= 1 else { throw refuse("limit is at least 1; got \(limit)", operation) }
        if let most = capabilities.limits[.queryLimit], limit > most {
            throw refuse("limit is at most \(most) here; got \(limit)", operation)
        }
    }

    /// Validates a filter against what the tier knows (F4, F6, F7) and can do.
    func checkFilter(
        _ filter: Filter?, filters: Capability, nested: Capability, declared: [FieldDefinition], _ operation: String
    ) throws(StoreError) {
        guard let filter else { return }
        try require(filters, operation)
        try check(operation) { () throws(StoreError) in
            try filter.validate(
                declared: declared, maxOperands: capabilities.limits[.filterOperands],
                allowsNestedFields: capabilities.contains(nested))
        }
    }
}

extension AdapterDescription {
    /// The command that starts the backend on a developer's machine, if it is a service of the docker bundle.
    public var composeCommand: String? {
        composeService.map { service in
            let profile = composeProfile.map { "--profile \($0) " } ?? ""
            return "docker compose -f docker-compose.backend-stores.yml \(profile)up -d \(service)"
        }
    }

    /// What to do when the backend does not answer.
    var unavailableRemedy: String? {
        let variable = endpointVariable.map { "set \($0) to where it runs" }
        guard let composeCommand else { return variable.map { "check the path, or \($0)" } }
        return ["start it with: \(composeCommand)", variable].compactMap { $0 }.joined(separator: ", or ")
    }
}
