import ArgumentParser
import StoresCore

struct UpCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Starts the backends of STORE_* with Docker, and waits until they are healthy.",
        discussion: """
            The services of docker-compose.backend-stores.yml that the adapters named by STORE_VECTOR, STORE_SESSION \
            and so on run on, or that have those names, or the services that are named here. What Docker says, and how \
            far they are, goes to stderr.
            With --json: {"services":[{"service","state","health"}]}.

            STORE_VECTOR=qdrant STORE_SESSION=redis stores up
            stores up postgres redis
            """)

    @Argument(help: "Services instead of those of STORE_*.")
    var services: [String] = []

    @Option(help: ArgumentHelp("How long to wait until they are healthy.", valueName: "duration"))
    var wait = DurationArgument(.seconds(300))

    @Option(help: ArgumentHelp("The compose file; by default looked for here and above.", valueName: "path"))
    var file: String?

    @Flag(help: "One JSON document on stdout.")
    var json = false

    var wantsJSONErrors: Bool { json }
    var isVerbose: Bool { false }

    func run(in context: CommandContext) async throws {
        let console = context.console
        let path = try BundleFile.find(file.map(context.resolve), from: context.directory)
        let docker = try DockerCompose(file: path, environment: context.environment)
        let chosen = try services.isEmpty ? await servicesOfTiers(context, docker) : services
        console.note("stores: starting \(chosen.joined(separator: ", "))")
        try await docker.up(chosen) { console.note($0) }
        let containers = try await settle(chosen, docker, console)
        if json {
            try await console.emit([
                "services": .array(
                    containers.map {
                        ["service": .string($0.service), "state": .string($0.state), "health": .string($0.health)]
                    })
            ])
        } else {
            for container in containers {
                try await console.output.write(
                    "\(console.style.green("up  "))  \(console.style.bold(container.service))\n")
            }
        }
    }

    private func servicesOfTiers(
        _ context: CommandContext, _ docker: DockerCompose
    ) async throws(StoreError) -> [String] {
        // No tier is filled in: what is not named needs no server.
        let variables = try StoreEnvironment(process: context.environment, directory: context.directory, tiers: [])
            .variables
        let needed = try BundleServices.needed(
            by: variables, among: LinkedAdapters.registry().descriptions, bundled: try await docker.services())
        guard needed.isEmpty else { return needed }
        throw .invalidArgument(
            "no STORE_* variable names a backend that the bundle runs",
            remedy: "set STORE_VECTOR and so on, or name services: stores up postgres redis")
    }

    /// Waits until all are healthy, and says on the way what changes.
    private func settle(
        _ services: [String], _ docker: DockerCompose, _ console: Console
    ) async throws -> [DockerCompose.Container] {
        let deadline = Deadline.after(wait.duration)
        var shown: [String: String] = [:]
        while true {
            let containers = try await docker.containers(services).filter { services.contains($0.service) }
            for container in containers where shown[container.service] != container.description {
                shown[container.service] = container.description
                console.note("stores: \(container.service) is \(container.description)")
            }
            if let failed = containers.first(where: \.hasFailed) { throw try await failure(failed, docker) }
            if Set(containers.filter(\.isReady).map(\.service)) == Set(services) { return containers }
            if deadline.hasPassed {
                let late = containers.first { !$0.isReady }
                guard let late else { throw StoreError(.unavailable, "Docker shows no container of a service") }
                throw try await failure(late, docker)
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    /// Why a service is not ready: the last health check, else the end of its log.
    private func failure(
        _ container: DockerCompose.Container, _ docker: DockerCompose
    ) async throws(StoreError) -> StoreError {
        var said = try await docker.lastCheck(container)
        if said == nil { said = try await docker.lastLog(container.service).last }
        let reason = said.map { "; it says: \($0)" } ?? ""
        return StoreError(
            .unavailable, "\(container.service) is \(container.description)\(reason)",
            remedy: "docker compose -f \(BundleFile.name) logs --tail 50 \(container.service)")
    }
}
