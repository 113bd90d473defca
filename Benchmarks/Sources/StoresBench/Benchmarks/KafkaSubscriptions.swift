#if Kafka
import StoresCore

/// Events of 1 KiB read by a subscription from the beginning of a topic, against a consumer loop in C on the same
/// topic.
enum KafkaSubscriptions: Benchmark {
    static let name = "kafka-subscriptions"
    static let summary = "EventStore.subscribe on Kafka, against a consumer in C over librdkafka"

    private static let bytes = 1024
    private static let count = 40_000

    static func run(_ bench: Bench) async throws -> [Figure] {
        guard let server = KafkaServer.find() else { return [] }
        let scratch = try ScratchFolder()
        let program = try CompiledPeer.build("kafka_consume.c", library: "rdkafka", in: scratch.path)
        let topic = try server.topic()
        // The peer of Kafka keeps 5 MB of what was sent, so it is sent compressed.
        try await server.withStores(topic, ["KAFKA_COMPRESSION": "lz4", "KAFKA_LINGER": "5ms"]) { stores in
            try await fill(stores)
        }
        let peer = try Peer(command: [program, server.brokers, topic, "1", "check.crcs=false"])
        defer { peer.stop() }
        let times = try await Timing.interleaved(
            repetitions: 7, warmUp: 1,
            [
                // Opened anew, so that nothing is known of the topic, as the peer opens its consumer.
                { try await server.withStores(topic) { try await seconds($0) } },
                { try peer.seconds("\(count)") },
            ])
        return [
            .speed(
                name, "subscription from the beginning, \(count.formatted) events of 1 KiB, each", ours: times[0],
                peer: times[1], peerName: peer.name, unit: .microseconds, per: count, target: .atLeast(0.8))
        ]
    }

    private static func fill(_ stores: Stores) async throws {
        let data = Array(String(repeating: "0123456789abcdef", count: bytes / 16).utf8)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<1000 {
                group.addTask {
                    for number in 0..<count / 1000 {
                        let event = NewEvent(id: "event-\(task)-\(number)", type: "indexed", data: data)
                        try await stores.event.append([event], to: "stream-\(task % 64)", expected: .any)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// From the first event to the last one; in a task of its own, as a server's are.
    private static func seconds(_ stores: Stores) async throws -> Double {
        let events = stores.event
        return try await Task { @concurrent in
            let clock = ContinuousClock()
            var start: ContinuousClock.Instant?
            var seen = 0
            for try await element in try events.subscribe(from: .start, batch: 1000) {
                guard case .event(let event) = element else { continue }
                if start == nil { start = clock.now }
                guard event.data.count == bytes else { throw BenchError("a wrong event") }
                seen += 1
                if seen == count { break }
            }
            return start.map { $0.duration(to: clock.now).seconds } ?? .nan
        }.value
    }
}
#endif
