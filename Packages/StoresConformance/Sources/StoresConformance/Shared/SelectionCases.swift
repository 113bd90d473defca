import StoresCore

/// R and X10: what an environment selects, for one tier.
enum SelectionCases {
    static func all(_ tier: Tier) -> [ConformanceCase] {
        [
            ConformanceCase(
                "R1.\(tier.rawValue).unknown", tier, "an unknown name lists what is registered and the nearest spelling"
            ) { bench in
                let registry = bench.subject.registry
                let error = try await refused(registry, [tier.variable: "memroy"])
                try expect(error.message.contains("memroy"), "the message: expected the name, got \(error.message)")
                try expect(
                    error.message.contains(tier.variable),
                    "the message: expected \(tier.variable), got \(error.message)")
                try expect(
                    error.message.contains("did you mean"), "the message: expected a suggestion, got \(error.message)")
                for name in registry.names(for: tier) {
                    try expect(error.message.contains(name), "the message: expected \(name), got \(error.message)")
                }
            },
            ConformanceCase(
                "R1.\(tier.rawValue).registered", tier, "the adapter is registered for the tier, with its capabilities"
            ) { bench in
                let name = bench.subject.adapter(of: tier)
                let description = try unwrap(
                    bench.subject.registry.descriptions.first { $0.name == name }, "the description of \(name)")
                let best = try unwrap(description.tiers[tier], "\(tier.rawValue) in the description of \(name)")
                let more = bench.subject.capabilities(of: tier).features.subtracting(best.features)
                try expect(
                    more.isEmpty,
                    "capabilities: expected none beyond the description's, got \(more.map(\.description).sorted())")
                try expect(!description.summary.isEmpty, "the description of \(name): expected a summary")
                try expect(!description.systemName.isEmpty, "the description of \(name): expected a db.system.name")
                for setting in description.settings {
                    try expect(!setting.summary.isEmpty, "the setting \(setting.variable): expected a summary")
                }
            },
            ConformanceCase(
                "R3.\(tier.rawValue).misspelt", tier, "a misspelt variable is reported with its nearest spelling"
            ) {
                bench in
                let misspelt = String(tier.variable.dropLast()) + "_"
                let error = try await refused(bench.subject.registry, [misspelt: "memory"])
                try expect(error.message.contains(misspelt), "the message: expected \(misspelt), got \(error.message)")
                try expect(
                    error.message.contains(tier.variable),
                    "the message: expected \(tier.variable), got \(error.message)")
            },
            ConformanceCase(
                "R4.\(tier.rawValue).production", tier, "in production an unset tier is an error, memory by name is not"
            ) {
                bench in
                var environment = ["STORE_ENV": "production"]
                for other in Tier.stores where other != tier { environment[other.variable] = "memory" }
                let error = try await refused(bench.subject.registry, environment)
                try expect(
                    error.message.contains(tier.variable),
                    "the message: expected \(tier.variable), got \(error.message)")
                environment[tier.variable] = "memory"
                try await Stores.withOpen(registry: bench.subject.registry, environment: environment) { stores in
                    let isDefaulted = stores.report.probes.first { $0.tier == tier }?.isDefaulted
                    try expectEqual(isDefaulted, false, "defaulted, for memory by name")
                }
                try await Stores.withOpen(registry: bench.subject.registry, environment: [:]) { stores in
                    let isDefaulted = stores.report.probes.first { $0.tier == tier }?.isDefaulted
                    try expectEqual(isDefaulted, true, "defaulted, for an unset tier")
                }
            },
            ConformanceCase("X10.\(tier.rawValue).allFailures", tier, "opening reports every failure together") {
                bench in
                let other = tier == .vector ? Tier.search : .vector
                let error = try await refused(
                    bench.subject.registry,
                    [tier.variable: "nosuchstore", other.variable: "norsuch", "STORE_TIMEOUT": "soon"])
                for part in [tier.variable, other.variable, "STORE_TIMEOUT"] {
                    try expect(error.message.contains(part), "the message: expected \(part), got \(error.message)")
                }
            },
        ]
    }

    /// Opening with this environment must fail; with what error.
    private static func refused(_ registry: AdapterRegistry, _ environment: [String: String]) async throws -> StoreError
    {
        try await expectError(.invalidArgument, during: "opening with \(environment.keys.sorted())") {
            let stores = try await Stores.open(registry: registry, environment: environment)
            await stores.shutdown()
        }
    }
}
