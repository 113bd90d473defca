import StoresCore

extension KafkaConfiguration {
    /// Reads the settings:
    ///
    /// | variable | default | meaning |
    /// |---|---|---|
    /// | `KAFKA_BROKERS` | `127.0.0.1:9092` | some of the brokers; the others are learnt from them |
    /// | `KAFKA_TOPIC` | `stores-events` | where the events are |
    /// | `KAFKA_EVENT_MODE` | `shared` | who appends: everybody, or this process alone |
    /// | `KAFKA_PARTITIONS` | | of a topic that is made (1), and demanded of one that is there |
    /// | `KAFKA_REPLICATION` | `-1` | copies of a topic that is made; -1 is the brokers' default |
    /// | `KAFKA_RETENTION` | `0` | how long a topic that is made keeps events; 0 for ever |
    /// | `KAFKA_TRANSACTIONAL_ID` | the topic and `-writer` | whom the single writer's successor fences |
    /// | `KAFKA_COMPRESSION` | `none` | of what is sent |
    /// | `KAFKA_LINGER` | `0ms` | how long an append waits for company |
    /// | `KAFKA_MAX_MESSAGE_BYTES` | `1000000` | of one append; not above the topic's `max.message.bytes` |
    /// | `KAFKA_QUEUE_MESSAGES`, `KAFKA_QUEUE_BYTES` | `100000`, `64MiB` | appends on their way; more wait |
    /// | `KAFKA_DELIVERY_TIMEOUT` | `30s` | when the client gives up on an append |
    /// | `KAFKA_READERS` | `4` | reads at the same time |
    /// | `KAFKA_STATISTICS` | `0` | how often librdkafka's statistics become metrics |
    /// | `KAFKA_FOREIGN_RECORDS` | `refuse` | what is done with records that the stores did not write |
    /// | `KAFKA_SECURITY_PROTOCOL`, `KAFKA_SASL_…`, `KAFKA_SSL_…` | | TLS and authentication |
    /// | `KAFKA_OPTIONS` | | further properties of librdkafka |
    init(_ settings: Settings) throws(StoreError) {
        func number(_ variable: String, _ fallback: Int, _ range: ClosedRange<Int>) throws(StoreError) -> Int {
            let value = settings.int(variable) ?? settings.bytes(variable) ?? fallback
            guard range.contains(value) else {
                throw Self.refusal("\(variable) is \(range.lowerBound) to \(range.upperBound); got \(value)")
            }
            return value
        }
        let brokers = settings.string("KAFKA_BROKERS") ?? Self.defaultBrokers
        guard !brokers.contains("@"), !brokers.utf8.contains(0) else {
            throw Self.refusal("KAFKA_BROKERS is host:port, host:port; users and passwords have variables of their own")
        }
        let topic = settings.string("KAFKA_TOPIC") ?? Self.defaultTopic
        let isPlain = topic.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isPlain, (1...249).contains(topic.utf8.count), topic != ".", topic != ".." else {
            throw Self.refusal("KAFKA_TOPIC has 1 to 249 letters, digits, '.', '_' and '-'")
        }
        let retention = settings.duration("KAFKA_RETENTION") ?? .zero
        self.init(
            brokers: brokers, endpoint: Redaction.endpoint(brokers), topic: topic,
            mode: settings.string("KAFKA_EVENT_MODE").flatMap(Mode.init(rawValue:)) ?? .shared,
            partitions: settings.isExplicit("KAFKA_PARTITIONS") ? try number("KAFKA_PARTITIONS", 1, 1...4096) : nil,
            replication: try number("KAFKA_REPLICATION", -1, -1...100),
            retention: retention == .zero ? nil : retention,
            transactionalID: settings.string("KAFKA_TRANSACTIONAL_ID") ?? "\(topic)-writer",
            compression: settings.string("KAFKA_COMPRESSION") ?? "none",
            linger: settings.duration("KAFKA_LINGER") ?? .zero,
            maxMessageBytes: try number(
                "KAFKA_MAX_MESSAGE_BYTES", StoresKafka.defaultMessageBytes, 16_384...(1 << 30)),
            queueMessages: try number("KAFKA_QUEUE_MESSAGES", 100_000, 1...10_000_000),
            queueBytes: try number("KAFKA_QUEUE_BYTES", 64 << 20, 1...(1 << 40)),
            deliveryTimeout: settings.duration("KAFKA_DELIVERY_TIMEOUT") ?? .seconds(30),
            readers: try number("KAFKA_READERS", 4, 1...64),
            statisticsInterval: settings.duration("KAFKA_STATISTICS") ?? .zero,
            skipsForeign: settings.string("KAFKA_FOREIGN_RECORDS") == "skip",
            properties: try Self.properties(settings))
    }

    static let defaultBrokers = "127.0.0.1:9092"
    static let defaultTopic = "stores-events"

    private static func refusal(_ problem: String) -> StoreError {
        StoreError(.invalidArgument, problem, applied: .no, phase: .configuration)
    }

    /// Which variable is which property of librdkafka.
    private static let passedThrough = [
        ("KAFKA_SECURITY_PROTOCOL", "security.protocol"), ("KAFKA_SASL_MECHANISM", "sasl.mechanism"),
        ("KAFKA_SASL_USERNAME", "sasl.username"), ("KAFKA_SASL_PASSWORD", "sasl.password"),
        ("KAFKA_SSL_CA", "ssl.ca.location"), ("KAFKA_SSL_CERTIFICATE", "ssl.certificate.location"),
        ("KAFKA_SSL_KEY", "ssl.key.location"), ("KAFKA_SSL_KEY_PASSWORD", "ssl.key.password"),
    ]

    /// What the stores' promises rest on.
    static let reserved: Set<String> = [
        "bootstrap.servers", "metadata.broker.list", "enable.idempotence", "acks", "request.required.acks",
        "transactional.id", "isolation.level", "enable.auto.commit", "enable.partition.eof", "auto.offset.reset",
        "delivery.report.only.error", "enable.gapless.guarantee", "group.id", "retries", "message.send.max.retries",
        "partition.assignment.strategy", "group.protocol",
    ]

    /// What the stores set by themselves, and from what.
    static let owned = [
        "linger.ms": "KAFKA_LINGER", "queue.buffering.max.ms": "KAFKA_LINGER",
        "compression.type": "KAFKA_COMPRESSION", "compression.codec": "KAFKA_COMPRESSION",
        "message.max.bytes": "KAFKA_MAX_MESSAGE_BYTES", "queue.buffering.max.messages": "KAFKA_QUEUE_MESSAGES",
        "queue.buffering.max.kbytes": "KAFKA_QUEUE_BYTES", "message.timeout.ms": "KAFKA_DELIVERY_TIMEOUT",
        "delivery.timeout.ms": "KAFKA_DELIVERY_TIMEOUT", "transaction.timeout.ms": "KAFKA_DELIVERY_TIMEOUT",
    ]

    private static func properties(_ settings: Settings) throws(StoreError) -> [String: String] {
        var found: [String: String] = [:]
        for (variable, property) in passedThrough {
            if let value = settings.string(variable) { found[property] = value }
        }
        for option in (settings.string("KAFKA_OPTIONS") ?? "").split(separator: ";") {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts[0].trimmingSpaces
            guard parts.count == 2, !name.isEmpty else {
                throw refusal("KAFKA_OPTIONS is name=value; name=value, with names of librdkafka's properties")
            }
            guard !reserved.contains(name) else {
                throw refusal("KAFKA_OPTIONS may not set \(name), on which the stores' promises rest")
            }
            if let variable = owned[name] {
                throw refusal("KAFKA_OPTIONS may not set \(name): \(variable) says it")
            }
            found[name] = parts[1].trimmingSpaces
        }
        return found
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String {
        var rest = self
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }
}
