import Dispatch
import Logging
import StoresCore

/// What is open between `start` and `shutdown`: the clients, their threads, and what is known of the topic.
final class KafkaConnection: Sendable {
    /// One object, since every call holds it: a struct would count ten references up and down.
    final class Running: Sendable {
        let events: KafkaEvents
        let signals: KafkaSignals
        let producer: KafkaProducer
        let follower: KafkaFollower
        let ends: KafkaEnds
        let readers: KafkaReaders
        let checkpoints: KafkaCheckpoints
        let members: KafkaMembers
        let log: KafkaLog
        /// In single-writer mode.
        let writer: KafkaWriter?
        /// For questions beside the records.
        let control: KafkaClient

        init(
            events: KafkaEvents, signals: KafkaSignals, producer: KafkaProducer, follower: KafkaFollower,
            ends: KafkaEnds, readers: KafkaReaders, checkpoints: KafkaCheckpoints, members: KafkaMembers, log: KafkaLog,
            writer: KafkaWriter?, control: KafkaClient
        ) {
            self.events = events
            self.signals = signals
            self.producer = producer
            self.follower = follower
            self.ends = ends
            self.readers = readers
            self.checkpoints = checkpoints
            self.members = members
            self.log = log
            self.writer = writer
            self.control = control
        }

        var partitions: Int { log.count }
    }

    private struct State {
        var running: Running?
        var isClosed = false
    }

    let configuration: KafkaConfiguration
    private let logger: Logger
    private let state = Guarded(State())
    /// For calls of librdkafka that block.
    let threads = BlockingPool(label: "stores-kafka", threads: 2)
    let watch = DeadlineWatch(label: "stores-kafka-watch")

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
        try await threads.run(until: deadline, applied: .no) { [self] () throws(StoreError) in
            let running = try open(mode, deadline)
            // Another start was faster, or nobody waits for this one any more.
            let isLate = state.withLock { state in
                if state.isClosed || state.running != nil { return true }
                state.running = running
                return false
            }
            if isLate { Self.end(running) }
        }
    }

    private func open(_ mode: SchemaMode, _ deadline: Deadline) throws(StoreError) -> Running {
        let signals = KafkaSignals(logger: logger, topic: configuration.topic)
        let events = try KafkaEvents()
        var awake: KafkaFollower?
        do throws(StoreError) {
            let control = try KafkaClient.consumer(configuration, wait: .milliseconds(100))
            let sender = try KafkaClient.producer(configuration)
            events.add(control) { signals.take($0) }
            let admin = KafkaAdmin(client: control, configuration: configuration, signals: signals)
            let partitions = try admin.ensure(mode, deadline)
            let log = KafkaLog(
                topic: configuration.topic, partitions: partitions, keepsIDs: configuration.isSingleWriter)
            let ends = KafkaEnds(control, producer: sender, log, signals)
            let follower = KafkaFollower(control, log, ends)
            awake = follower
            let producer = KafkaProducer(sender, configuration, log, follower)
            events.add(sender) { event in
                if event.kind == KafkaEvent.delivery { producer.take(event) } else { signals.take(event) }
            }
            let writer =
                configuration.isSingleWriter
                ? KafkaWriter(producer, log, follower, ends, most: configuration.maxMessageBytes) : nil
            if let writer {
                try writer.take(until: deadline)
            } else {
                // What retention took is not to be counted as if it had never been: also where the first call appends.
                for partition in 0..<Int32(partitions) { _ = try ends.ask(partition, until: deadline) }
            }
            return Running(
                events: events, signals: signals, producer: producer, follower: follower, ends: ends,
                readers: KafkaReaders(configuration, events, signals),
                checkpoints: KafkaCheckpoints(configuration, events, signals),
                members: KafkaMembers(configuration, events, signals), log: log, writer: writer, control: control)
        } catch {
            // Taking over has set it to work.
            awake?.shutDown()
            events.shutDown()
            throw error
        }
    }

    // MARK: Closing

    /// librdkafka's objects are freed with the last reference: on a thread that may wait for their threads.
    func shutDown() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            DispatchQueue(label: "stores-kafka-closing").async { [self] in
                close()
                continuation.resume()
            }
        }
    }

    private func close() {
        let running = state.withLock { state in
            state.isClosed = true
            defer { state.running = nil }
            return state.running
        }
        if let running { Self.end(running) }
    }

    private static func end(_ running: Running) {
        running.writer?.shutDown()
        running.follower.shutDown()
        running.readers.shutDown()
        running.members.shutDown()
        running.checkpoints.shutDown()
        running.producer.shutDown()
        running.log.close()
        running.events.shutDown()
    }
}
