import CRdKafka
import StoresCore

/// What a call about transactions failed with; librdkafka's object is freed with it.
struct KafkaTransactionError {
    let code: rd_kafka_resp_err_t
    let text: String
    let isFatal: Bool
    let isRetriable: Bool
    let requiresAbort: Bool

    /// Nil for nil, which is success.
    init?(_ error: OpaquePointer?) {
        guard let error else { return nil }
        code = rd_kafka_error_code(error)
        text = rd_kafka_error_string(error).map { String(cString: $0) } ?? ""
        isFatal = rd_kafka_error_is_fatal(error) != 0
        isRetriable = rd_kafka_error_is_retriable(error) != 0
        requiresAbort = rd_kafka_error_txn_requires_abort(error) != 0
        rd_kafka_error_destroy(error)
    }

    func storeError(_ applied: StoreError.Applied) -> StoreError {
        let error = StoreError.kafka(code, text, applied: applied)
        guard isFatal, error.code == .internal else { return error }
        return StoreError(
            .unavailable, "the producer met an error after which it can't go on", remedy: "open the stores again",
            applied: applied, isRetryable: false, underlying: error.underlying)
    }
}
