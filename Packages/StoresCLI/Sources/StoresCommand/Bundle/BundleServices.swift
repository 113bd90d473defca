import StoresCore

/// The services of the docker bundle that the configured tiers need.
enum BundleServices {
    /// - Parameters:
    ///   - adapters: The adapters that are linked.
    ///   - variables: The environment; what is unset needs no service.
    /// - Returns: Names of services, each once, in the order of the tiers.
    /// - Throws: `invalidArgument` for an adapter that is not linked.
    static func needed(by variables: [String: String], among adapters: [AdapterDescription]) throws(StoreError)
        -> [String]
    {
        var services: [String] = []
        for tier in Tier.allCases {
            guard let name = variables[tier.variable], !name.isEmpty else { continue }
            guard let adapter = adapters.first(where: { $0.name == name }) else {
                throw .invalidArgument(
                    "\(tier.variable) names \(Redaction.name(name)), which is not linked; linked: "
                        + adapters.map(\.name).joined(separator: ", "),
                    remedy: "name the service: stores up SERVICE")
            }
            if let service = adapter.composeService, !services.contains(service) { services.append(service) }
        }
        return services
    }
}
