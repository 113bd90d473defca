import StoresCore

/// The event tier: a record for each append, see ``KafkaRecord``, and an index of them, see ``KafkaLog``.
struct KafkaEventDriver: EventDriver {
    let connection: KafkaConnection

    var configuration: KafkaConfiguration { connection.configuration }

    // MARK: Append

    func append(_ events: [NewEvent], to stream: String, expected: ExpectedRevision, context: CallContext)
        async throws(StoreError) -> AppendResult
    {
        try context.check(applied: .no)
        let running = try connection.running()
        if let writer = running.writer {
            return try await writer.append(events, to: stream, expected: expected, context: context)
        }
        guard expected == .any else {
            throw StoreError(
                .unsupported, "Kafka can't append on a condition while others may append too", applied: .no)
        }
        let partition = KafkaPartitioner.partition(of: stream, among: running.partitions)
        let record = KafkaRecord(
            stream: stream, events: events, recordedAt: context.now,
            hint: running.log.with(partition) { $0.index.hint(for: stream) }, foreign: nil)
        return try await running.producer.append(KafkaEncodedRecord(record), partition, until: context.deadline)
    }

    // MARK: What is known

    /// Sees to it that everything is known that was there when this was called; where the partition begins and ends.
    func catchUp(_ running: KafkaConnection.Running, _ partition: Int32, _ context: CallContext)
        async throws(StoreError) -> KafkaEnds.Ends
    {
        let ends = try await running.ends.ask(partition, context.deadline)
        try await know(running, partition, before: ends.high, context)
        return ends
    }

    /// Waits until everything before an offset is known.
    func know(
        _ running: KafkaConnection.Running, _ partition: Int32, before offset: Int64, _ context: CallContext
    ) async throws(StoreError) {
        let log = running.log
        if log.next(partition) >= offset { return }
        let id = Guarded<UInt64?>(nil)
        do throws(StoreError) {
            try await connection.watch.wait(
                until: context.deadline,
                leave: {
                    if let id = id.withLock({ $0 }) { log.leave(partition, id) }
                    return nil
                }
            ) { (answer: @escaping KafkaLog.Reached) in
                let waiting = log.whenKnown(partition, before: offset, answer)
                id.withLock { $0 = waiting }
                if waiting != nil { running.follower.wake() }
            }
        } catch {
            guard error.code == .timeout else { throw error }
            throw .timeout(
                "reading the topic up to offset \(offset), \(log.next(partition)) of them so far,",
                underlying: running.signals.lastTrouble)
        }
    }

    /// Waits until there is something at or after one of the places, something else is there, or the deadline has
    /// passed.
    ///
    /// - Parameter other: Gets what is to be called when it is.
    func watchAny(
        _ running: KafkaConnection.Running, _ places: [KafkaPlace], until deadline: Deadline,
        orWhen other: (@escaping KafkaLog.Reached) -> Void = { _ in }
    ) async throws(StoreError) {
        let log = running.log
        let ids = Guarded([(Int32, UInt64)]())
        let leave: @Sendable () -> Void = {
            for (partition, id) in ids.withLock({ $0 }) { log.leave(partition, id) }
        }
        defer { leave() }
        do throws(StoreError) {
            try await connection.watch.wait(
                until: deadline,
                leave: {
                    leave()
                    return nil
                }
            ) { (answer: @escaping KafkaLog.Reached) in
                other(answer)
                for place in places {
                    guard let id = log.whenAny(place.partition, from: place.offset, answer) else { return }
                    ids.withLock { $0.append((place.partition, id)) }
                }
                running.follower.wake()
            }
        } catch {
            guard error.code == .timeout else { throw error }
        }
    }
}
