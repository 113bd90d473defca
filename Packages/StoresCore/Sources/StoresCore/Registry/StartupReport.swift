/// What opening the stores found, tier by tier.
public struct StartupReport: Sendable {
    public struct Probe: Sendable {
        public var tier: Tier
        /// For example `STORE_VECTOR`.
        public var variable: String
        public var adapter: String
        /// Redacted; nil when the configuration did not say where.
        public var endpoint: String?
        /// How far it came; nil when it is up.
        public var phase: StoreError.Phase?
        public var error: StoreError?
        public var status: BackendStatus?
        /// Of connecting and one ping.
        public var latency: Duration
        /// In-memory because nothing was chosen.
        public var isDefaulted: Bool

        public init(
            tier: Tier, adapter: String, endpoint: String? = nil, error: StoreError? = nil,
            status: BackendStatus? = nil, latency: Duration = .zero, isDefaulted: Bool = false
        ) {
            self.tier = tier
            self.variable = tier.variable
            self.adapter = adapter
            self.endpoint = endpoint
            self.phase = error.map { $0.phase ?? .open }
            self.error = error
            self.status = status
            self.latency = latency
            self.isDefaulted = isDefaulted
        }
    }

    /// In the order of the tiers.
    public var probes: [Probe]
    /// Problems of the environment itself, such as a misspelt variable.
    public var problems: [StoreError]
    /// What is worth a look and stops nothing, such as a `STORE_*` variable of somebody else.
    public var notices: [String]

    public init(probes: [Probe] = [], problems: [StoreError] = [], notices: [String] = []) {
        self.probes = probes
        self.problems = problems
        self.notices = notices
    }

    public var isUp: Bool { problems.isEmpty && probes.allSatisfy { $0.error == nil } }

    /// Every failure in one error (X10); nil when all is up.
    public var error: StoreError? {
        let errors = problems + probes.compactMap(\.error)
        guard let first = errors.first else { return nil }
        let lines = problems.map { ($0.message, $0.remedy) } + probes.compactMap(\.failure)
        guard lines.count > 1 else {
            return StoreError(
                first.code, lines[0].0, remedy: first.remedy, tier: first.tier, adapter: first.adapter,
                operation: "open", applied: .no, conflict: first.conflict, isRetryable: first.isRetryable,
                phase: first.phase, underlying: first.underlying)
        }
        let text = lines.map { message, remedy in remedy.map { "\(message); \($0)" } ?? message }
        return StoreError(
            first.code, "\(lines.count) problems: \(text.joined(separator: " | "))",
            operation: "open", applied: .no, isRetryable: errors.allSatisfy(\.isRetryable), phase: first.phase,
            underlying: first)
    }
}

extension StartupReport.Probe {
    /// `STORE_VECTOR=qdrant at http://127.0.0.1:6333 failed at tcp: …`, and the remedy.
    var failure: (String, String?)? {
        guard let error else { return nil }
        let place = endpoint.map { " at \($0)" } ?? ""
        return ("\(variable)=\(adapter)\(place) failed at \(phase?.rawValue ?? "open"): \(error.message)", error.remedy)
    }
}
