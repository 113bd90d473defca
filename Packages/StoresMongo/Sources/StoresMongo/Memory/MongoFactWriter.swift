import StoresCore

/// Writes batches of facts: what is there is read, its lines are copied to the history, and then it is replaced where
/// it still is what was read. What somebody else has changed in between is tried again.
struct MongoFactWriter {
    private struct Plan {
        var index: Int
        /// Nil where nothing is there.
        var current: MongoFact?
        var fact: Fact
        var life: String
    }

    let connection: MongoConnection

    func put(_ writes: [MongoFactWrite]) -> [Result<Fact, StoreError>] {
        var results: [Result<Fact, StoreError>?] = Array(repeating: nil, count: writes.count)
        do throws(StoreError) {
            while results.contains(where: { $0 == nil }) {
                if connection.deadline.hasPassed { throw .timeout("the write", applied: .no) }
                try round(writes, &results)
            }
        } catch {
            return results.map { $0 ?? .failure(error) }
        }
        return results.compactMap { $0 }
    }

    /// The first write of each fact that is not settled.
    private func round(_ writes: [MongoFactWrite], _ results: inout [Result<Fact, StoreError>?]) throws(StoreError) {
        var wanted: [String: Int] = [:]
        for index in writes.indices where results[index] == nil && wanted[writes[index].id] == nil {
            wanted[writes[index].id] = index
        }
        let found = try facts(Array(wanted.keys))
        var plans: [Plan] = []
        // In one order by all: some servers lock what a command changes until its end.
        for (_, index) in wanted.sorted(by: { $0.key < $1.key }) {
            let write = writes[index]
            let current = found[write.id]
            let isExpired = current?.isExpired(write.now) ?? true
            let visible = current.flatMap { $0.isVisible(write.now) ? $0 : nil }
            if let version = write.put.ifVersion, version != visible?.fact.version ?? 0 {
                results[index] = .failure(write.conflict(visible?.fact.version ?? 0))
                continue
            }
            // Versions go on after a delete, and start anew with a new life.
            let version = isExpired ? 1 : (current?.fact.version ?? 0) &+ 1
            plans.append(
                Plan(
                    index: index, current: current,
                    fact: write.fact(version, visible?.fact.createdAt ?? write.now),
                    life: isExpired ? write.stamp : current?.life ?? write.stamp))
        }
        try keepLines(plans.filter { $0.current?.life == $0.life }.compactMap(\.current))
        try insert(plans.filter { $0.current == nil }, writes, &results)
        try replace(plans.filter { $0.current != nil }, writes, &results)
    }

    func facts(_ keys: [String]) throws(StoreError) -> [String: MongoFact] {
        var found: [String: MongoFact] = [:]
        if keys.isEmpty { return found }
        if keys.count == 1 {
            let document = try connection.find(.facts, id: keys[0], fields: MongoFact.fields)
            if let document { found[keys[0]] = try MongoFact(document) }
            return found
        }
        let filter: BSONDocument = ["_id": ["$in": .array(keys.map(BSONValue.string))]]
        try connection.find(.facts, filter, fields: MongoFact.fields) { (document) throws(StoreError) in
            let fact = try MongoFact(document)
            found[fact.key] = fact
            return true
        }
        return found
    }

    /// Copies what is about to be replaced to the history. A copy that is there is the same.
    func keepLines(_ facts: [MongoFact]) throws(StoreError) {
        if facts.isEmpty { return }
        let written = try connection.insert(.factLines, facts.map(\.line.encoded))
        for error in written.errors.values where !error.isDuplicate { throw .mongo(error) }
    }

    private func insert(
        _ plans: [Plan], _ writes: [MongoFactWrite], _ results: inout [Result<Fact, StoreError>?]
    ) throws(StoreError) {
        if plans.isEmpty { return }
        let documents = plans.map { plan in
            let write = writes[plan.index]
            return (["_id": .string(write.id)] as BSONDocument)
                .merging(write.document(plan.fact, life: plan.life)).encoded
        }
        let written = try connection.insert(.facts, documents)
        for (place, plan) in plans.enumerated() {
            guard let error = written.errors[place] else {
                results[plan.index] = .success(plan.fact)
                continue
            }
            if !error.isDuplicate { results[plan.index] = .failure(.mongo(error)) }
        }
    }

    private func replace(
        _ plans: [Plan], _ writes: [MongoFactWrite], _ results: inout [Result<Fact, StoreError>?]
    ) throws(StoreError) {
        if plans.isEmpty { return }
        let statements = plans.map { plan -> BSONDocument in
            let write = writes[plan.index]
            return [
                "q": ["_id": .string(write.id), "stamp": .string(plan.current?.stamp ?? "")],
                "u": .document(write.document(plan.fact, life: plan.life)),
            ]
        }
        let written = try connection.update(.facts, statements)
        for (place, error) in written.errors { results[plans[place].index] = .failure(.mongo(error)) }
        let open = plans.filter { results[$0.index] == nil }
        // Of many statements the server only says how many matched.
        let isSettled = written.count == open.count
        let stamps = isSettled ? [:] : try facts(open.map { writes[$0.index].id }).mapValues(\.stamp)
        for plan in open {
            let write = writes[plan.index]
            var isWritten = isSettled || stamps[write.id] == write.stamp
            if !isWritten { isWritten = try wasWritten(plan, write) }
            if isWritten { results[plan.index] = .success(plan.fact) }
            // The history of a life that is over, or that somebody else has ended.
            if let current = plan.current, isWritten ? current.life != plan.life : stamps[write.id] == nil {
                try connection.delete(.factLines, ["life": .string(current.life)])
            }
        }
    }

    /// Whether a write came through, and was replaced since: then it has left its line.
    private func wasWritten(_ plan: Plan, _ write: MongoFactWrite) throws(StoreError) -> Bool {
        let key = MongoFact.lineKey(plan.life, plan.fact.version, .put)
        return try !connection.find(
            .factLines, ["_id": .string(key), "stamp": .string(write.stamp)], fields: ["_id": .int32(1)], limit: 1
        ).isEmpty
    }

    /// False when it was not there.
    func delete(_ id: String, _ scope: Scope, _ ifVersion: Int64?, _ stamp: String, _ now: Timestamp)
        throws(StoreError) -> Bool
    {
        let key = MongoFactKey(id, scope).id
        while true {
            if connection.deadline.hasPassed { throw .timeout("the deletion", applied: .no) }
            guard let current = try facts([key])[key], current.isVisible(now) else { return false }
            if let ifVersion, ifVersion != current.fact.version {
                throw MongoFactWrite.conflict(id, ifVersion, current.fact.version)
            }
            try keepLines([current])
            let count = try connection.update(
                .facts, ["_id": .string(key), "stamp": .string(current.stamp)],
                [
                    "$set": ["deleted": .date(now.millisecondsSinceEpoch), "stamp": .string(stamp)],
                    "$unset": ["fields": "", "words": "", "embedding": "", "length": ""],
                ])
            if count > 0 { return true }
        }
    }

    /// Removes facts with their history; how many of them were visible.
    func erase(_ filter: BSONDocument, _ now: Timestamp) throws(StoreError) -> Int {
        var count = 0
        let fields: BSONDocument = ["life": .int32(1), "expires": .int32(1), "deleted": .int32(1)]
        while true {
            if connection.deadline.hasPassed { throw .timeout("the removal", applied: .unknown) }
            var lives: [BSONValue] = []
            var visible: [Bool] = []
            for document in try connection.find(.facts, filter, fields: fields, limit: 1000) {
                guard let life = document["life"], life.string != nil else {
                    throw .mongoForeign("the facts' collection")
                }
                lives.append(life)
                let expires = document["expires"]?.date
                visible.append(
                    document["deleted"] == nil && expires.map { $0 > now.millisecondsSinceEpoch } ?? true)
            }
            if lives.isEmpty { return count }
            let removed = try connection.delete(.facts, ["life": ["$in": .array(lives)]])
            try connection.delete(.factLines, ["life": ["$in": .array(lives)]])
            count += removed == lives.count ? visible.count { $0 } : min(removed, visible.count { $0 })
            if lives.count < 1000 { return count }
        }
    }
}
