import CRdKafka
import Dispatch
import StoresCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The one thread that empties librdkafka's queues of events. A queue that is no longer empty writes a byte into a
/// pipe; nothing of librdkafka calls into Swift.
final class KafkaEvents: Sendable {
    typealias Handler = @Sendable (borrowing KafkaEvent) -> Void

    private struct State {
        var clients: [(client: KafkaClient, look: @Sendable () -> Void)] = []
        var isClosed = false
    }

    private let state = Guarded(State())
    private let reading: Int32
    private let writing: Int32
    private let ended = DispatchSemaphore(value: 0)

    init() throws(StoreError) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else {
            throw StoreError(.internal, "no pipe for librdkafka's events could be made", applied: .no, isLocal: true)
        }
        (reading, writing) = (ends[0], ends[1])
        // A byte that does not fit is not missed: there are others.
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        DispatchQueue(label: "stores-kafka-events").async { self.loop() }
    }

    deinit {
        Self.close(reading)
        Self.close(writing)
    }

    private static func close(_ file: Int32) {
        #if canImport(Darwin)
        Darwin.close(file)
        #elseif canImport(Musl)
        Musl.close(file)
        #else
        Glibc.close(file)
        #endif
    }

    /// - Parameter handle: Gets each event of the client's main queue.
    func add(_ client: KafkaClient, _ handle: @escaping Handler) {
        add(
            client,
            whenFull: {
                while let event = rd_kafka_queue_poll(client.main, 0) {
                    handle(KafkaEvent(pointer: event))
                    rd_kafka_event_destroy(event)
                }
            })
    }

    /// - Parameter look: Called now and then, and when the client's main queue is no longer empty. Whoever takes the
    ///   events out of it takes them all, or is not told again.
    func add(_ client: KafkaClient, whenFull look: @escaping @Sendable () -> Void) {
        state.withLock { state in
            guard !state.isClosed else { return }
            state.clients.append((client, look))
            stores_kafka_wake(client.main, writing)
        }
        // What was in it before writes nothing.
        wake()
    }

    func remove(_ client: KafkaClient) {
        state.withLock { state in
            state.clients.removeAll { $0.client === client }
            stores_kafka_wake(client.main, -1)
        }
    }

    /// Returns when the thread has ended.
    func shutDown() {
        state.withLock { $0.isClosed = true }
        wake()
        ended.wait()
        // Freed outside of the lock, where this was their last reference.
        _ = state.withLock { state in
            for (client, _) in state.clients { stores_kafka_wake(client.main, -1) }
            defer { state.clients = [] }
            return state.clients
        }
    }

    private func wake() { _ = write(writing, "!", 1) }

    private func loop() {
        var bytes = [UInt8](repeating: 0, count: 256)
        while true {
            var request = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
            _ = poll(&request, 1, 1000)
            while read(reading, &bytes, bytes.count) > 0 {}
            let (clients, isClosed) = state.withLock { ($0.clients, $0.isClosed) }
            for (_, look) in clients { look() }
            if isClosed { break }
        }
        ended.signal()
    }
}

/// An event for as long as its handler runs.
struct KafkaEvent: ~Copyable {
    let pointer: OpaquePointer

    static let delivery = RD_KAFKA_EVENT_DR

    var kind: Int32 { rd_kafka_event_type(pointer) }

    /// All delivery reports of the event.
    func deliveries() -> [KafkaDelivery] {
        var found: [KafkaDelivery] = []
        found.reserveCapacity(rd_kafka_event_message_count(pointer))
        while let message = rd_kafka_event_message_next(pointer) { found.append(KafkaDelivery(message)) }
        return found
    }
}
