import CRdKafka

/// Takes records out of a consumer's queue.
struct KafkaMessages {
    private static let most = 1024
    /// What a consumer may fetch ahead.
    static let ahead = 16 << 20
    /// Of messages, as librdkafka has it.
    static let aheadMessages = 100_000
    /// librdkafka before 2.2 that has fetched enough ahead looks a second later whether it is still enough, unless
    /// something passes over its connection. Later ones have a property for that.
    private static let sleeps = rd_kafka_version() < 0x0202_00ff

    private var bytes = 0
    private var messages = 0

    /// Waits for one at most so long, then hands out what is there without waiting. Each is freed after its turn.
    ///
    /// - Parameters:
    ///   - wait: In milliseconds.
    ///   - isWoken: Whether others end the wait by `rd_kafka_queue_yield`. A look at a queue that is empty takes the
    ///     wake-up away, also where it does not wait: between the caller's look at who waits and the wait there is to
    ///     be none.
    mutating func take(
        _ client: KafkaClient, wait: Int32, isWoken: Bool = false,
        _ body: (UnsafeMutablePointer<rd_kafka_message_t>) -> Void
    ) {
        var partition: Int32?
        withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<rd_kafka_message_t>?.self, capacity: Self.most) {
            found in
            found.initialize(repeating: nil)
            // A call for many waits until it has them all: what is there is taken, and only then is one waited for.
            let looks = [(Self.most, 0), (1, wait), (Self.most, 0)]
            for (wanted, wait) in looks.dropFirst(isWoken ? 1 : 0) {
                if wanted == 1, wait == 0 { break }
                let count = rd_kafka_consume_batch_queue(client.records, wait, found.baseAddress, wanted)
                for place in 0..<max(0, count) {
                    guard let message = found[place] else { continue }
                    messages += 1
                    bytes += message.pointee.len
                    if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR { partition = message.pointee.partition }
                    body(message)
                    rd_kafka_message_destroy(message)
                }
                // The first time there may be nothing yet; afterwards that is all.
                if count > 0 ? wanted == Self.most : wanted == 1 { break }
            }
        }
        if Self.sleeps, let partition, bytes >= Self.ahead / 2 || messages >= Self.aheadMessages / 2 {
            wake(client, partition)
        }
    }

    /// Lets librdkafka look again whether to fetch more: any question to the partition's leader does, and its answer is
    /// of no interest.
    private mutating func wake(_ client: KafkaClient, _ partition: Int32) {
        (bytes, messages) = (0, 0)
        var (low, high): (Int64, Int64) = (0, 0)
        rd_kafka_query_watermark_offsets(client.handle, client.topicName, partition, &low, &high, 1)
    }
}
