import StoresCore

extension KafkaEventDriver {
    func read(_ stream: String, from: Int64?, direction: ReadDirection, limit: Int, context: CallContext)
        async throws(StoreError) -> StreamSlice
    {
        try context.check()
        let running = try connection.running()
        let partition = KafkaPartitioner.partition(of: stream, among: running.partitions)
        _ = try await catchUp(running, partition, context)
        let (name, refuses) = (configuration.topic, !configuration.skipsForeign)
        let plan = try running.log.with(partition) { state in
            Result { () throws(StoreError) in
                if refuses, let (offset, reason) = state.index.streams[KafkaKey(stream)]?.foreign.first {
                    throw .kafkaForeign(name, partition, offset, reason)
                }
                return try KafkaReadPlan(state, stream, from: from, direction: direction, limit: limit)
            }
        }.get()
        guard var plan else { return StreamSlice(exists: false, events: [], lastRevision: nil) }
        if let first = plan.missing.first, let last = plan.missing.last {
            let missing = plan.missing
            // What is between is other streams'; it is read over, unless it is much.
            let (found, _) = try await running.readers.read(
                KafkaReader.Place(partition: partition, offset: first), until: last + 1, goesOn: false,
                deadline: context.deadline, into: [Int64: KafkaRecord]()
            ) { found, offset, record in
                if missing.binaryContains(offset) { found[offset] = record }
                return offset < last
            }
            plan.fill(found)
        }
        return try plan.slice(partition)
    }
}

extension [Int64] {
    /// Whether it is among them, which are in ascending order.
    fileprivate func binaryContains(_ element: Int64) -> Bool {
        let place = firstPlace { $0 >= element }
        return place < count && self[place] == element
    }
}
