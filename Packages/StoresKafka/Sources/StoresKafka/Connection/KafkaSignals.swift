import CRdKafka
import Logging
import Metrics
import StoresCore
import Synchronization

/// What clients say beside their work: log lines to swift-log, statistics to swift-metrics, the last trouble with the
/// brokers for errors that would only tell of a time-out.
final class KafkaSignals: Sendable {
    private let logger: Logger
    private let topic: String
    private let trouble = Mutex<StoreError?>(nil)

    init(logger: Logger, topic: String) {
        self.logger = logger
        self.topic = topic
    }

    /// What the client last had trouble with; nil when there was nothing, or it has gone.
    var lastTrouble: StoreError? { trouble.withLock { $0 } }

    func forgetTrouble() { trouble.withLock { $0 = nil } }

    func take(_ event: borrowing KafkaEvent) {
        switch event.kind {
        case RD_KAFKA_EVENT_LOG: log(event)
        case RD_KAFKA_EVENT_STATS:
            if let text = rd_kafka_event_stats(event.pointer) { KafkaStatistics(String(cString: text))?.record() }
        case RD_KAFKA_EVENT_ERROR:
            let code = rd_kafka_event_error(event.pointer)
            let text = rd_kafka_event_error_string(event.pointer).map { String(cString: $0) }
            note(.kafka(code, text, topic: topic))
        default: break
        }
    }

    private func note(_ error: StoreError) {
        trouble.withLock { known in
            // That all brokers are down says less than why one is.
            let saysMore = known?.phase == .authentication || known?.phase == .tls || known?.phase == .dns
            if !saysMore || error.phase != .tcp { known = error }
        }
        logger.debug("librdkafka reports an error", metadata: ["error": "\(String(reflecting: error))"])
    }

    private func log(_ event: borrowing KafkaEvent) {
        var facility: UnsafePointer<CChar>?
        var text: UnsafePointer<CChar>?
        var level: Int32 = 0
        guard rd_kafka_event_log(event.pointer, &facility, &text, &level) == 0 else { return }
        let known: Logger.Level =
            switch level {
            case ...3: .error
            case 4: .warning
            case 5: .notice
            case 6: .info
            default: .debug
            }
        let name = facility.map { String(cString: $0) } ?? ""
        // Lost connections are told by the calls that suffer from them; advice on properties is for who chose them.
        let isAdvice = name == "CONFWARN" || name == "AUTOCREATE"
        logger.log(
            level: isAdvice ? .debug : known == .error ? .warning : known,
            "\(text.map { Redaction.secrets(in: String(cString: $0)) } ?? "")",
            metadata: ["facility": "\(name)", "source": "librdkafka"])
    }
}
