import CMongoC
import StoresCore
import Synchronization

/// libmongoc's pool, and the threads on which its calls block.
final class MongoClients: Sendable {
    /// What the servers said of themselves.
    struct Deployment: Sendable {
        var version = ""
        var isReplicaSet = false
        var isSharded = false

        /// Whether it has majority reads and change streams.
        var hasMembers: Bool { isReplicaSet || isSharded }
    }

    private struct State {
        var pool: MongoPool?
        var deployment: Deployment?
    }

    private let configuration: MongoConfiguration
    private let threads: BlockingPool
    private let state: Mutex<State>

    init(_ configuration: MongoConfiguration) throws(StoreError) {
        self.configuration = configuration
        threads = BlockingPool(
            label: "stores-mongodb", threads: configuration.connections, lingering: .microseconds(50))
        state = Mutex(State(pool: try MongoPool(configuration)))
    }

    /// Runs the body on a thread of its own with a client of libmongoc's. A body that outlives the deadline, or the
    /// task's cancellation, is left behind: its commands are bounded by the same deadline on the server.
    ///
    /// - Parameter writes: Whether something may have been written when the body is left behind.
    func call<T: Sendable>(
        _ context: CallContext, writes: Bool,
        _ body: @escaping @Sendable (MongoConnection) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        try context.check(applied: .no)
        let deadline = context.deadline
        return try await threads.run(until: deadline, applied: writes ? .unknown : nil) {
            [self] () throws(StoreError) -> T in
            try perform(deadline, body)
        }
    }

    /// Runs the body here, on a thread that may block.
    func perform<T>(_ deadline: Deadline, _ body: (MongoConnection) throws(StoreError) -> T) throws(StoreError) -> T {
        let (pool, deployment) = state.withLock { ($0.pool, $0.deployment) }
        guard let pool else {
            throw StoreError(.unavailable, "the store was shut down", applied: .no, isRetryable: false)
        }
        return try pool.withClient { (client) throws(StoreError) in
            try body(
                MongoConnection(
                    client: client, configuration: configuration, deadline: deadline,
                    readsMajority: deployment?.hasMembers == true))
        }
    }

    func learn(_ deployment: Deployment) { state.withLock { $0.deployment = deployment } }

    /// False until ``learn(_:)`` has said otherwise.
    var hasMembers: Bool { state.withLock { $0.deployment?.hasMembers == true } }

    /// Calls that were left behind hold the pool until they end.
    func close() { state.withLock { $0.pool = nil } }
}
