import ArgumentParser
import StoresCore

struct DoctorCommand: CallVerb {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Probes every configured tier at once, and says what to do when one is down.",
        discussion: """
            Exit code 0 when all are up, else 1.
            With --json: {"up","tiers":[{"tier","variable","adapter","up","filledIn","endpoint","version",\
            "latencyMilliseconds","details","phase","error"}],"problems":[error]}.

            STORE_VECTOR=qdrant STORE_SESSION=redis stores doctor
            """)

    @Flag(help: "One JSON document on stdout.")
    var json = false

    @OptionGroup var call: CallOptions

    var wantsJSONErrors: Bool { json || call.jsonErrors }

    func run(in context: CommandContext) async throws {
        let settled = try context.storeEnvironment(Tier.stores, call)
        var options = StoresOptions()
        options.logger = context.logger
        let report = await StoresCore.Stores.probe(
            registry: LinkedAdapters.registry(), environment: settled.variables, options: options)
        let doctor = DoctorReport(report: report, filled: Set(settled.filled.map(\.tier)))
        if json {
            try await context.console.emit(doctor.jsonValue)
        } else {
            try await context.console.output.write(doctor.text(context.console.style))
        }
        if !report.isUp { throw VerbExit(status: .failure) }
    }
}
