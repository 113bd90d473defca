/// How the adapter reaches its brokers, and how it keeps events on them.
public struct KafkaConfiguration: Sendable {
    enum Mode: String, Sendable, CaseIterable {
        /// Everybody may append; nobody may demand anything of a stream.
        case shared
        /// This process alone appends, and so can demand.
        case singleWriter = "single-writer"
    }

    /// `host:port`, separated by commas.
    var brokers: String
    /// The brokers without anything secret.
    var endpoint: String
    var topic: String
    var mode: Mode
    /// Of a topic that is made, and demanded of one that is there; nil makes one with 1, and takes what is there.
    var partitions: Int?
    /// Of a topic that is made; -1 is the broker's default.
    var replication: Int
    /// Of a topic that is made; nil keeps everything.
    var retention: Duration?
    var transactionalID: String
    var compression: String
    var linger: Duration
    var maxMessageBytes: Int
    /// Records, and bytes, on their way; appends beyond wait.
    var queueMessages: Int
    var queueBytes: Int
    /// After this the library gives up on a record.
    var deliveryTimeout: Duration
    /// Reads at the same time, each with a consumer of its own.
    var readers: Int
    /// Zero asks for none.
    var statisticsInterval: Duration
    /// What others wrote into the topic is passed over instead of refused.
    var skipsForeign: Bool
    /// Further properties of librdkafka: security, and what `KAFKA_OPTIONS` has.
    var properties: [String: String]

    var isSingleWriter: Bool { mode == .singleWriter }
}
