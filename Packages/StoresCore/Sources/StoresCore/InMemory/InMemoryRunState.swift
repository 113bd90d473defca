/// All runs and their leases.
struct InMemoryRunState: Sendable {
    var leases = InMemoryLeases()
    private var runs: [ByteKey: Run] = [:]
    /// The last versions of deleted runs: versions go on, so that a stale one never fits by chance (E8).
    private var lastVersions: [ByteKey: Int64] = [:]
    private var order = InMemoryOrderedKeys<ByteKey>()

    func run(_ id: String) -> Run? { runs[ByteKey(id)] }

    mutating func save(
        _ id: String, _ status: String, _ state: [UInt8], _ ifVersion: Int64?, _ leaseGuard: LeaseGuard?,
        _ now: Timestamp
    ) throws(StoreError) -> Run {
        try leases.check(leaseGuard)
        let key = ByteKey(id)
        let current = runs[key]
        if let ifVersion, ifVersion != current?.version ?? 0 {
            let found = current.map { "it is at version \($0.version)" } ?? "it does not exist"
            throw StoreError(
                .conflict,
                ifVersion == 0 ? "the run must be new; \(found)" : "the run must be at \(ifVersion); \(found)",
                remedy: "load the run again and repeat the save with its version", resource: id, applied: .no,
                conflict: .version(current: current?.version ?? 0))
        }
        let run = Run(
            id: id, status: status, state: state,
            version: (current?.version ?? lastVersions.removeValue(forKey: key) ?? 0) &+ 1,
            createdAt: current?.createdAt ?? now, updatedAt: now)
        runs[key] = run
        order.insert(key)
        return run
    }

    func list(_ status: String?, _ cursor: Cursor?, _ limit: Int) throws(StoreError) -> Page<Run> {
        let status = status.map(ByteKey.init)
        var after: ByteKey?
        if let cursor { after = ByteKey(try CursorCodec.decode(cursor, parts: 1...1)[0]) }
        var found: [Run] = []
        var next: Cursor?
        order.forEach { key in
            after.map { key <= $0 } ?? false
        } _: { key in
            guard let run = runs[key], status == nil || status == ByteKey(run.status) else { return true }
            if found.count >= limit {
                next = found.last.map { CursorCodec.encode([$0.id]) }
                return false
            }
            found.append(run)
            return true
        }
        return Page(items: found, next: next)
    }

    mutating func delete(_ id: String) -> Bool {
        let key = ByteKey(id)
        guard let run = runs.removeValue(forKey: key) else { return false }
        order.remove(key)
        lastVersions[key] = run.version
        return true
    }
}
