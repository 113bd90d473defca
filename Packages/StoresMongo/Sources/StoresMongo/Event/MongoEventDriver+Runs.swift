import StoresCore

/// Runs: a document for each id, which also holds the run's lease, so that a guarded save is one conditional write. A
/// delete leaves `version` and the lease's `generation`.
extension MongoEventDriver: RunDriver {
    private var leases: MongoLeases { MongoLeases(clients: clients, collection: .runs) }

    func saveRun(
        _ id: String, status: String, state: [UInt8], ifVersion: Int64?, leaseGuard: LeaseGuard?, context: CallContext
    ) async throws(StoreError) -> Run {
        let now = context.now
        return try await clients.call(context, writes: true) { (connection) throws(StoreError) in
            for _ in 0..<MongoSessionDriver.attempts {
                let fields: BSONDocument = [
                    "status": .int32(1), "version": .int32(1), "created": .int32(1), "generation": .int32(1),
                ]
                let found = try connection.find(.runs, id: id, fields: fields)
                if let leaseGuard {
                    let latest = found?["generation"]?.integer ?? 0
                    guard latest == leaseGuard.generation else { throw MongoLeases.fenced(leaseGuard, latest) }
                }
                let version = found?["version"]?.integer ?? 0
                let isThere = found?["status"] != nil
                if let ifVersion, ifVersion != (isThere ? version : 0) {
                    throw Self.conflict(id, ifVersion, isThere ? version : 0)
                }
                let created =
                    isThere ? found?["created"]?.date ?? now.millisecondsSinceEpoch : now.millisecondsSinceEpoch
                let run = Run(
                    id: id, status: status, state: state, version: version &+ 1,
                    createdAt: Timestamp(millisecondsSinceEpoch: created), updatedAt: now)
                if try Self.write(run, found, leaseGuard, connection) { return run }
            }
            throw .mongoTooBusy(id)
        }
    }

    /// False when somebody was faster.
    private static func write(
        _ run: Run, _ found: BSONDocument?, _ leaseGuard: LeaseGuard?, _ connection: MongoConnection
    ) throws(StoreError) -> Bool {
        let fields: BSONDocument = [
            "status": .string(run.status), "state": .binary(run.state), "version": .int64(run.version),
            "created": .date(run.createdAt.millisecondsSinceEpoch),
            "updated": .date(run.updatedAt.millisecondsSinceEpoch),
        ]
        guard let found else {
            let document = (["_id": .string(run.id)] as BSONDocument).merging(fields)
            guard let error = try connection.insert(.runs, [document.encoded]).errors[0] else { return true }
            if error.isDuplicate { return false }
            throw .mongo(error)
        }
        var filter: BSONDocument = ["_id": .string(run.id)]
        // As it was when the decision was made.
        filter["version"] = found["version"].map { ["$eq": $0] } ?? ["$exists": false]
        filter["status"] = ["$exists": .bool(found["status"] != nil)]
        if let leaseGuard { filter["generation"] = .int64(leaseGuard.generation) }
        return try connection.update(.runs, filter, ["$set": .document(fields)]) > 0
    }

    private static func conflict(_ id: String, _ wanted: Int64, _ current: Int64) -> StoreError {
        let found = current == 0 ? "it does not exist" : "it is at version \(current)"
        return StoreError(
            .conflict, wanted == 0 ? "the run must be new; \(found)" : "the run must be at \(wanted); \(found)",
            remedy: "load the run again and repeat the save with its version", resource: id, applied: .no,
            conflict: .version(current: current))
    }

    func loadRun(_ id: String, context: CallContext) async throws(StoreError) -> Run? {
        try await clients.call(context, writes: false) { (connection) throws(StoreError) in
            let found = try connection.find(.runs, ["_id": .string(id), "status": ["$exists": true]], limit: 1)
            return try found.first.map { (document) throws(StoreError) in try Self.run(document) }
        }
    }

    private static func run(_ document: BSONDocument) throws(StoreError) -> Run {
        guard let id = document["_id"]?.string, let status = document["status"]?.string,
            let state = document["state"]?.bytes, let version = document["version"]?.integer,
            let created = document["created"]?.date, let updated = document["updated"]?.date
        else { throw .mongoForeign("the runs' collection") }
        return Run(
            id: id, status: status, state: state, version: version,
            createdAt: Timestamp(millisecondsSinceEpoch: created), updatedAt: Timestamp(millisecondsSinceEpoch: updated)
        )
    }

    func listRuns(status: String?, cursor: Cursor?, limit: Int, context: CallContext) async throws(StoreError)
        -> Page<Run>
    {
        var filter: BSONDocument = ["status": status.map(BSONValue.string) ?? ["$exists": true]]
        if let cursor { filter["_id"] = ["$gt": .string(try CursorCodec.decode(cursor, parts: 1...1)[0])] }
        let (wanted, most) = (filter, min(max(1, limit), 1000))
        return try await clients.call(context, writes: false) { (connection) throws(StoreError) in
            var runs: [Run] = []
            try connection.find(.runs, wanted, sort: ["_id": .int32(1)], limit: most + 1) {
                (document) throws(StoreError) in
                runs.append(try Self.run(document))
                return true
            }
            guard runs.count > most else { return Page(items: runs, next: nil) }
            runs.removeLast()
            return Page(items: runs, next: runs.last.map { CursorCodec.encode([$0.id]) })
        }
    }

    func deleteRun(_ id: String, context: CallContext) async throws(StoreError) -> Bool {
        try await clients.call(context, writes: true) { (connection) throws(StoreError) in
            try connection.update(
                .runs, ["_id": .string(id), "status": ["$exists": true]],
                ["$unset": ["status": "", "state": "", "created": "", "updated": ""]]) > 0
        }
    }

    // MARK: Leases

    func acquireLease(_ key: String, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease? {
        try await leases.acquire(key, ttl: ttl, context: context)
    }

    func renewLease(_ lease: Lease, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease {
        try await leases.renew(lease, ttl: ttl, context: context)
    }

    func releaseLease(_ lease: Lease, context: CallContext) async throws(StoreError) -> Bool {
        try await leases.release(lease, context: context)
    }
}

extension MongoEventDriver: SnapshotDriver {
    func saveSnapshot(_ snapshot: Snapshot, context: CallContext) async throws(StoreError) {
        let place: BSONDocument = ["stream": .string(snapshot.stream), "revision": .int64(snapshot.revision)]
        let statement: BSONDocument = [
            "q": .document(place), "u": ["$set": ["data": .binary(snapshot.data)]], "upsert": true,
        ]
        try await clients.call(context, writes: true) { (connection) throws(StoreError) in
            // Of two that find nothing, the second meets the first one's document, and then finds it.
            for _ in 0..<MongoSessionDriver.attempts {
                guard let error = try connection.update(.snapshots, [statement]).errors[0] else { return }
                guard error.isDuplicate else { throw .mongo(error) }
            }
            throw .mongoTooBusy(snapshot.stream)
        }
    }

    func loadSnapshots(_ stream: String, atOrBefore: Int64?, limit: Int, context: CallContext)
        async throws(StoreError) -> [Snapshot]
    {
        let filter: BSONDocument = ["stream": .string(stream), "revision": ["$lte": .int64(atOrBefore ?? .max)]]
        let most = min(max(1, limit), 10_000)
        return try await clients.call(context, writes: false) { (connection) throws(StoreError) in
            try connection.find(.snapshots, filter, sort: ["revision": .int32(-1)], limit: most).map { document in
                // One that is damaged does not decode, and is ignored (E9); left out, it would look like the end.
                Snapshot(
                    stream: stream, revision: document["revision"]?.integer ?? 0, data: document["data"]?.bytes ?? [])
            }
        }
    }

    func deleteSnapshots(_ stream: String, before: Int64?, context: CallContext) async throws(StoreError) -> Int {
        var filter: BSONDocument = ["stream": .string(stream)]
        if let before { filter["revision"] = ["$lt": .int64(before)] }
        let wanted = filter
        return try await clients.call(context, writes: true) { (connection) throws(StoreError) in
            try connection.delete(.snapshots, wanted)
        }
    }
}
