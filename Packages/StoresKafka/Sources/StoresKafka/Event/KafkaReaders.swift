import StoresCore
import Synchronization

/// A bounded number of consumers, and the threads on which their reads block. Who reads on gets the one that he had.
final class KafkaReaders: Sendable {
    private struct State {
        /// The longest unused first, with the place from which it reads on.
        var idle: [(reader: KafkaReader, place: KafkaReader.Place?)] = []
        var isClosed = false
    }

    private let configuration: KafkaConfiguration
    private let events: KafkaEvents
    private let signals: KafkaSignals
    private let threads: BlockingPool
    private let state = Guarded(State())

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
        if goesOn, let ready = takeReady(start, until: end, into: initial, take) { return ready }
        let left = LeftBehind()
        let run = { [self] () async throws(StoreError) -> (T, next: Int64) in
            try await threads.run(until: deadline, applied: nil) { [self] () throws(StoreError) in
                let reader = try lend(start)
                var place: KafkaReader.Place?
                defer { giveBack(reader, place) }
                var result = initial
                let next = try reader.read(
                    from: start, until: end, deadline: deadline, isLeft: { left.isSet }
                ) { offset, record in
                    take(&result, offset, record)
                }
                if goesOn {
                    place = goOn(reader, KafkaReader.Place(partition: start.partition, offset: next), end)
                } else {
                    reader.rest()
                }
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

    /// What a reader has read ahead for who reads on: without a change of threads.
    private func takeReady<T>(
        _ start: KafkaReader.Place, until end: Int64, into initial: T, _ take: (inout T, Int64, KafkaRecord) -> Bool
    ) -> (T, next: Int64)? {
        let reader = state.withLock { state -> KafkaReader? in
            guard let known = state.idle.firstIndex(where: { $0.place == start }) else { return nil }
            return state.idle.remove(at: known).reader
        }
        guard let reader else { return nil }
        var result = initial
        guard let next = reader.takeReady(from: start, until: end, take: { take(&result, $0, $1) }) else {
            giveBack(reader, start)
            return nil
        }
        giveBack(reader, goOn(reader, KafkaReader.Place(partition: start.partition, offset: next), end))
        return (result, next)
    }

    /// Lets it read ahead where there is more, and rest where there is not: neither is waited for.
    private func goOn(_ reader: KafkaReader, _ place: KafkaReader.Place, _ end: Int64) -> KafkaReader.Place? {
        if place.offset < end {
            reader.readAhead()
            return place
        }
        reader.restLater(at: place)
        return nil
    }

    private func lend(_ start: KafkaReader.Place) throws(StoreError) -> KafkaReader {
        let (known, isClosed) = state.withLock { state -> (KafkaReader?, Bool) in
            if state.isClosed { return (nil, true) }
            if let place = state.idle.firstIndex(where: { $0.place == start }) {
                return (state.idle.remove(at: place).reader, false)
            }
            // One that fetches ahead for somebody is the last choice.
            if let place = state.idle.firstIndex(where: { $0.place == nil }) {
                return (state.idle.remove(at: place).reader, false)
            }
            return (state.idle.count >= configuration.readers ? state.idle.removeFirst().reader : nil, false)
        }
        if isClosed { throw .kafkaShutDown() }
        if let known { return known }
        let reader = try KafkaReader(configuration)
        let signals = signals
        events.add(reader.native) { signals.take($0) }
        return reader
    }

    /// Waits for nothing: also on a task's thread.
    private func giveBack(_ reader: KafkaReader, _ place: KafkaReader.Place?) {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.idle.append((reader, place)) }
            return state.isClosed
        }
        if isClosed { reader.restLater() }
    }

    /// On a thread that may block.
    func shutDown() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        for one in idle { one.reader.rest() }
    }
}

/// Whether anybody still waits for a read.
private final class LeftBehind: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }
    func set() { flag.store(true, ordering: .relaxed) }
}
