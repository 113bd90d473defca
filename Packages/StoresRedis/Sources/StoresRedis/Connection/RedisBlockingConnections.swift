@_spi(Sockets) import StoresCore
import Synchronization

/// Connections for commands that wait at the server: one for each that waits, since on a shared one everybody would.
final class RedisBlockingConnections: Sendable {
    private struct State {
        var idle: [RedisConnection] = []
        var busy: [ObjectIdentifier: RedisConnection] = [:]
        var isClosed = false
    }

    /// More waiters than this look from time to time instead.
    private static let most = 64

    private let configuration: RedisConfiguration
    private let reactor: SocketReactor
    /// Asked for each new connection, since in a cluster it may be another server's.
    private let source: @Sendable () -> any RedisAddressSource
    private let state = Mutex(State())

    init(
        _ configuration: RedisConfiguration, reactor: SocketReactor,
        source: @escaping @Sendable () -> any RedisAddressSource
    ) {
        self.configuration = configuration
        self.reactor = reactor
        self.source = source
    }

    /// Sends a command that answers within the time-out, and drops its answer.
    func call(_ timeout: Duration, _ encode: @Sendable (inout RedisWriter) -> Void) async throws(StoreError) {
        guard let connection = try take() else {
            do {
                try await Task.sleep(for: min(timeout, .milliseconds(200)))
            } catch {
                throw .cancelled(applied: .no)
            }
            return
        }
        // The server answers in time; the rest is for the way.
        let deadline = Deadline.after(timeout + .seconds(4))
        do throws(StoreError) {
            let outcome = try await connection.call(count: 1, deadline: deadline.instant, encode)
            guard case .one(let value) = outcome else { throw .redisUnexpected("one command") }
            _ = try value.checked()
            give(back: connection)
        } catch {
            // The command may still be waiting over there.
            _ = state.withLock { $0.busy.removeValue(forKey: ObjectIdentifier(connection)) }
            await connection.close()
            throw error
        }
    }

    private func take() throws(StoreError) -> RedisConnection? {
        let (isClosed, connection) = state.withLock { state -> (Bool, RedisConnection?) in
            guard !state.isClosed, state.busy.count < Self.most else { return (state.isClosed, nil) }
            let connection =
                state.idle.popLast() ?? RedisConnection(configuration, source: source(), reactor: reactor)
            state.busy[ObjectIdentifier(connection)] = connection
            return (false, connection)
        }
        if isClosed { throw .redisClosed }
        return connection
    }

    private func give(back connection: RedisConnection) {
        state.withLock { state in
            // At the end all are closed by who ends.
            guard state.busy.removeValue(forKey: ObjectIdentifier(connection)) != nil, !state.isClosed else { return }
            state.idle.append(connection)
        }
    }

    func close() async {
        let all = state.withLock { state -> [RedisConnection] in
            state.isClosed = true
            defer {
                state.idle = []
                state.busy = [:]
            }
            return state.idle + state.busy.values
        }
        for connection in all { await connection.close() }
    }
}
