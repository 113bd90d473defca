import StoresCore

/// Where an event stands in the order of all: its transaction's number, then its own.
///
/// Sequence numbers alone would skip: they are taken in one order and become visible in another. The number of an
/// event's transaction is never below that of the transaction that wrote it, so that below the oldest running
/// transaction (`pg_snapshot_xmin`) nothing can appear any more: up to there it is safe to read (E6). Within a stream
/// it never falls, since it is at least that of the event before, under the stream's lock.
struct PostgresPosition: Hashable {
    var transaction: UInt64
    var sequence: UInt64

    init(transaction: UInt64, sequence: UInt64) {
        self.transaction = transaction
        self.sequence = sequence
    }

    /// - Parameter position: Nil is before all.
    init(_ position: Position?) throws(StoreError) {
        guard let position else {
            self.init(transaction: 0, sequence: 0)
            return
        }
        guard let numbers = position.numbers(count: 2) else {
            throw .invalidArgument("the position was not given out by this store")
        }
        self.init(transaction: numbers[0], sequence: numbers[1])
    }

    var position: Position { Position(transaction, sequence) }

    /// The condition of what may be read in order.
    static let isSettled = "transaction < pg_snapshot_xmin(pg_current_snapshot())"
}
