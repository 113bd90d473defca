import StoresCore

/// `docker compose` with the bundle's file.
struct DockerCompose: Sendable {
    private let docker: ExternalProgram
    private let file: String

    init(file: String, environment: [String: String]) throws(StoreError) {
        docker = try ExternalProgram(
            "docker", environment: environment,
            remedy: "install Docker with Compose 2.24.4 or later; without it, docker/README.md says what runs natively")
        self.file = file
    }

    /// A container of the bundle.
    struct Container: Sendable, Hashable {
        var service: String
        var id: String
        /// created, running, exited and so on.
        var state: String
        /// healthy, unhealthy, starting; empty without a health check.
        var health: String
        var exitCode: Int

        var isReady: Bool { state == "running" && (health.isEmpty || health == "healthy") }
        /// It will not become ready by waiting.
        var hasFailed: Bool { health == "unhealthy" || state == "exited" || state == "dead" }
        var description: String {
            if state == "exited" { return "exited with code \(exitCode)" }
            return health.isEmpty ? state : health
        }
    }

    /// Starts services. What Docker says goes to `onLine`.
    func up(_ services: [String], onLine: @escaping @Sendable (String) -> Void) async throws(StoreError) {
        try await demand(["up", "-d"] + services, onLine)
    }

    /// Stops every service of the bundle, whatever profiles are active.
    func down(onLine: @escaping @Sendable (String) -> Void) async throws(StoreError) {
        try await demand(["down"], onLine)
    }

    private func demand(_ arguments: [String], _ onLine: @escaping @Sendable (String) -> Void) async throws(StoreError)
    {
        // Naming a service activates its profiles; for down all are wanted.
        let profile = arguments == ["down"] ? ["--profile", "*"] : []
        let outcome = try await docker.run(["compose", "-f", file] + profile + arguments, onLine: onLine)
        if Task.isCancelled { throw .cancelled(applied: .unknown) }
        guard outcome.status == 0 else { throw Self.failure(arguments, outcome) }
    }

    private static func failure(_ arguments: [String], _ outcome: ExternalProgram.Outcome) -> StoreError {
        let said = outcome.output.split(whereSeparator: \.isNewline).last.map(String.init) ?? "nothing"
        var remedy: String?
        if outcome.output.contains("port is already allocated") || outcome.output.contains("address already in use") {
            remedy =
                "services that share a port run one at a time: docker/scripts/healthcheck.sh says which answers; "
                + "docker compose -f \(BundleFile.name) stop SERVICE frees it"
        } else if outcome.output.lowercased().contains("cannot connect to the docker daemon") {
            remedy = "start Docker"
        } else if outcome.output.contains("unknown shorthand flag: 'f'") || outcome.output.contains("is not a docker") {
            remedy = "this docker has no Compose: install the plugin docker-compose, 2.24.4 or later"
        }
        return StoreError(
            .unavailable, "docker compose \(arguments.joined(separator: " ")) ended with \(outcome.status): \(said)",
            remedy: remedy)
    }

    /// The services that the file has, of every profile.
    func services() async throws(StoreError) -> Set<String> {
        let arguments = ["--profile", "*", "config", "--services"]
        let outcome = try await docker.run(["compose", "-f", file] + arguments)
        guard outcome.status == 0 else { throw Self.failure(arguments, outcome) }
        return Set(outcome.output.split(whereSeparator: \.isNewline).map(String.init))
    }

    /// The containers of services, as they are.
    func containers(_ services: [String]) async throws(StoreError) -> [Container] {
        let arguments = ["--profile", "*", "ps", "--all", "--format", "json"] + services
        let outcome = try await docker.run(["compose", "-f", file] + arguments)
        guard outcome.status == 0 else { throw Self.failure(arguments, outcome) }
        // One object a line, or, before Compose 2.21, an array; warnings of Compose stand between.
        var containers: [Container] = []
        for line in outcome.output.split(whereSeparator: \.isNewline) where line.first == "{" || line.first == "[" {
            let value = try JSONReader.value(from: String(line))
            if case .array(let values) = value {
                containers += values.compactMap(Container.init)
            } else if let container = Container(value) {
                containers.append(container)
            }
        }
        return containers
    }

    /// What the last health check of a container said; nil without one.
    func lastCheck(_ container: Container) async throws(StoreError) -> String? {
        let outcome = try await docker.run(["inspect", "--format", "{{json .State.Health}}", container.id])
        guard outcome.status == 0, let value = try? JSONReader.value(from: outcome.output),
            case .object(let health) = value, case .array(let log)? = health["Log"],
            case .object(let last)? = log.last, case .string(let output)? = last["Output"]
        else { return nil }
        return output.split(whereSeparator: \.isNewline).last.map(String.init)
    }

    /// The last lines of a service's log.
    func lastLog(_ service: String) async throws(StoreError) -> [String] {
        let arguments = ["--profile", "*", "logs", "--no-color", "--no-log-prefix", "--tail", "5", service]
        let outcome = try await docker.run(["compose", "-f", file] + arguments)
        return outcome.status == 0 ? outcome.output.split(whereSeparator: \.isNewline).map(String.init) : []
    }
}

extension DockerCompose.Container {
    init?(_ value: Value) {
        guard case .object(let fields) = value, case .string(let service)? = fields["Service"] else { return nil }
        func text(_ name: String) -> String {
            if case .string(let text)? = fields[name] { text } else { "" }
        }
        var code = 0
        if case .int(let number)? = fields["ExitCode"] { code = Int(clamping: number) }
        self.init(
            service: service, id: text("ID"), state: text("State"), health: text("Health"), exitCode: code)
    }
}
