import StoresCore

/// The services of the docker bundle that the configured tiers need.
enum BundleServices {
    /// - Parameters:
    ///   - adapters: The adapters that are linked.
    ///   - variables: The environment; what is unset needs no service.
    ///   - bundled: The services of the compose file: a name that no linked adapter has may be one of theirs, for a
    ///     program that has the adapter.
    /// - Returns: Names of services, each once, in the order of the tiers.
    /// - Throws: `invalidArgument` for a name that is neither an adapter's nor a service's.
    static func needed(
        by variables: [String: String], among adapters: [AdapterDescription], bundled: Set<String>
    ) throws(StoreError) -> [String] {
        var services: [String] = []
        for tier in Tier.allCases {
            guard let name = variables[tier.variable], !name.isEmpty else { continue }
            let adapter = adapters.first { $0.name == name }
            guard adapter != nil || bundled.contains(name) else {
                throw .invalidArgument(
                    "\(tier.variable) names \(Redaction.name(name)), which is neither an adapter that is linked ("
                        + adapters.map(\.name).joined(separator: ", ") + ") nor a service of the bundle ("
                        + bundled.sorted().joined(separator: ", ") + ")",
                    remedy: "name the service: stores up SERVICE")
            }
            let service = adapter.map(\.composeService) ?? name
            if let service, !services.contains(service) { services.append(service) }
        }
        return services
    }
}
