import StoresCore

/// The order of a topic with one partition is that of its log: a record at a higher offset comes later, and none comes
/// to a lower one, so nothing is ever skipped (E6).
extension KafkaEventDriver: OrderedEventDriver {
    func readAll(after position: Position?, limit: Int, context: CallContext) async throws(StoreError) -> EventSlice {
        try context.check()
        let running = try connection.running()
        let place = try position.map { (position) throws(StoreError) in try KafkaPlace(position) }
        if let place, place.partition >= running.partitions {
            throw .invalidArgument("the position is of a partition that the topic does not have")
        }
        let scan = KafkaScan(driver: self, running: running, isFromStart: place == nil)
        let start = place ?? KafkaPlace(partition: 0, offset: 0, skip: 0)
        let found = try await scan.read(start, limit: limit, context)
        return EventSlice(
            events: found.events, next: found.next == start && position == nil ? nil : found.next.position,
            isAtEnd: found.isAtEnd)
    }

    func head(context: CallContext) async throws(StoreError) -> Position? {
        try context.check()
        let ends = try await connection.running().ends.ask(0, context.deadline)
        return ends.high > ends.low ? KafkaPlace(partition: 0, offset: ends.high, skip: 0).position : nil
    }

    func waitForEvents(after position: Position?, timeout: Duration) async throws(StoreError) {
        let running = try connection.running()
        let place = try position.map { (position) throws(StoreError) in try KafkaPlace(position) }
        let start = place ?? KafkaPlace(partition: 0, offset: 0, skip: 0)
        // Within a record there is more for certain.
        guard start.skip == 0 else { return }
        try await watchAny(running, [start], until: .after(timeout))
    }
}
