import StoresCore
import Synchronization

/// A bounded number of consumers, and the threads on which their reads block. Who reads on gets the one that he had.
final class KafkaReaders: Sendable {
    private struct State {
        /// The longest unused first.
        var idle: [KafkaReader] = []
        var isClosed = false
    }

    private let configuration: KafkaConfiguration
    private let events: KafkaEvents
    private let signals: KafkaSignals
    private let threads: BlockingPool
    private let state = Mutex(State())

    init(_ configuration: KafkaConfiguration, _ events: KafkaEvents, _ signals: KafkaSignals) {
        self.configuration = configuration
        self.events = events
        self.signals = signals
        threads = BlockingPool(label: "stores-kafka-readers", threads: configuration.readers)
    }

    /// Reads records of a partition forward.
    ///
    /// - Parameters:
    ///   - goesOn: Whether the same caller will probably read on from there.
    ///   - take: Gets each record; false ends it. Its result is the read's, with where reading goes on.
    func read<T: Sendable>(
        _ start: KafkaReader.Place, until end: Int64, goesOn: Bool, deadline: Deadline, into initial: T,
        _ take: @escaping @Sendable (inout T, Int64, KafkaRecord) -> Bool
    ) async throws(StoreError) -> (T, next: Int64) {
        let left = LeftBehind()
        let run = { [self] () async throws(StoreError) -> (T, next: Int64) in
            try await threads.run(until: deadline, applied: nil) { [self] () throws(StoreError) in
                let reader = try lend(start)
                defer { giveBack(reader) }
                var result = initial
                let next = try reader.read(
                    from: start, until: end, deadline: deadline, isLeft: { left.isSet }
                ) { offset, record in
                    take(&result, offset, record)
                }
                if goesOn, next < end { reader.readAhead() } else { reader.rest() }
                return (result, next)
            }
        }
        let result: Result<(T, next: Int64), StoreError> = await withTaskCancellationHandler {
            do throws(StoreError) { return .success(try await run()) } catch { return .failure(error) }
        } onCancel: {
            left.set()
        }
        return try result.get()
    }

    private func lend(_ start: KafkaReader.Place) throws(StoreError) -> KafkaReader {
        let (known, isClosed) = state.withLock { state -> (KafkaReader?, Bool) in
            if state.isClosed { return (nil, true) }
            if let place = state.idle.firstIndex(where: { $0.place == start }) {
                return (state.idle.remove(at: place), false)
            }
            // One that fetches ahead for somebody is the last choice.
            if let place = state.idle.firstIndex(where: { $0.place == nil }) {
                return (state.idle.remove(at: place), false)
            }
            return (state.idle.count >= configuration.readers ? state.idle.removeFirst() : nil, false)
        }
        if isClosed { throw .kafkaShutDown() }
        if let known { return known }
        let reader = try KafkaReader(configuration)
        let signals = signals
        events.add(reader.native) { signals.take($0) }
        return reader
    }

    private func giveBack(_ reader: KafkaReader) {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.idle.append(reader) }
            return state.isClosed
        }
        if isClosed { reader.rest() }
    }

    /// On a thread that may block.
    func shutDown() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        for reader in idle { reader.rest() }
    }
}

/// Whether anybody still waits for a read.
private final class LeftBehind: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }
    func set() { flag.store(true, ordering: .relaxed) }
}
