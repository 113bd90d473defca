import ArgumentParser
import StoresCore

struct DemoCommand: CallVerb {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Takes documents into every tier, then answers questions about them.",
        discussion: """
            Splits documents into passages; embeds and indexes them (vector, search), keeps the originals (artifact) \
            and facts about them (memory), the conversation (session), and every step (event). Interrupted at any \
            point and started again, it goes on where it was; unchanged documents are left alone, changed ones taken \
            in anew, deleted ones removed.
            The embedding is feature hashing: near texts share words, not meanings.
            With --json: {"run","documents","backends":{tier:…},"answers":[…]}.

            stores demo --ask "how do leases work?"
            stores demo Docs README.md --json
            STORE_VECTOR=qdrant STORE_EVENT=postgres stores demo
            """)

    @Argument(
        help: "Files and folders; by default README.md, Docs and the documentation in Packages.", completion: .file())
    var paths: [String] = []

    @Option(
        name: .customLong("ask"), help: ArgumentHelp("A question; may be given more than once.", valueName: "question"))
    var questions: [String] = []

    @Flag(help: "One JSON document on stdout.")
    var json = false

    @Flag(help: "First remove what the demo has stored.")
    var reset = false

    @OptionGroup var call: CallOptions

    var wantsJSONErrors: Bool { json || call.jsonErrors }

    func run(in context: CommandContext) async throws {
        let sources = try DemoSources.find(paths, in: context.directory)
        let console = context.console
        let progress: any DemoProgress
        if isVerbose {
            progress = LineProgress(errors: console.errors)
        } else if console.errors.isTerminal {
            progress = BarProgress(errors: console.errors)
        } else {
            progress = SilentProgress()
        }
        do {
            let report = try await context.withStores(Tier.stores, call) { stores in
                let demo = Demo(stores: stores, progress: progress)
                if reset { try await demo.reset() }
                return try await demo.run(sources, questions: questions)
            }
            if json {
                try await console.emit(report.jsonValue)
            } else {
                try await console.output.write(report.text(console.style))
            }
        } catch {
            guard Task.isCancelled else { throw error }
            progress.note("stopped; start it again to go on")
            if wantsJSONErrors { throw StoreError.cancelled() }
            throw VerbExit(status: .interrupted)
        }
    }
}
