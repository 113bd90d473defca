import StoresCore

/// One deployment: the clients that all tiers share, and a driver for each tier.
final class MongoBackend: StoreBackend {
    let configuration: MongoConfiguration
    let clients: MongoClients
    let appender: MongoAppender
    /// Appends of all tasks, one batch at a time.
    let appends: MongoBatcher<MongoAppend, AppendResult>
    /// Writes of facts of all tasks, two batches at a time: a server works on each with one thread.
    let puts: MongoBatcher<[MongoFactWrite], [Result<Fact, StoreError>]>
    let signal: MongoEventSignal
    private let context: AdapterContext

    /// - Parameter rest: How long no subscription looks while a change stream tells.
    init(_ configuration: MongoConfiguration, context: AdapterContext, rest: Duration = .seconds(2))
        throws(StoreError)
    {
        self.configuration = configuration
        self.context = context
        let (clients, appender) = (try MongoClients(configuration), MongoAppender())
        self.clients = clients
        self.appender = appender
        signal = MongoEventSignal(clients: clients, logger: context.logger, rest: rest)
        appends = MongoBatcher(label: "stores-mongodb-appends", lanes: 1) { items, deadline in
            do throws(StoreError) {
                return try clients.perform(deadline) { appender.append(items, $0) }
            } catch {
                return items.map { _ in .failure(error) }
            }
        }
        puts = MongoBatcher(label: "stores-mongodb-puts", lanes: 2) { items, deadline in
            do throws(StoreError) {
                return try clients.perform(deadline) { connection in
                    let results = MongoFactWriter(connection: connection).put(items.flatMap { $0 })
                    var start = 0
                    return items.map { item in
                        defer { start += item.count }
                        return .success(Array(results[start..<start + item.count]))
                    }
                }
            } catch {
                return items.map { _ in .failure(error) }
            }
        }
    }

    var endpoint: String { configuration.endpoint }

    /// A ``MongoCommands``.
    var native: any Sendable { MongoCommands(clients: clients) }

    func capabilities(of tier: Tier) -> TierCapabilities? { StoresMongo.tiers[tier] }

    var memory: (any MemoryDriver)? { MongoMemoryDriver(clients: clients, puts: puts) }
    var session: (any SessionDriver)? { MongoSessionDriver(clients: clients) }
    var event: (any EventDriver)? {
        MongoEventDriver(clients: clients, appender: appender, appends: appends, signal: signal)
    }

    func start(context: CallContext) async throws(StoreError) {
        let (tiers, mode) = (self.context.tiers, self.context.schemaMode)
        let deployment = try await clients.call(context, writes: true) { (connection) throws(StoreError) in
            let deployment = try Self.deployment(connection)
            try MongoSchema(connection: connection, tiers: tiers).ensure(mode)
            return deployment
        }
        clients.learn(deployment)
    }

    private static func deployment(_ connection: MongoConnection) throws(StoreError) -> MongoClients.Deployment {
        let hello = try connection.run(["hello": 1])
        let version = try connection.run(["buildInfo": 1])["version"]?.string ?? "unknown"
        // Wire version 9 is MongoDB 4.4.
        guard hello["maxWireVersion"]?.integer ?? 0 >= 9 else {
            throw StoreError(
                .unsupported, "the server is MongoDB \(Redaction.name(version)); the stores need 4.4 or later",
                remedy: "use a later server", applied: .no, phase: .version)
        }
        return MongoClients.Deployment(
            version: version, isReplicaSet: hello["setName"] != nil, isSharded: hello["msg"]?.string == "isdbgrid")
    }

    func ping(context: CallContext) async throws(StoreError) -> BackendStatus {
        let deployment = try await clients.call(context, writes: false) { (connection) throws(StoreError) in
            try Self.deployment(connection)
        }
        let kind = deployment.isSharded ? "sharded" : deployment.isReplicaSet ? "replica set" : "standalone"
        var details = ["deployment": kind, "libmongoc": MongoLibrary.version]
        if kind == "standalone" {
            details["warning"] = "one server without a replica set: what it acknowledged may be lost when it crashes"
        }
        if self.context.tiers.contains(.event) { details["subscriptions"] = signal.finding }
        return BackendStatus(version: deployment.version, details: details)
    }

    func shutdown() async {
        await signal.close()
        clients.close()
    }
}
