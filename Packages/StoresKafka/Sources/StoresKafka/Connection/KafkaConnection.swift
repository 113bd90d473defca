import Dispatch
import Logging
import StoresCore
import Synchronization

/// What is open between `start` and `shutdown`: the clients, their threads, and what is known of the topic.
final class KafkaConnection: Sendable {
    struct Running: Sendable {
        let events: KafkaEvents
        let signals: KafkaSignals
        let producer: KafkaProducer
        let follower: KafkaFollower
        let ends: KafkaEnds
        let readers: KafkaReaders
        let log: KafkaLog
        /// In single-writer mode.
        let writer: KafkaWriter?
        /// For questions beside the records.
        let control: KafkaClient

        var partitions: Int { log.count }
    }

    private struct State {
        var running: Running?
        var isClosed = false
    }

    let configuration: KafkaConfiguration
    private let logger: Logger
    private let state = Mutex(State())
    /// For calls of librdkafka that block.
    let threads = BlockingPool(label: "stores-kafka", threads: 2)

    init(_ configuration: KafkaConfiguration, logger: Logger) throws(StoreError) {
        self.configuration = configuration
        self.logger = logger
        try KafkaClient.check(configuration)
    }

    func running() throws(StoreError) -> Running {
        guard let running = state.withLock({ $0.running }) else { throw .kafkaShutDown() }
        return running
    }

    var partitions: Int? { state.withLock { $0.running?.partitions } }

    // MARK: Opening

    /// Idempotent. What was made is taken down again where it fails.
    func start(_ mode: SchemaMode, _ context: CallContext) async throws(StoreError) {
        let (isStarted, isClosed) = state.withLock { ($0.running != nil, $0.isClosed) }
        if isClosed { throw .kafkaShutDown() }
        if isStarted { return }
        let deadline = context.deadline
        let running = try await threads.run(until: deadline, applied: .no) { [self] () throws(StoreError) in
            try open(mode, deadline)
        }
        let isLate = state.withLock { state in
            if state.isClosed || state.running != nil { return true }
            state.running = running
            return false
        }
        if isLate { await close(running) }
    }

    private func open(_ mode: SchemaMode, _ deadline: Deadline) throws(StoreError) -> Running {
        let signals = KafkaSignals(logger: logger, topic: configuration.topic)
        let events = try KafkaEvents()
        do throws(StoreError) {
            let control = try KafkaClient.consumer(configuration, wait: .milliseconds(100))
            let producer = KafkaProducer(try .producer(configuration), configuration)
            events.add(control) { signals.take($0) }
            events.add(producer.client) { event in
                if event.kind == KafkaEvent.delivery { producer.take(event) } else { signals.take(event) }
            }
            let admin = KafkaAdmin(client: control, configuration: configuration, signals: signals)
            let partitions = try admin.ensure(mode, deadline)
            let log = KafkaLog(
                topic: configuration.topic, partitions: partitions, keepsIDs: configuration.isSingleWriter)
            let follower = KafkaFollower(control, log)
            let ends = KafkaEnds(control, producer: producer.client, log)
            let writer =
                configuration.isSingleWriter
                ? KafkaWriter(producer, log, follower, ends, most: configuration.maxMessageBytes) : nil
            try writer?.take(until: deadline)
            return Running(
                events: events, signals: signals, producer: producer, follower: follower, ends: ends,
                readers: KafkaReaders(configuration, events, signals), log: log, writer: writer, control: control)
        } catch {
            events.shutDown()
            throw error
        }
    }

    // MARK: Closing

    func shutDown() async {
        let running = state.withLock { state in
            state.isClosed = true
            defer { state.running = nil }
            return state.running
        }
        if let running { await close(running) }
    }

    /// librdkafka's objects are freed on a thread that may wait for theirs: with the closure, where nobody is left.
    private func close(_ running: Running) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            DispatchQueue(label: "stores-kafka-closing").async {
                Self.end(running)
                continuation.resume()
            }
        }
    }

    private static func end(_ running: Running) {
        running.writer?.shutDown()
        running.follower.shutDown()
        running.readers.shutDown()
        running.producer.shutDown()
        running.log.close()
        running.events.shutDown()
    }
}
