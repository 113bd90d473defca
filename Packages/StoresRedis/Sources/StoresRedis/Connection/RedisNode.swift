@_spi(Sockets) import StoresCore

/// One server, and the few connections to it.
final class RedisNode: Sendable {
    /// Nil where it may be another one next time.
    let address: RedisAddress?
    private let connections: [RedisConnection]

    /// What a connection may have before another is taken.
    private static let crowded = 256 << 10

    init(_ configuration: RedisConfiguration, source: any RedisAddressSource, reactor: SocketReactor) {
        address = (source as? RedisFixedAddress)?.address
        connections = (0..<configuration.connections).map { _ in
            RedisConnection(configuration, source: source, reactor: reactor)
        }
    }

    @inline(__always)
    func call(count: Int, deadline: MonotonicInstant, _ encode: @Sendable (inout RedisWriter) -> Void)
        async throws(StoreError)
        -> RedisOutcome
    {
        try await connection().call(count: count, deadline: deadline, encode)
    }

    /// The first with room: the fewer connections, the larger the batches. The others are for when it is held up.
    private func connection() -> RedisConnection {
        let first = connections[0]
        guard connections.count > 1, first.isCrowded(over: Self.crowded) else { return first }
        return connections.dropFirst().first { !$0.isCrowded(over: Self.crowded) }
            ?? connections.min { $0.unsentBytes < $1.unsentBytes } ?? first
    }

    func close() async {
        for connection in connections { await connection.close() }
    }
}
