import Logging
import StoresCore
import Synchronization

/// One server, or one cluster: a thread with its connections, and a driver for each tier.
final class RedisBackend: StoreBackend {
    let configuration: RedisConfiguration
    private let context: AdapterContext
    private let etags = RedisEtags()
    private let keys: RedisKeys
    private let reactor: RedisReactor
    private let client: RedisClient

    init(_ configuration: RedisConfiguration, context: AdapterContext) throws(StoreError) {
        self.configuration = configuration
        self.context = context
        keys = RedisKeys(prefix: configuration.keyPrefix, slotSegments: configuration.slotSegments)
        do throws(RedisSystemError) {
            reactor = try RedisReactor()
        } catch {
            throw StoreError(
                .internal, "no pipe for the connections' thread", remedy: "raise the limit of open files: ulimit -n",
                applied: .no, phase: .configuration, underlying: error)
        }
        client = RedisClient(
            node: RedisNode(configuration, source: RedisFixedAddress(configuration.addresses[0]), reactor: reactor))
    }

    var endpoint: String { configuration.endpoint }

    /// A ``RedisCommands``.
    var native: any Sendable { RedisCommands(client: client) }

    func capabilities(of tier: Tier) -> TierCapabilities? { StoresRedis.tiers[tier] }

    var session: (any SessionDriver)? {
        RedisSessionDriver(client: client, keys: keys, etags: etags, isCluster: { false })
    }

    func start(context: CallContext) async throws(StoreError) {
        let server = try await server(context)
        if server.flavor != configuration.flavor {
            self.context.logger.warning(
                "another server than the adapter's name says",
                metadata: ["adapter": "\(configuration.flavor.rawValue)", "server": "\(server.flavor.rawValue)"])
        }
    }

    private func server(_ context: CallContext) async throws(StoreError) -> RedisServer {
        let value = try await client.call(.events, context: context) { writer in
            writer.command(1)
            writer.word("INFO")
        }.checked()
        guard let text = value.text else { throw .redisUnexpected("INFO") }
        return RedisServer(info: text)
    }

    func ping(context: CallContext) async throws(StoreError) -> BackendStatus {
        let server = try await server(context)
        return BackendStatus(version: "\(server.flavor.title) \(server.version)", details: ["role": server.role])
    }

    func shutdown() async {
        await client.close()
        await reactor.stop()
    }
}
