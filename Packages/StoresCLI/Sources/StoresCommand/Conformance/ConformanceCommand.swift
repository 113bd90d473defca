import ArgumentParser
import StoresConformance
import StoresCore

struct ConformanceCommand: CallVerb {
    static let configuration = CommandConfiguration(
        commandName: "conformance",
        abstract: "Tests the configured backends against the contracts, and filters against their in-memory meaning.",
        discussion: """
            Works under names of its own, which it removes. Expiry is measured by real time, so that some cases wait. \
            Exit code 0 when everything passed, else 1.
            With --json: {"passing","conformance":{"tiers","cases","problems"},"oracle":[…]}.

            STORE_VECTOR=postgres stores conformance --tier vector --cases 500
            """)

    @Option(name: .customLong("tier"), help: "Only this tier; may be given more than once.")
    var tiers: [Choice<Tier>] = []

    @Option(
        name: .customLong("case"), help: ArgumentHelp("Only cases of this id or rule, such as V4.", valueName: "id"))
    var only: [String] = []

    @Option(help: "Makes the generated filters; the same seed makes the same ones.")
    var seed: UInt64 = 1

    @Option(help: "Generated filters for each tier that has filters; 0 leaves them out.")
    var cases = 200

    @Flag(help: "One JSON document on stdout.")
    var json = false

    @Flag(help: "Capabilities and results as tables for the documentation.")
    var markdown = false

    @OptionGroup var call: CallOptions

    var wantsJSONErrors: Bool { json || call.jsonErrors }

    func validate() throws {
        if json, markdown { throw ValidationError("give one of --json and --markdown") }
        if cases < 0 { throw ValidationError("--cases is at least 0") }
        if tiers.contains(where: { $0.value == .telemetry }) { throw ValidationError("telemetry has no contract") }
    }

    func run(in context: CommandContext) async throws {
        let chosen = tiers.isEmpty ? Tier.stores : Tier.stores.filter { tier in tiers.contains { $0.value == tier } }
        let console = context.console
        let isPassing = try await context.withStores(chosen, call) { stores in
            let subject = try subject(stores, chosen, context)
            let report = await Conformance.run(subject) { test in
                only.isEmpty || only.contains(test.id) || only.contains(test.rule)
            } progress: { result in
                if context.isVerbose { console.note("\(result.outcome.word) \(result.id) \(result.title)") }
            }
            var oracles: [OracleReport] = []
            for tier in chosen where cases > 0 && only.isEmpty && Self.hasFilters(subject.capabilities(of: tier), tier)
            {
                oracles.append(try await Oracle.run(subject, tier: tier, seed: seed, cases: cases))
            }
            let isPassing = report.isPassing && oracles.allSatisfy(\.isPassing)
            if json {
                try await console.emit([
                    "passing": .bool(isPassing), "conformance": try JSONReader.value(from: report.json),
                    "oracle": .array(try oracles.map { try JSONReader.value(from: $0.json) }),
                ])
            } else {
                let text = markdown ? report.markdown : report.text + "\n"
                try await console.output.write(text)
                for oracle in oracles where !markdown || !oracle.isPassing {
                    try await console.output.write(oracle.text + "\n")
                }
            }
            return isPassing
        }
        if !isPassing { throw VerbExit(status: .failure) }
    }

    private func subject(_ stores: StoresCore.Stores, _ chosen: [Tier], _ context: CommandContext) throws
        -> ConformanceSubject
    {
        var settled = try context.storeEnvironment(chosen, call)
        for tier in Tier.stores where !chosen.contains(tier) { settled.variables[tier.variable] = "memory" }
        let variables = settled.variables
        let open: @Sendable () async throws -> StoresCore.Stores = {
            try await StoresCore.Stores.open(registry: LinkedAdapters.registry(), environment: variables)
        }
        // What is in memory is gone with its stores: nothing to be opened again.
        let volatile = chosen.filter { variables[$0.variable] == "memory" }
        let excused = volatile.flatMap(Conformance.cases(for:)).filter(\.needsReopen)
            .map { ($0.id, "kept in memory, which ends with its process") }
        let started = UInt64(clamping: SystemStoreClock().now.millisecondsSinceEpoch)
        return ConformanceSubject(
            stores: stores, tiers: Set(chosen), reopen: open, second: volatile.isEmpty ? open : nil,
            prefix: "cli-\(String(started, radix: 36))", waivers: Dictionary(excused) { $1 },
            registry: LinkedAdapters.registry())
    }

    private static func hasFilters(_ capabilities: TierCapabilities, _ tier: Tier) -> Bool {
        switch tier {
        case .vector: capabilities.contains(.vector(.filters))
        case .memory: capabilities.contains(.memory(.filters))
        case .search: capabilities.contains(.search(.filters))
        case .session, .artifact, .event, .telemetry: false
        }
    }
}
