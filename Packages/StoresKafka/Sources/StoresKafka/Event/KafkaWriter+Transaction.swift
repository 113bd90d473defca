import CRdKafka
import Dispatch
import StoresCore

extension KafkaWriter {
    /// Writes the records in one transaction; their offsets. On the writer's thread.
    ///
    /// - Parameter known: What was known of each partition when the first decision about it was made.
    func transact(
        _ records: [(partition: Int32, record: KafkaRecord)], known: [Int32: Int64]
    ) throws(StoreError) -> [Int64] {
        if let error = KafkaTransactionError(rd_kafka_begin_transaction(producer.client.handle)) {
            throw ended(error, .no)
        }
        let offsets: [Int64]
        do throws(StoreError) {
            offsets = try send(records)
            for (partition, next) in known {
                let mine = zip(records, offsets).filter { $0.0.partition == partition }.map(\.1)
                guard let first = mine.first else { continue }
                // A transaction's records follow each other, unless somebody else wrote in between.
                guard KafkaPlan.follow(mine) else { throw foreign() }
                try lookBetween(partition, next, first)
            }
        } catch {
            try abort(.no)
            // Whatever became of its records: they are in no transaction that was committed.
            throw error.kafkaWrite(.no)
        }
        try commit()
        return offsets
    }

    /// Waits for the delivery reports of all.
    private func send(_ records: [(partition: Int32, record: KafkaRecord)]) throws(StoreError) -> [Int64] {
        let arrivals = Guarded([Result<Int64, StoreError>?](repeating: nil, count: records.count))
        let all = DispatchGroup()
        for (place, one) in records.enumerated() {
            all.enter()
            producer.ship(
                KafkaShipment(KafkaEncodedRecord(one.record), one.partition) { arrived in
                    arrivals.withLock { $0[place] = arrived }
                    all.leave()
                })
        }
        all.wait()
        var offsets: [Int64] = []
        var failure: StoreError?
        for arrival in arrivals.withLock({ $0 }) {
            switch arrival {
            case .success(let offset): offsets.append(offset)
            // Where one record is refused, the others are given up: the refusal says more.
            case .failure(let error): if failure?.isRetryable != false { failure = error }
            case nil: throw StoreError(.internal, "a record has no delivery report", applied: .unknown)
            }
        }
        if let failure { throw failure }
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
        if isForeign { throw foreign() }
    }

    private func foreign() -> StoreError {
        let error = StoreError(
            .preconditionFailed, "another process writes into this topic beside the single writer",
            remedy: "let one process alone write, or set KAFKA_EVENT_MODE=shared for all", applied: .no)
        end(error)
        return error
    }

    /// From here on nobody knows what became of a transaction whose end was not confirmed: the brokers may have taken
    /// the end before they refused a repetition.
    private func commit() throws(StoreError) {
        // Until it is settled nothing else can be written.
        while let error = KafkaTransactionError(rd_kafka_commit_transaction(producer.client.handle, 1000)) {
            if !error.isFatal, error.requiresAbort {
                try abort(.unknown)
                throw error.storeError(.unknown)
            }
            guard error.isRetriable, !error.isFatal else { throw ended(error, .unknown) }
            if isClosed { throw .kafkaShutDown().kafkaWrite(.unknown) }
        }
    }

    /// - Parameter applied: What is known of the transaction where even this fails: before its end was asked for it
    ///   can't be committed any more, and its records stay unseen.
    private func abort(_ applied: StoreError.Applied) throws(StoreError) {
        while let error = KafkaTransactionError(rd_kafka_abort_transaction(producer.client.handle, 1000)) {
            guard error.isRetriable, !error.isFatal else { throw ended(error, applied) }
            if isClosed { throw .kafkaShutDown().kafkaWrite(applied) }
        }
    }

    /// A fatal error is the end of this producer: somebody has taken over, or it is told apart from that no more.
    private func ended(_ error: KafkaTransactionError, _ applied: StoreError.Applied) -> StoreError {
        let known = error.storeError(applied)
        // Of what is refused from now on nothing is written.
        if error.isFatal { end(known.kafkaWrite(.no)) }
        return known
    }
}
