import StoresCore
import Synchronization

/// Writes appends in batches, one batch of this process at a time: one ordered insert, with the numbers that follow the
/// last one. Whoever finds his number, or his place in the stream, taken looks again.
///
/// It remembers where streams end and what the last number is, which saves asking. It may be wrong, since other
/// processes append too: then the unique indexes say so, and it asks.
final class MongoAppender: Sendable {
    private struct Memory {
        var heads: [[UInt8]: MongoCommit.Head] = [:]
        var lastNumber: Int64?

        static let capacity = 10_000

        mutating func remember(_ stream: [UInt8], _ head: MongoCommit.Head) {
            if heads.count >= Self.capacity, heads[stream] == nil { heads.removeAll(keepingCapacity: true) }
            heads[stream] = head
        }
    }

    private let memory = Mutex(Memory())

    func append(_ items: [MongoAppend], _ connection: MongoConnection) -> [Result<AppendResult, StoreError>] {
        var results: [Result<AppendResult, StoreError>?] = Array(repeating: nil, count: items.count)
        do throws(StoreError) {
            while results.contains(where: { $0 == nil }) {
                if connection.deadline.hasPassed { throw .timeout("the append", applied: .no) }
                try round(items, &results, connection)
            }
        } catch {
            // Nobody knows what of the last insert is there.
            memory.withLock { $0 = Memory() }
            return results.map { $0 ?? .failure(error) }
        }
        return results.compactMap { $0 }
    }

    /// One insert of what is not settled, as far as it can go in one.
    private func round(
        _ items: [MongoAppend], _ results: inout [Result<AppendResult, StoreError>?], _ connection: MongoConnection
    ) throws(StoreError) {
        var number = try lastNumber(connection)
        var heads: [[UInt8]: MongoCommit.Head] = [:]
        var planned: [(index: Int, number: Int64, first: Int64, life: Int64)] = []
        var documents: [[UInt8]] = []
        for index in items.indices where results[index] == nil {
            let item = items[index]
            let stream = Array(item.stream.utf8)
            var head: MongoCommit.Head
            if let ahead = heads[stream] {
                // Of an earlier one of this batch, which is not there yet: what does not follow it waits.
                guard item.expected.isMet(by: ahead.revision) else { continue }
                head = ahead
            } else if let known = memory.withLock({ $0.heads[stream] }), item.expected.isMet(by: known.revision) {
                head = known
            } else {
                head = try self.head(item.stream, connection)
                if !item.expected.isMet(by: head.revision) {
                    results[index] = Result { () throws(StoreError) in
                        guard let earlier = try item.earlier(head, connection) else {
                            throw item.expected.conflict(with: head.revision, in: item.stream)
                        }
                        return earlier
                    }
                    continue
                }
            }
            let place = head.next
            number += 1
            documents.append(item.document(number, place).encoded)
            planned.append((index, number, place.first, place.life))
            heads[stream] = MongoCommit.Head(
                life: place.life, last: place.first + Int64(item.ids.count) - 1, isRemoved: false)
        }
        if documents.isEmpty { return }
        let written = try connection.insert(.events, documents, isOrdered: true)
        let failed = written.errors.keys.min() ?? planned.count
        for (place, plan) in planned.enumerated() where place < failed {
            let item = items[plan.index]
            results[plan.index] = .success(item.result(plan.number, plan.first))
            memory.withLock { memory in
                memory.lastNumber = plan.number
                memory.remember(
                    Array(item.stream.utf8),
                    MongoCommit.Head(
                        life: plan.life, last: plan.first + Int64(item.ids.count) - 1, isRemoved: false))
            }
        }
        guard let error = written.errors[failed], planned.indices.contains(failed) else { return }
        let plan = planned[failed]
        guard error.isDuplicate else {
            results[plan.index] = .failure(.mongo(error))
            return
        }
        // The number is taken, or the place in the stream, or an event is there: asked for anew, whatever it was.
        let item = items[plan.index]
        memory.withLock { memory in
            memory.lastNumber = nil
            memory.heads[Array(item.stream.utf8)] = nil
        }
        guard error.index != "_id_" else { return }
        let head = try self.head(item.stream, connection)
        try removeEarlierLives(item.stream, head, connection)
        do throws(StoreError) {
            if let earlier = try item.earlier(head, connection) { results[plan.index] = .success(earlier) }
        } catch {
            guard error.code == .conflict else { throw error }
            results[plan.index] = .failure(error)
        }
    }

    // MARK: Deleting

    /// False when it was not there.
    func delete(_ stream: String, _ connection: MongoConnection) throws(StoreError) -> Bool {
        while true {
            if connection.deadline.hasPassed { throw .timeout("the deletion", applied: .no) }
            let head = try self.head(stream, connection)
            guard !head.isRemoved else {
                // One that was cut short has left commits of an earlier life.
                try removeEarlierLives(stream, head, connection)
                return false
            }
            memory.withLock { $0.lastNumber = nil }
            let number = try lastNumber(connection) + 1
            let written = try connection.insert(.events, [MongoCommit.marker(number, stream, head).encoded])
            if let error = written.errors[0] {
                guard error.isDuplicate else { throw .mongo(error) }
                continue
            }
            memory.withLock { memory in
                memory.lastNumber = number
                memory.heads[Array(stream.utf8)] = nil
            }
            var removed = head
            removed.isRemoved = true
            try removeEarlierLives(stream, removed, connection)
            return true
        }
    }

    /// What was appended before the stream was deleted. Its last commit stays, without events: numbers are not used
    /// again.
    private func removeEarlierLives(_ stream: String, _ head: MongoCommit.Head, _ connection: MongoConnection)
        throws(StoreError)
    {
        let life = head.isRemoved ? head.life : head.life - 1
        if life < 0 { return }
        try connection.delete(
            .events,
            ["stream": .string(stream), "life": ["$lte": .int64(life)], "removed": ["$exists": false]])
    }

    // MARK: Asking

    func head(_ stream: String, _ connection: MongoConnection) throws(StoreError) -> MongoCommit.Head {
        let found = try connection.find(
            .events, ["stream": .string(stream)], sort: ["life": .int32(-1), "first": .int32(-1)],
            fields: MongoCommit.headFields, limit: 1)
        guard let document = found.first else { return .none }
        return try MongoCommit.head(document)
    }

    private func lastNumber(_ connection: MongoConnection) throws(StoreError) -> Int64 {
        if let known = memory.withLock({ $0.lastNumber }) { return known }
        let found = try connection.find(
            .events, [:], sort: ["_id": .int32(-1)], fields: ["_id": .int32(1)], limit: 1)
        guard let document = found.first else { return 0 }
        guard let number = document["_id"]?.integer, number >= 0, number < .max - 1_000_000 else {
            throw .mongoForeign("the events' collection")
        }
        memory.withLock { $0.lastNumber = number }
        return number
    }
}
