import StoresCore

extension BrokenEventDriver: RunDriver {
    func saveRun(
        _ id: String, status: String, state: [UInt8], ifVersion: Int64?, leaseGuard: LeaseGuard?, context: CallContext
    ) async throws(StoreError) -> Run {
        let isNew = try await inner.loadRun(id, context: context) == nil
        var run = try await inner.saveRun(
            id, status: status, state: state, ifVersion: defect == .runVersionsIgnored ? nil : ifVersion,
            leaseGuard: defect == .fencingIgnored ? nil : leaseGuard, context: context)
        if defect == .runVersionsAnew, isNew { run.version = 1 }
        return run
    }

    func loadRun(_ id: String, context: CallContext) async throws(StoreError) -> Run? {
        try await inner.loadRun(id, context: context)
    }

    func listRuns(status: String?, cursor: Cursor?, limit: Int, context: CallContext) async throws(StoreError) -> Page<
        Run
    > {
        var page = try await inner.listRuns(status: status, cursor: cursor, limit: limit, context: context)
        if defect == .runsUnsorted { page.items.reverse() }
        return page
    }

    func deleteRun(_ id: String, context: CallContext) async throws(StoreError) -> Bool {
        try await inner.deleteRun(id, context: context)
    }

    private var leases: any LeasingDriver { defect == .leasesOfSessions ? session : inner }

    func acquireLease(_ key: String, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease? {
        var lease = try await leases.acquireLease(key, ttl: ttl, context: state.context(context))
        if defect == .leaseShared, lease == nil {
            lease = Lease(key: key, generation: 1, expiresAt: context.now.advanced(by: ttl))
        }
        if defect == .generationReused { lease?.generation = 1 }
        return lease
    }

    func renewLease(_ lease: Lease, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease {
        try await leases.renewLease(lease, ttl: ttl, context: state.context(context))
    }

    func releaseLease(_ lease: Lease, context: CallContext) async throws(StoreError) -> Bool {
        try await leases.releaseLease(lease, context: state.context(context))
    }
}
