internal import Dispatch
import StoresCore

/// Where a connection goes, asked for each attempt.
protocol RedisAddressSource: Sendable {
    /// Whether the answer may be another one next time, as after a failover.
    var mayChange: Bool { get }

    /// Calls back once, on any thread.
    func find(_ found: @escaping @Sendable (Result<[RedisSocketAddress], StoreError>) -> Void)
}

/// One address, which never changes; its name is resolved anew each time.
struct RedisFixedAddress: RedisAddressSource {
    let address: RedisAddress
    var mayChange: Bool { false }

    // Resolving blocks, for seconds where a name server is away; a thread of its own keeps it from everybody else.
    private let queue = DispatchQueue(label: "stores.redis.resolve")

    init(_ address: RedisAddress) {
        self.address = address
    }

    func find(_ found: @escaping @Sendable (Result<[RedisSocketAddress], StoreError>) -> Void) {
        queue.async { [address] in
            do throws(RedisResolutionError) {
                found(.success(try RedisSocket.resolve(address)))
            } catch {
                found(.failure(.redisUnresolved(error, address)))
            }
        }
    }
}
