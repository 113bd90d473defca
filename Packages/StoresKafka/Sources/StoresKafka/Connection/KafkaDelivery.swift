import CRdKafka
import StoresCore

/// What became of a record: where it is, or why it is not there.
struct KafkaDelivery {
    let id: UInt
    let result: Result<Int64, StoreError>

    init(id: UInt, result: Result<Int64, StoreError>) {
        self.id = id
        self.result = result
    }

    init(_ message: UnsafePointer<rd_kafka_message_t>) {
        id = UInt(bitPattern: message.pointee._private)
        let (code, offset) = (message.pointee.err, message.pointee.offset)
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else {
            result = Self.unplaced(offset).map { .failure($0) } ?? .success(offset)
            return
        }
        let applied: StoreError.Applied =
            switch rd_kafka_message_status(message) {
            case RD_KAFKA_MSG_STATUS_NOT_PERSISTED: .no
            case RD_KAFKA_MSG_STATUS_PERSISTED: .yes
            default: .unknown
            }
        result = .failure(.kafka(code, applied: applied))
    }

    /// What a report without an error comes to that does not say where the record is: a broker knew it already, by its
    /// sequence, and not its offset any more.
    static func unplaced(_ offset: Int64) -> StoreError? {
        if offset >= 0 { return nil }
        return StoreError(
            .unavailable, "the brokers confirmed the append, and do not say at what offset it is",
            remedy: "read the stream to see whether it is there", applied: .unknown, isRetryable: false)
    }
}
