import StoresCore
import Synchronization

/// A record on its way to the brokers, and who waits for it.
///
/// `@unchecked Sendable`: `id`, `isLeft` and `isDelivered` are written under the producer's lock alone, and the
/// continuation is touched by who changes `stage`.
final class KafkaShipment: @unchecked Sendable {
    typealias Arrived = @Sendable (Result<Int64, StoreError>) -> Void
    typealias Placed = CheckedContinuation<Result<AppendResult, StoreError>, Never>

    let partition: Int32
    let encoded: KafkaEncodedRecord
    /// When its append is to be left behind.
    let deadline: Deadline?
    /// Of a record whose offset is all that is asked for.
    private let arrived: Arrived?
    /// In the producer's slots; 0 until it is there.
    var id: UInt = 0
    /// Nobody waited any more before it was there: it is not to be sent.
    var isLeft = false
    /// The brokers have it.
    var isDelivered = false
    private var continuation: Placed?
    private let stage = Atomic<UInt8>(Stage.new)

    private enum Stage {
        static let new: UInt8 = 0
        static let awaited: UInt8 = 1
        static let answered: UInt8 = 2
    }

    var record: KafkaRecord { encoded.record }
    /// What it takes of the producer's room.
    var bytes: Int { encoded.bytes }
    /// Nobody waits for it any more.
    var isAnswered: Bool { stage.load(ordering: .acquiring) == Stage.answered }
    /// Whether the log is to say where its events are.
    var isAppend: Bool { arrived == nil }

    /// Of an append.
    init(_ encoded: KafkaEncodedRecord, _ partition: Int32, deadline: Deadline) {
        self.encoded = encoded
        self.partition = partition
        self.deadline = deadline
        arrived = nil
    }

    /// - Parameter arrived: Called once, on any thread: the offset, or why it is not there.
    init(_ encoded: KafkaEncodedRecord, _ partition: Int32, arrived: @escaping Arrived) {
        self.encoded = encoded
        self.partition = partition
        self.arrived = arrived
        deadline = nil
    }

    /// - Returns: False when it was answered before anybody waited: it is not to be sent.
    func await(_ waiting: Placed) -> Bool {
        continuation = waiting
        return stage.compareExchange(
            expected: Stage.new, desired: Stage.awaited, ordering: .acquiringAndReleasing
        ).exchanged
    }

    /// Nobody waits any more: what is answered from now on is dropped.
    func leave(_ error: StoreError) {
        let before = stage.exchange(Stage.answered, ordering: .acquiringAndReleasing)
        if before == Stage.awaited { continuation?.resume(returning: .failure(error)) }
    }

    /// What the log says of an append. The first answer counts.
    func place(_ result: Result<AppendResult, StoreError>) {
        guard stage.exchange(Stage.answered, ordering: .acquiringAndReleasing) == Stage.awaited else { return }
        continuation?.resume(returning: result)
    }

    func fail(_ error: StoreError) {
        if let arrived { arrived(.failure(error)) } else { place(.failure(error)) }
    }

    func arrive(_ offset: Int64) { arrived?(.success(offset)) }
}
