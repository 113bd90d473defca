import CRdKafka
import Dispatch
import StoresCore

extension KafkaWriter {
    /// Writes the records in one transaction; their offsets. On the writer's thread.
    func transact(_ records: [(partition: Int32, record: KafkaRecord)]) throws(StoreError) -> [Int64] {
        if let error = KafkaTransactionError(rd_kafka_begin_transaction(producer.client.handle)) {
            throw ended(error, .no)
        }
        let known = Dictionary(uniqueKeysWithValues: Set(records.map(\.partition)).map { ($0, log.next($0)) })
        let offsets: [Int64]
        do throws(StoreError) {
            offsets = try send(records)
            for (partition, next) in known {
                let first = zip(records, offsets).lazy.filter { $0.0.partition == partition }.map(\.1).min() ?? next
                try lookBetween(partition, next, first)
            }
        } catch {
            try abort(because: error)
            throw error
        }
        try commit()
        for partition in known.keys {
            let last = zip(records, offsets).lazy.filter { $0.0.partition == partition }.map(\.1).max() ?? 0
            log.with(partition) { $0.transactionEnd = last + 1 }
        }
        return offsets
    }

    /// Waits for the delivery reports of all.
    private func send(_ records: [(partition: Int32, record: KafkaRecord)]) throws(StoreError) -> [Int64] {
        let arrivals = Guarded([Result<Int64, StoreError>?](repeating: nil, count: records.count))
        let all = DispatchGroup()
        for (place, one) in records.enumerated() {
            all.enter()
            producer.ship(
                KafkaProducer.Shipment(
                    partition: one.partition, timestamp: one.record.recordedAt.millisecondsSinceEpoch,
                    record: KafkaEncodedRecord(one.record)
                ) { arrived in
                    arrivals.withLock { $0[place] = arrived }
                    all.leave()
                })
        }
        all.wait()
        var offsets: [Int64] = []
        for arrival in arrivals.withLock({ $0 }) {
            guard let arrival else { throw StoreError(.internal, "a record has no delivery report", applied: .unknown) }
            offsets.append(try arrival.get())
        }
        return offsets
    }

    /// What is between the last that was known and the first of this transaction: nothing, or what brokers write at a
    /// transaction's end. Anything else is another writer's, who was not told to keep off: then what was decided does
    /// not hold.
    private func lookBetween(_ partition: Int32, _ next: Int64, _ first: Int64) throws(StoreError) {
        guard first > next, !log.with(partition, { $0.knows(before: first) }) else { return }
        try wait(partition, before: first, .seconds(10))
        let isForeign = log.with(partition) { state in
            let between = state.cache.records(from: next)?.prefix { $0.offset < first }
            let isForeign = between?.contains { !$0.record.events.isEmpty } ?? true
            if !isForeign, first == next + 1, state.transactionEnd == next { state.hasMarkers = true }
            return isForeign
        }
        guard isForeign else { return }
        let error = StoreError(
            .preconditionFailed, "another process writes into this topic beside the single writer",
            remedy: "let one process alone write, or set KAFKA_EVENT_MODE=shared for all", applied: .no)
        end(error)
        throw error
    }

    private func commit() throws(StoreError) {
        // Until it is settled nothing else can be written.
        while let error = KafkaTransactionError(rd_kafka_commit_transaction(producer.client.handle, 5000)) {
            if error.isFatal { throw ended(error, .unknown) }
            if error.requiresAbort {
                let reason = error.storeError(.no)
                try abort(because: reason)
                throw reason
            }
            guard error.isRetriable else { throw ended(error, .unknown) }
        }
    }

    private func abort(because reason: StoreError) throws(StoreError) {
        while let error = KafkaTransactionError(rd_kafka_abort_transaction(producer.client.handle, 5000)) {
            if error.isRetriable, !error.isFatal { continue }
            // It can't be committed any more: its records stay unseen.
            throw ended(error, .no)
        }
    }

    /// A fatal error is the end of this producer: somebody has taken over, or it is told apart from that no more.
    private func ended(_ error: KafkaTransactionError, _ applied: StoreError.Applied) -> StoreError {
        let known = error.storeError(applied)
        if error.isFatal { end(known.filling(applied: .no)) }
        return known
    }
}
