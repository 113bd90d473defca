import ArgumentParser
import StoresCore

struct AdaptersCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "adapters", abstract: "What is linked: tiers, capabilities, limits, settings.",
        discussion: """
            With --json: {"adapters":[{"name","package","summary","systemName","composeService","composeProfile",\
            "endpointVariable","tiers":{…:{"capabilities":{…:bool},"limits":{…:n}}},"settings":[…]}],"settings":[…]}; \
            the outer settings are those of every tier.

            stores adapters sqlite
            """)

    @Argument(help: "Only these.")
    var names: [String] = []

    @Flag(help: "One JSON document on stdout.")
    var json = false

    @Flag(help: "Tables for the documentation.")
    var markdown = false

    var wantsJSONErrors: Bool { json }
    var isVerbose: Bool { false }

    func validate() throws {
        if json, markdown { throw ValidationError("give one of --json and --markdown") }
    }

    func run(in context: CommandContext) async throws {
        let registry = LinkedAdapters.registry()
        let linked = registry.descriptions.map(\.name)
        for name in names where !linked.contains(name) {
            throw StoreError.invalidArgument(
                "no adapter is called \(Redaction.name(name)); linked: \(linked.joined(separator: ", "))"
            )
        }
        let catalog = AdapterCatalog(
            adapters: registry.descriptions.filter { names.isEmpty || names.contains($0.name) })
        if json {
            try await context.console.emit(catalog.jsonValue)
        } else if markdown {
            try await context.console.output.write(catalog.markdown)
        } else {
            try await context.console.output.write(catalog.text(context.console.style))
        }
    }
}
