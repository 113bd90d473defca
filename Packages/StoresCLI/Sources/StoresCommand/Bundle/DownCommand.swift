import ArgumentParser
import StoresCore

struct DownCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "down", abstract: "Stops every backend of the docker bundle. Data stays.",
        discussion: """
            docker compose down with every profile active: without it Compose leaves the services of inactive \
            profiles running, and says nothing.
            """)

    @Option(help: ArgumentHelp("The compose file; by default looked for here and above.", valueName: "path"))
    var file: String?

    var wantsJSONErrors: Bool { false }
    var isVerbose: Bool { false }

    func run(in context: CommandContext) async throws {
        let path = try BundleFile.find(file.map(context.resolve), from: context.directory)
        let docker = try DockerCompose(file: path, environment: context.environment)
        try await docker.down { context.console.note($0) }
    }
}
