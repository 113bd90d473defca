import StoresCore

/// What this process knows of the topic, partition by partition, and who waits to know more.
///
/// Records come to it from three sides: from delivery reports of what this process wrote, from the follower, from
/// readers. Each is applied when everything before it is known; one that comes early waits for what is between.
final class KafkaLog: Sendable {
    typealias Placed = @Sendable (Result<AppendResult, StoreError>) -> Void
    typealias Written = (offset: Int64, record: KafkaRecord, placed: Placed)
    typealias Reached = @Sendable (Result<Void, StoreError>) -> Void

    struct Partition {
        var index: KafkaIndex
        var cache: KafkaCache
        /// Written by this process at an offset that the index has not come to yet.
        var early: [Int64: (record: KafkaRecord, placed: Placed)] = [:]
        /// Who waits until everything before an offset is known.
        var waiting: [UInt64: (target: Int64, reached: Reached)] = [:]
        /// Who waits for anything at or after an offset.
        var watching: [UInt64: (offset: Int64, reached: Reached)] = [:]
        var lastID: UInt64 = 0
        /// The end that a broker told last.
        var end: Int64 = 0
        /// Right after the last transaction of this process; brokers write a record of their own there, which nobody
        /// reads.
        var transactionEnd: Int64 = -1
        /// Whether that has been seen; librdkafka's mock cluster writes none.
        var hasMarkers = false

        /// Whether everything before the offset is known.
        func knows(before offset: Int64) -> Bool {
            index.next >= offset || (hasMarkers && transactionEnd == index.next && offset == index.next + 1)
        }

        /// Everything before it has to be known before the single writer decides: what a broker told of, and what this
        /// process itself has written.
        var decisive: Int64 { max(end, (early.keys.max() ?? -1) + 1) }

        /// How far somebody needs to be told; nil when nobody does.
        var wanted: Int64? {
            let target = max(early.keys.max() ?? -1, waiting.values.map(\.target).max() ?? -1)
            if !watching.isEmpty { return .max }
            return target > index.next ? target : nil
        }
    }

    let topic: String
    private let partitions: [Guarded<Partition>]
    private let keepsIDs: Bool
    private let cacheLimit: Int

    init(topic: String, partitions count: Int, keepsIDs: Bool, cacheLimit: Int = 8 << 20) {
        self.topic = topic
        self.keepsIDs = keepsIDs
        self.cacheLimit = cacheLimit / max(1, count)
        let limit = self.cacheLimit
        partitions = (0..<count).map { _ in
            Guarded(Partition(index: KafkaIndex(keepsIDs: keepsIDs), cache: KafkaCache(limit: limit)))
        }
    }

    var count: Int { partitions.count }

    func with<T>(_ partition: Int32, _ body: (inout Partition) -> T) -> T {
        partitions[Int(partition)].withLock { body(&$0) }
    }

    func next(_ partition: Int32) -> Int64 { with(partition) { $0.index.next } }

    // MARK: What is learnt

    /// This process wrote records there. Each is told once everything before it is known; true when the follower is
    /// needed for that.
    func wrote(_ written: [Written], _ partition: Int32) -> Bool {
        let (answers, needs) = with(partition) { state -> ([Answer], Bool) in
            var answers: [Answer] = []
            answers.reserveCapacity(written.count)
            for (offset, record, placed) in written {
                if offset == state.index.next {
                    answers.append(apply(record, placed, partition, &state))
                } else if offset > state.index.next {
                    state.early[offset] = (record, placed)
                } else if let first = state.index.revision(of: record.stream, at: offset) {
                    // A consumer was faster than the report.
                    answers.append(.placed(placed, .success(Self.result(record, partition, offset, first))))
                } else {
                    answers.append(.placed(placed, .failure(Self.vanished(topic))))
                }
            }
            advance(partition, &state, &answers)
            settle(&state, &answers)
            return (answers, !state.early.isEmpty)
        }
        for answer in answers { answer.give() }
        return needs
    }

    /// What one committed transaction of the single writer left in a partition, in order. Between `known` and the first
    /// of it is nothing that anybody reads: the writer has looked. True when the follower is needed for the rest.
    func committed(_ written: [Written], _ partition: Int32, from known: Int64) -> Bool {
        guard let first = written.first?.offset, let last = written.last?.offset else { return false }
        // Over what brokers wrote at the end of the last transaction: a decision must never wait for the follower to
        // bring what this process has just written itself.
        ended(partition, first, from: known)
        let needs = wrote(written, partition)
        // Only now: until here it says where the transaction before ended.
        with(partition) { $0.transactionEnd = last + 1 }
        return needs
    }

    /// Records that a consumer handed out one after the other, beginning with what it found at or after `start`. Those
    /// that are known already, or come before something unknown, change nothing.
    func found(_ records: [(offset: Int64, record: KafkaRecord)], _ partition: Int32, from start: Int64) {
        let answers = with(partition) { state -> [Answer] in
            guard start <= state.index.next else { return [] }
            var answers: [Answer] = []
            for (offset, record) in records { find(record, at: offset, partition, &state, &answers) }
            settle(&state, &answers)
            return answers
        }
        for answer in answers { answer.give() }
    }

    /// The revision of its first event where it was not known before.
    @discardableResult
    private func find(
        _ record: KafkaRecord, at offset: Int64, _ partition: Int32, _ state: inout Partition,
        _ answers: inout [Answer]
    ) -> Int64? {
        guard offset >= state.index.next else { return nil }
        // Nothing is between.
        state.index.skip(to: offset)
        if !state.early.isEmpty, state.early[offset] != nil {
            advance(partition, &state, &answers)
            return nil
        }
        let first = state.index.apply(record, at: offset)
        // What is long ago is not wanted again soon.
        if offset + Self.recent < state.end {
            state.cache.pass(offset)
        } else {
            state.cache.append(record, at: offset)
        }
        if !state.early.isEmpty { advance(partition, &state, &answers) }
        return first
    }

    /// How many records before the end of a partition are kept in memory when they are read.
    private static let recent: Int64 = 10_000

    /// There is nothing before the offset that has not been found.
    func ended(_ partition: Int32, _ offset: Int64, from start: Int64) {
        let answers = with(partition) { state -> [Answer] in
            guard start <= state.index.next else { return [] }
            state.index.skip(to: offset)
            var answers: [Answer] = []
            advance(partition, &state, &answers)
            settle(&state, &answers)
            return answers
        }
        for answer in answers { answer.give() }
    }

    /// What the broker says of a partition's ends. Records that are gone are forgotten; a topic that has become shorter
    /// is another one, of which nothing is known.
    func learn(_ partition: Int32, _ ends: KafkaEnds.Ends) {
        let answers = with(partition) { state -> [Answer] in
            if ends.isShorter {
                state.index = KafkaIndex(keepsIDs: keepsIDs)
                state.cache = KafkaCache(limit: cacheLimit)
                state.transactionEnd = -1
            }
            var answers: [Answer] = []
            // Written to the topic that was there before: nobody is to wait for it.
            for (offset, one) in state.early where ends.isShorter && offset >= ends.written {
                state.early[offset] = nil
                answers.append(.placed(one.placed, .failure(Self.vanished(topic))))
            }
            state.end = ends.high
            state.index.raise(floor: ends.low)
            state.cache.raise(floor: ends.low)
            settle(&state, &answers)
            return answers
        }
        for answer in answers { answer.give() }
    }

    /// See ``Partition/decisive``.
    func decisive(_ partition: Int32) -> Int64 { with(partition) { $0.decisive } }

    /// The end of a partition as a broker told it last.
    func knownEnd(_ partition: Int32) -> Int64 { with(partition) { $0.end } }

    /// What a reader found between two offsets; the revision of each record's first event, nil where there is none, or
    /// where retention has taken the record meanwhile.
    func learn(
        _ records: [(offset: Int64, record: KafkaRecord)], _ partition: Int32, from start: Int64, until end: Int64
    ) -> [Int64?] {
        let (answers, revisions) = with(partition) { state -> ([Answer], [Int64?]) in
            var answers: [Answer] = []
            var revisions: [Int64?] = []
            revisions.reserveCapacity(records.count)
            let isNext = start <= state.index.next
            for (offset, record) in records {
                let first = isNext ? find(record, at: offset, partition, &state, &answers) : nil
                let isKnown = first == nil || record.events.isEmpty
                revisions.append(isKnown ? state.index.revision(of: record.stream, at: offset) : first)
            }
            // Where retention took some, a record that comes later may have told how many.
            if state.index.floor > 0 {
                revisions = records.map { state.index.revision(of: $0.record.stream, at: $0.offset) }
            }
            if isNext {
                state.index.skip(to: end)
                advance(partition, &state, &answers)
                settle(&state, &answers)
            }
            return (answers, revisions)
        }
        for answer in answers { answer.give() }
        return revisions
    }

    /// The partition can't be read: everybody who waits for it is told why. What was written is written.
    func fail(_ partition: Int32, _ error: StoreError) {
        let answers = with(partition) { state -> [Answer] in
            let early = state.early.values.map { Answer.placed($0.placed, .failure(error.kafkaWrite(.yes))) }
            let others = (state.waiting.values.map(\.reached) + state.watching.values.map(\.reached)).map {
                Answer.reached($0, .failure(error))
            }
            (state.early, state.waiting, state.watching) = ([:], [:], [:])
            return early + others
        }
        for answer in answers { answer.give() }
    }

    /// Everybody who waits is told that nothing more comes.
    func close() {
        for partition in partitions.indices { fail(Int32(partition), .kafkaShutDown()) }
    }

    // MARK: Who waits

    /// - Returns: For ``leave(_:_:)``; nil when it is known already, and `reached` has been called.
    func whenKnown(_ partition: Int32, before target: Int64, _ reached: @escaping Reached) -> UInt64? {
        let id = with(partition) { state -> UInt64? in
            if state.knows(before: target) { return nil }
            state.lastID += 1
            state.waiting[state.lastID] = (target, reached)
            return state.lastID
        }
        if id == nil { reached(.success(())) }
        return id
    }

    /// Told when there may be something at or after the offset.
    func whenAny(_ partition: Int32, from offset: Int64, _ reached: @escaping Reached) -> UInt64? {
        let id = with(partition) { state -> UInt64? in
            if state.index.next > offset { return nil }
            state.lastID += 1
            state.watching[state.lastID] = (offset, reached)
            return state.lastID
        }
        if id == nil { reached(.success(())) }
        return id
    }

    func leave(_ partition: Int32, _ id: UInt64) {
        with(partition) { state in
            state.waiting[id] = nil
            state.watching[id] = nil
        }
    }

    // MARK: Inside

    /// What is to be said once the lock is free.
    private enum Answer {
        case placed(Placed, Result<AppendResult, StoreError>)
        case reached(Reached, Result<Void, StoreError>)

        func give() {
            switch self {
            case .placed(let placed, let result): placed(result)
            case .reached(let reached, let result): reached(result)
            }
        }
    }

    /// A record at the place that comes next.
    private func apply(_ record: KafkaRecord, _ placed: @escaping Placed, _ partition: Int32, _ state: inout Partition)
        -> Answer
    {
        let offset = state.index.next
        let first = state.index.apply(record, at: offset)
        state.cache.append(record, at: offset)
        return .placed(placed, .success(Self.result(record, partition, offset, first)))
    }

    /// Applies what came early and is next.
    private func advance(_ partition: Int32, _ state: inout Partition, _ answers: inout [Answer]) {
        guard !state.early.isEmpty else { return }
        while let (record, placed) = state.early.removeValue(forKey: state.index.next) {
            answers.append(apply(record, placed, partition, &state))
        }
        // Of another topic than the one that is there now.
        for (offset, one) in state.early where offset < state.index.next {
            state.early[offset] = nil
            answers.append(.placed(one.placed, .failure(Self.vanished(topic))))
        }
    }

    private func settle(_ state: inout Partition, _ answers: inout [Answer]) {
        let next = state.index.next
        for (id, one) in state.waiting where one.target <= next {
            state.waiting[id] = nil
            answers.append(.reached(one.reached, .success(())))
        }
        for (id, one) in state.watching where one.offset < next {
            state.watching[id] = nil
            answers.append(.reached(one.reached, .success(())))
        }
    }

    private static func result(_ record: KafkaRecord, _ partition: Int32, _ offset: Int64, _ first: Int64)
        -> AppendResult
    {
        let count = record.events.count
        return AppendResult(
            firstRevision: first, lastRevision: first + Int64(count) - 1,
            position: KafkaPlace(partition: partition, record: offset, index: count - 1, of: count).position,
            isDeduplicated: false)
    }

    private static func vanished(_ topic: String) -> StoreError {
        StoreError(
            .unavailable, "the topic was deleted or made anew while events were appended", resource: topic,
            applied: .unknown)
    }
}
