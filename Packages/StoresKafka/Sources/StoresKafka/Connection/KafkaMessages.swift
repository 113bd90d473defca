import CRdKafka

/// Takes records out of a consumer's queue.
enum KafkaMessages {
    private static let most = 512

    /// Waits for one at most so long, then hands out what is there without waiting. Each is freed after its turn.
    ///
    /// - Parameter wait: In milliseconds.
    static func take(_ queue: OpaquePointer, wait: Int32, _ body: (UnsafeMutablePointer<rd_kafka_message_t>) -> Void) {
        withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<rd_kafka_message_t>?.self, capacity: most) { messages in
            messages.initialize(repeating: nil)
            // A call for many waits until it has them all: one is waited for, the others are taken as they are there.
            for (wanted, wait) in [(1, wait), (most, 0)] {
                let count = rd_kafka_consume_batch_queue(queue, wait, messages.baseAddress, wanted)
                guard count > 0 else { return }
                for place in 0..<count {
                    guard let message = messages[place] else { continue }
                    body(message)
                    rd_kafka_message_destroy(message)
                }
            }
        }
    }
}
