/// The kinds of store that the library knows. Each is selected by a variable of its own, `STORE_<TIER>`.
public enum Tier: String, Sendable, Hashable, CaseIterable, Codable {
    case vector, memory, session, artifact, event, search, telemetry

    /// The environment variable that selects this tier's adapter, for example `STORE_VECTOR`.
    public var variable: String { "STORE_" + rawValue.uppercased() }

    /// The tiers that store data; telemetry stands beside them.
    public static let stores: [Tier] = [.vector, .memory, .session, .artifact, .event, .search]
}
