import StoresCore

/// Leases as documents: `generation`, which only rises, and `leased`, until when. In a collection of their own, or in
/// the documents of runs.
struct MongoLeases {
    let clients: MongoClients
    let collection: MongoCollection

    private static let fields: BSONDocument = ["generation": .int32(1), "leased": .int32(1)]

    func acquire(_ key: String, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease? {
        let now = context.now
        let expiresAt = now.advanced(by: ttl)
        let collection = collection
        return try await clients.call(context, writes: true) { (connection) throws(StoreError) in
            do throws(StoreError) {
                // A lease that is held does not match; then the upsert meets its key.
                let found = try connection.modify(
                    collection,
                    ["_id": .string(key), "leased": ["$not": ["$gt": .date(now.millisecondsSinceEpoch)]]],
                    [
                        "$inc": ["generation": 1],
                        "$set": ["leased": .date(expiresAt.millisecondsSinceEpoch)],
                    ], upsert: true, fields: Self.fields)
                guard let generation = found?["generation"]?.integer else { throw .mongoForeign("the lease", key) }
                return Lease(key: key, generation: generation, expiresAt: expiresAt)
            } catch {
                guard error.code == .alreadyExists else { throw error }
                return nil
            }
        }
    }

    func renew(_ lease: Lease, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease {
        let now = context.now
        let expiresAt = now.advanced(by: ttl)
        let collection = collection
        return try await clients.call(context, writes: true) { (connection) throws(StoreError) in
            let count = try connection.update(
                collection, Self.held(lease, now),
                ["$set": ["leased": .date(expiresAt.millisecondsSinceEpoch)]])
            if count > 0 { return Lease(key: lease.key, generation: lease.generation, expiresAt: expiresAt) }
            throw StoreError(
                .preconditionFailed, "the lease was superseded, was released or has expired",
                remedy: "acquire it anew and redo what was done under it", resource: lease.key, applied: .no,
                conflict: .version(current: try Self.generation(lease.key, collection, connection)))
        }
    }

    func release(_ lease: Lease, context: CallContext) async throws(StoreError) -> Bool {
        let now = context.now
        let collection = collection
        return try await clients.call(context, writes: true) { (connection) throws(StoreError) in
            try connection.update(collection, Self.held(lease, now), ["$set": ["leased": .null]]) > 0
        }
    }

    private static func held(_ lease: Lease, _ now: Timestamp) -> BSONDocument {
        [
            "_id": .string(lease.key), "generation": .int64(lease.generation),
            "leased": ["$gt": .date(now.millisecondsSinceEpoch)],
        ]
    }

    /// 0 when it was never granted.
    static func generation(_ key: String, _ collection: MongoCollection, _ connection: MongoConnection)
        throws(StoreError) -> Int64
    {
        try connection.find(collection, id: key, fields: fields)?["generation"]?.integer ?? 0
    }

    static func fenced(_ leaseGuard: LeaseGuard, _ current: Int64) -> StoreError {
        StoreError(
            .preconditionFailed,
            "the write is guarded by generation \(leaseGuard.generation) of a lease; the latest is \(current)",
            remedy: "stop: somebody else holds the lease", resource: leaseGuard.key, applied: .no,
            conflict: .version(current: current))
    }
}
