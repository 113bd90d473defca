@_spi(Sockets) import StoresCore
import Testing

@testable import StoresRedis

/// The task that serves many callers in the place of the reactor's thread. That no reply goes astray meanwhile is what
/// `PromiseTests` and `FaultTests` look at: from two calls under way on they go this way.
struct PumpTests {
    @Test("The reactor's thread takes over when the pool leaves the task waiting")
    func late() async throws {
        let configuration = try RedisConfiguration(
            Settings(RedisConfiguration.settings(.redis)) { _ in nil }, flavor: .redis)
        let reactor = try SocketReactor(label: "stores.redis.test")
        let source = RedisFixedAddress(.tcp(host: "127.0.0.1", port: 1))
        let connection = RedisConnection(configuration, source: source, reactor: reactor)
        connection.role.withLock { _ in
            let now = MonotonicInstant.now
            #expect(connection.preparePumped(now) == nil, "there is no task")
            connection.state.withLock { $0.isPumped = true }
            connection.turns += 1
            #expect(connection.preparePumped(now) != nil)
            #expect(connection.preparePumped(now + .milliseconds(9)) != nil, "woken for another reason")
            connection.turns += 1
            #expect(connection.preparePumped(now + .milliseconds(11)) != nil, "it had a turn")
            #expect(connection.preparePumped(now + .milliseconds(30)) == nil)
            #expect(!connection.state.withLock { $0.isPumped }, "the task would go on as well")
        }
        await connection.close()
        await reactor.stop()
    }

    @Test("It looks for replies a moment longer, and hardly ever where that is in vain")
    func lookout() {
        var lookout = RedisLookout()
        var attempts = 0
        for _ in 0..<10_000 where lookout.isWorthIt() {
            attempts += 1
            lookout.ended(false)
        }
        #expect(attempts > 2 && attempts < 20)
        while !lookout.isWorthIt() {}
        lookout.ended(true)
        let isWorthIt = lookout.isWorthIt()
        #expect(isWorthIt)
    }
}
