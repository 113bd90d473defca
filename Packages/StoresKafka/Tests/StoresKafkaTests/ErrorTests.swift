import CRdKafka
import StoresCore
import Testing

@testable import StoresKafka

@Suite struct ErrorTests {
    @Test(
        arguments: [
            (RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, .tooLarge, false),
            (RD_KAFKA_RESP_ERR__QUEUE_FULL, .unavailable, true),
            (RD_KAFKA_RESP_ERR__TRANSPORT, .unavailable, true),
            (RD_KAFKA_RESP_ERR__TIMED_OUT, .timeout, true),
            (RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, .permissionDenied, false),
            (RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, .unauthenticated, false),
            (RD_KAFKA_RESP_ERR__AUTHENTICATION, .unauthenticated, false),
            (RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, .notFound, false),
            (RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, .unavailable, true),
            (RD_KAFKA_RESP_ERR_PRODUCER_FENCED, .preconditionFailed, false),
            (RD_KAFKA_RESP_ERR__SSL, .unavailable, false),
            (RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED, .rateLimited, true),
            (RD_KAFKA_RESP_ERR_INVALID_RECORD, .internal, false),
        ] as [(rd_kafka_resp_err_t, StoreError.Code, Bool)])
    func codesBecomeWhatTheyMean(_ code: rd_kafka_resp_err_t, _ wanted: StoreError.Code, _ isRetryable: Bool) {
        let error = StoreError.kafka(code, "password=hunter2", applied: .no, topic: "t")
        #expect(error.code == wanted && error.isRetryable == isRetryable)
        #expect(!error.debugDescription.contains("hunter2"))
        #expect(error.description.hasPrefix(wanted.rawValue) && !error.description.contains("\n"))
    }

    @Test func whatAWriteCameToIsKept() {
        #expect(StoreError.kafka(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, applied: .unknown).applied == .unknown)
    }

    /// A repetition is refused where the first try may have been taken.
    @Test(arguments: [
        RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__SSL, RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
        RD_KAFKA_RESP_ERR__RESOLVE, RD_KAFKA_RESP_ERR__AUTHENTICATION,
    ])
    func aRefusalDoesNotSayThatNothingWasWritten(_ code: rd_kafka_resp_err_t) {
        #expect(StoreError.kafka(code, applied: .unknown).applied == .unknown)
        #expect(StoreError.kafka(code, applied: .yes).applied == .yes)
        #expect(StoreError.kafka(code, applied: .no).applied == .no)
        #expect(StoreError.kafka(code).applied == .no)
    }

    @Test func aReportWithoutAnOffsetIsNoSuccess() {
        #expect(KafkaDelivery.unplaced(0) == nil)
        #expect(KafkaDelivery.unplaced(-1)?.applied == .unknown)
        #expect(KafkaDelivery.unplaced(-1)?.isRetryable == false)
    }

    @Test func whatAWriteCameToIsSaidAnew() {
        let error = StoreError.kafka(RD_KAFKA_RESP_ERR_PRODUCER_FENCED, applied: .unknown)
        let later = error.kafkaWrite(.no)
        #expect(later.applied == .no && later.code == error.code && later.remedy == error.remedy)
        #expect(later.message == error.message && later.isRetryable == error.isRetryable)
    }
}
