import Logging
@_spi(Sockets) import StoresCore
import Synchronization

/// One server, or one cluster: a thread with its connections, and a driver for each tier.
final class RedisBackend: StoreBackend {
    let configuration: RedisConfiguration
    private let context: AdapterContext
    private let etags = RedisEtags()
    private let keys: RedisKeys
    private let reactor: SocketReactor
    private let client: RedisClient
    private let waiting: RedisBlockingConnections

    init(_ configuration: RedisConfiguration, context: AdapterContext) throws(StoreError) {
        self.configuration = configuration
        self.context = context
        keys = RedisKeys(prefix: configuration.keyPrefix, slotSegments: configuration.slotSegments)
        do throws(StoreError) {
            reactor = try SocketReactor(label: "stores.redis")
        } catch {
            throw error.filling(phase: .configuration)
        }
        let client = RedisClient(configuration, keys: keys, reactor: reactor)
        self.client = client
        waiting = RedisBlockingConnections(configuration, reactor: reactor) { client.eventSource }
    }

    var endpoint: String { configuration.endpoint }

    /// A ``RedisCommands``.
    var native: any Sendable { RedisCommands(client: client) }

    func capabilities(of tier: Tier) -> TierCapabilities? {
        var capabilities = StoresRedis.tiers[tier]
        // Unless it is asked for, nothing is dropped.
        if configuration.eventRetention == nil { capabilities?.features.remove(.event(.retention)) }
        return capabilities
    }

    var session: (any SessionDriver)? {
        RedisSessionDriver(client: client, keys: keys, etags: etags)
    }

    var event: (any EventDriver)? {
        RedisEventDriver(client: client, keys: keys, waiting: waiting, retention: configuration.eventRetention)
    }

    func start(context: CallContext) async throws(StoreError) {
        let server = try await client.start(context)
        if server.flavor != configuration.flavor {
            self.context.logger.warning(
                "another server than the adapter's name says",
                metadata: ["adapter": "\(configuration.flavor.rawValue)", "server": "\(server.flavor.rawValue)"])
        }
    }

    func ping(context: CallContext) async throws(StoreError) -> BackendStatus {
        let values = try await client.call(count: 3, context: context, place: { _ in .events }) { index, writer in
            switch index {
            case 0:
                writer.command(1)
                writer.word("INFO")
            default:
                writer.command(3)
                writer.word("CONFIG")
                writer.word("GET")
                writer.word(index == 1 ? "appendfsync" : "save")
            }
        }
        guard let text = try values[0].checked().text else { throw .redisUnexpected("INFO") }
        // CONFIG is often forbidden; then nobody knows.
        let (fsync, save) = (values[1].array?.last?.text, values[2].array?.last?.text)
        return RedisStatus(
            RedisServer(info: text), configuration, fsync: fsync, save: save, tiers: self.context.tiers
        ).status
    }

    func shutdown() async {
        await waiting.close()
        await client.close()
        await reactor.stop()
    }
}
