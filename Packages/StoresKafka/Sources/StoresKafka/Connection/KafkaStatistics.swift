import Metrics
import StoresCore

/// What of librdkafka's statistics becomes metrics, by the client's name.
struct KafkaStatistics {
    let client: String
    /// Messages, and bytes, in the client's queues.
    let queuedMessages: Int64
    let queuedBytes: Int64
    /// Since the client began.
    let sentMessages: Int64
    let receivedMessages: Int64
    /// The slowest broker's average, in seconds.
    let roundTrip: Double

    /// - Parameter text: The JSON of `statistics.interval.ms`; nil for anything else.
    init?(_ text: String) {
        guard let value = try? JSONReader.value(from: text), case .object(let fields) = value,
            case .string(let name)? = fields["name"]
        else { return nil }
        func number(_ fields: [String: Value], _ key: String) -> Int64 {
            if case .int(let number)? = fields[key] { number } else { 0 }
        }
        client = name
        queuedMessages = number(fields, "msg_cnt")
        queuedBytes = number(fields, "msg_size")
        sentMessages = number(fields, "txmsgs")
        receivedMessages = number(fields, "rxmsgs")
        var slowest: Int64 = 0
        if case .object(let brokers)? = fields["brokers"] {
            for case .object(let broker) in brokers.values {
                if case .object(let trip)? = broker["rtt"] { slowest = max(slowest, number(trip, "avg")) }
            }
        }
        roundTrip = Double(slowest) / 1e6
    }

    func record() {
        let dimensions = [("client", client)]
        Gauge(label: "kafka.client.queue.messages", dimensions: dimensions).record(queuedMessages)
        Gauge(label: "kafka.client.queue.bytes", dimensions: dimensions).record(queuedBytes)
        Gauge(label: "kafka.client.sent.messages", dimensions: dimensions).record(sentMessages)
        Gauge(label: "kafka.client.received.messages", dimensions: dimensions).record(receivedMessages)
        Gauge(label: "kafka.client.broker.rtt", dimensions: dimensions).record(roundTrip)
    }
}
