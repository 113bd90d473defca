#if Kafka
import Dispatch
import StoresCore

/// Events of 1 KiB appended one at a time by many tasks, against a loop in C that has as many under way, with the same
/// settings of librdkafka.
enum KafkaAppends: Benchmark {
    static let name = "kafka-appends"
    static let summary = "EventStore.append on Kafka from 512 and 4,096 tasks, against C over librdkafka"

    private static let bytes = 1024
    private static let each = 16
    /// Events of one call, where it is not one.
    private static let batch = 64

    static func run(_ bench: Bench) async throws -> [Figure] {
        guard let server = KafkaServer.find() else { return [] }
        let scratch = try ScratchFolder()
        let program = try CompiledPeer.build("kafka_produce.c", library: "rdkafka", in: scratch.path)
        let (ours, theirs) = (try server.topic(), try server.topic())
        // As the adapter sets them.
        let settings = [
            "enable.idempotence=true", "acks=all", "socket.nagle.disable=true", "linger.ms=0", "compression.type=none",
            "message.max.bytes=1000000", "queue.buffering.max.messages=10000000", "queue.buffering.max.kbytes=2147483647",
        ]
        let peer = try Peer(command: [program, server.brokers, theirs] + settings)
        defer { peer.stop() }
        return try await server.withStores(ours) { stores in
            var figures: [Figure] = []
            for tasks in [512, 4096] {
                let count = tasks * each
                let times = try await Timing.interleaved(
                    repetitions: 7, warmUp: 2,
                    [
                        { try await seconds(stores, tasks, batch: 1) },
                        { try peer.seconds("\(count) \(bytes) \(tasks) 64") },
                        { try await waiting(tasks) },
                        { try await seconds(stores, tasks / batch, batch: batch) },
                    ])
                func figure(_ what: String, _ ours: [Double]) -> Figure {
                    .speed(
                        name, "append of 1 KiB, \(what), each", ours: ours, peer: times[1],
                        peerName: "\(peer.name), \(tasks.formatted) under way", unit: .microseconds, per: count,
                        target: .atLeast(0.9))
                }
                figures.append(figure("\(tasks.formatted) tasks", times[0]))
                figures.append(figure("\(batch) in a call, \((tasks / batch).formatted) tasks", times[3]))
                // What is left when each append costs nothing but the wait for its answer.
                let least = zip(times[1], times[2]).map { $0 + $1 }
                figures.append(
                    .speed(
                        name, "the C loop and a task's wait, one after the other, \(tasks.formatted) tasks, each",
                        ours: least, peer: times[1], peerName: peer.name, unit: .microseconds, per: count))
            }
            return figures
        }
    }

    /// As many tasks that wait as often for an answer, which another thread gives to all who wait at a time, and do
    /// nothing else.
    private static func waiting(_ tasks: Int) async throws -> Double {
        let answers = Answers()
        return try await Timing.seconds {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<tasks {
                    group.addTask { for _ in 0..<each { await answers.wait() } }
                }
                try await group.waitForAll()
            }
        }
    }

    private static func seconds(_ stores: Stores, _ tasks: Int, batch: Int) async throws -> Double {
        let data = [UInt8](repeating: 0x61, count: bytes)
        return try await Timing.seconds {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<tasks {
                    group.addTask {
                        let stream = "stream-\(task % 64)"
                        for number in 0..<each {
                            let events = (0..<batch).map {
                                NewEvent(id: "event-\(task)-\(number)-\($0)", type: "indexed", data: data)
                            }
                            try await stores.event.append(events, to: stream, expected: .any)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}

/// Answers from one thread, to all who wait when it comes round.
private final class Answers: Sendable {
    private let waiting = Guarded<[CheckedContinuation<Void, Never>]>([])
    private let queue = DispatchQueue(label: "stores-bench-answers")

    func wait() async {
        await withCheckedContinuation { continuation in
            let isFirst = waiting.withLock { waiting in
                waiting.append(continuation)
                return waiting.count == 1
            }
            if isFirst { queue.async { self.answer() } }
        }
    }

    private func answer() {
        let all = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for continuation in all { continuation.resume() }
    }
}
#endif
