import StoresCore

/// Reads a partition's events in the order of its log.
struct KafkaScan {
    let driver: KafkaEventDriver
    let running: KafkaConnection.Running
    /// Nobody has read anything yet: the oldest that is kept is the first.
    let isFromStart: Bool

    struct Found {
        var events: [RecordedEvent] = []
        var next: KafkaPlace
        var isAtEnd: Bool
    }

    private var log: KafkaLog { running.log }

    func read(_ start: KafkaPlace, limit: Int, _ context: CallContext) async throws(StoreError) -> Found {
        let partition = start.partition
        // Everything before the place has to be known, for the revisions of what follows. What follows is learnt by
        // reading it, so that it is fetched once.
        if log.next(partition) < start.offset { _ = try await driver.catchUp(running, partition, context) }
        var found = Found(next: start, isAtEnd: false)
        let floor = log.with(partition) { $0.index.floor }
        if isFromStart, floor > start.offset { found.next = KafkaPlace(partition: partition, offset: floor, skip: 0) }
        if take(fromCache: partition, limit, &found) { return found }
        var ends = log.knownEnd(partition)
        while found.events.count < limit {
            if found.next.offset >= ends {
                // It may have become longer meanwhile; only a question that was asked now says that this is the end.
                let now = try await running.ends.ask(partition, sought: found.next.offset, context.deadline)
                guard now.written >= found.next.offset else { throw beyond(found.next) }
                ends = now.high
                if found.next.offset >= ends {
                    found.isAtEnd = true
                    break
                }
                if take(fromCache: partition, limit, &found) { break }
                if found.next.offset >= ends { continue }
            }
            guard try await fetch(until: ends, limit, &found, context) else { break }
        }
        return found
    }

    /// What is in memory anyway. True when that is enough.
    private func take(fromCache partition: Int32, _ limit: Int, _ found: inout Found) -> Bool {
        let from = found.next.offset
        let cached = log.with(partition) { state -> ([(Int64, KafkaRecord, Int64?)], Int64)? in
            guard let records = state.cache.records(from: from) else { return nil }
            let some = records.prefix(limit + 1).map { offset, record in
                (offset, record, state.index.revision(of: record.stream, at: offset))
            }
            return (some, state.index.next)
        }
        guard let (records, next) = cached else { return false }
        for (offset, record, first) in records {
            // What is refused, or has been dropped since, is what the brokers are asked for next.
            let isRefused = record.foreign != nil && !driver.configuration.skipsForeign
            guard !isRefused, first != nil || record.events.isEmpty else { return !found.events.isEmpty }
            add(record, offset, first ?? 0, limit, &found)
            if found.events.count >= limit { return true }
        }
        // What is known and not here is no event.
        if records.count <= limit, next > found.next.offset {
            found.next = KafkaPlace(partition: partition, offset: next, skip: 0)
        }
        return false
    }

    /// False when what comes next is for another call.
    private func fetch(until end: Int64, _ limit: Int, _ found: inout Found, _ context: CallContext)
        async throws(StoreError) -> Bool
    {
        let partition = found.next.partition
        let start = found.next.offset
        let wanted = limit - found.events.count + found.next.skip
        let read: (records: [(offset: Int64, record: KafkaRecord)], events: Int)
        let next: Int64
        do throws(StoreError) {
            (read, next) = try await running.readers.read(
                KafkaReader.Place(partition: partition, offset: start), until: end, goesOn: true,
                deadline: context.deadline, into: (records: [], events: 0)
            ) { read, offset, record in
                read.records.append((offset, record))
                read.events += max(1, record.events.count)
                return read.events < wanted
            }
        } catch {
            guard error.isKafkaOffsetOutOfRange else { throw error }
            return try await passOver(&found, error, context)
        }
        let records = read.records
        if (records.first?.offset ?? next) > start {
            // Either brokers' own records were between, or retention took what was (E11).
            let oldest = try await running.ends.ask(partition, context.deadline).low
            guard oldest <= start || (isFromStart && found.events.isEmpty) else { throw gone(start, oldest) }
        }
        let revisions = log.learn(records, partition, from: start, until: next)
        for ((offset, record), first) in zip(records, revisions) {
            if let reason = record.foreign, !driver.configuration.skipsForeign {
                // What comes before it is delivered first.
                if !found.events.isEmpty { return false }
                throw .kafkaForeign(driver.configuration.topic, partition, offset, reason)
            }
            guard first != nil || record.events.isEmpty else { throw gone(offset, offset + 1) }
            add(record, offset, first ?? 0, limit, &found)
            if found.events.count >= limit { return true }
        }
        if next > found.next.offset { found.next = KafkaPlace(partition: partition, offset: next, skip: 0) }
        return true
    }

    /// There is nothing at the place. Who has read nothing yet goes on with the oldest that is kept (E11).
    private func passOver(_ found: inout Found, _ error: StoreError, _ context: CallContext)
        async throws(StoreError) -> Bool
    {
        let place = found.next
        let ends = try await running.ends.ask(place.partition, sought: place.offset, context.deadline)
        guard ends.written >= place.offset else { throw beyond(place) }
        // It was there, and is again: a replica that lagged behind.
        guard ends.low > place.offset else { throw error }
        guard isFromStart, found.events.isEmpty else { throw gone(place.offset, ends.low) }
        found.next = KafkaPlace(partition: place.partition, offset: ends.low, skip: 0)
        return true
    }

    private func beyond(_ place: KafkaPlace) -> StoreError {
        StoreError(
            .notFound, "the position is beyond the end of the topic, which must have been made anew",
            remedy: "subscribe from the start", resource: driver.configuration.topic)
    }

    private func gone(_ offset: Int64, _ oldest: Int64) -> StoreError {
        StoreError(
            .notFound,
            "the topic does not keep what follows the position any more, at offset \(offset); it begins at \(oldest)",
            remedy: "subscribe from the start, which is the oldest that is kept, or keep events for longer: the "
                + "topic's retention.ms", resource: driver.configuration.topic)
    }

    private func add(_ record: KafkaRecord, _ offset: Int64, _ first: Int64, _ limit: Int, _ found: inout Found) {
        let skip = offset == found.next.offset ? found.next.skip : 0
        let count = record.events.count
        for index in min(skip, count)..<count {
            guard found.events.count < limit else { return }
            let place = KafkaPlace(partition: found.next.partition, record: offset, index: index, of: count)
            found.events.append(
                RecordedEvent(
                    stream: record.stream, revision: first + Int64(index), position: place.position,
                    event: record.events[index], recordedAt: record.recordedAt))
            found.next = place
        }
        if count == 0 { found.next = KafkaPlace(partition: found.next.partition, offset: offset + 1, skip: 0) }
    }
}
