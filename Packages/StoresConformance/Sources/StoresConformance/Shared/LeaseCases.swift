import StoresCore

/// Leases with fencing, of the session tier (S9) and of runs (E8).
struct LeaseCases: Sendable {
    let acquire: @Sendable (Duration) async throws -> Lease?
    let renew: @Sendable (Lease, Duration) async throws -> Lease
    let release: @Sendable (Lease) async throws -> Bool

    static func session(_ stores: Stores, _ key: String) -> LeaseCases {
        LeaseCases(
            acquire: { try await stores.session.acquireLease(key, ttl: $0) },
            renew: { try await stores.session.renewLease($0, ttl: $1) },
            release: { try await stores.session.releaseLease($0) })
    }

    static func run(_ stores: Stores, _ id: String) -> LeaseCases {
        LeaseCases(
            acquire: { try await stores.event.acquireRunLease(id, ttl: $0) },
            renew: { try await stores.event.renewRunLease($0, ttl: $1) },
            release: { try await stores.event.releaseRunLease($0) })
    }

    // Usually: the generation is kept in the row that expiry or release deletes.
    static func oneHolder(_ bench: Bench, _ lease: LeaseCases) async throws {
        let long = bench.ttl * 100
        let one = try unwrap(try await lease.acquire(long), "a free lease")
        try expect(one.generation >= 1, "the generation: expected at least 1, got \(one.generation)")
        try expectEqual(try await lease.acquire(long), nil, "a lease that is held")
        let renewed = try await lease.renew(one, long * 2)
        try expectEqual(renewed.generation, one.generation, "the generation after renewal")
        try expect(
            renewed.expiresAt > one.expiresAt,
            "the expiry after renewal: expected later than \(one.expiresAt), got \(renewed.expiresAt)")
        try expect(try await lease.release(one), "release: expected that it was held")
        try expect(try await !lease.release(one), "a second release: expected that it was not held")
        let two = try unwrap(try await lease.acquire(long), "a released lease")
        try expect(
            two.generation > one.generation,
            "the generation after release: expected more than \(one.generation), got \(two.generation)")
        try expect(try await !lease.release(one), "release of the first lease: expected that it was not held")
        try expectEqual(try await lease.acquire(long), nil, "the lease, after a release by who had lost it")
    }

    // Usually: renewal does not look at the generation.
    static func expires(_ bench: Bench, _ lease: LeaseCases) async throws {
        let one = try unwrap(try await lease.acquire(bench.ttl), "a free lease")
        try await bench.advance(by: bench.ttl)
        try await expectError(.preconditionFailed, during: "a renewal after expiry") {
            try await lease.renew(one, bench.ttl)
        }
        let two = try unwrap(try await lease.acquire(bench.ttl * 100), "an expired lease")
        try expect(
            two.generation > one.generation,
            "the generation after expiry: expected more than \(one.generation), got \(two.generation)")
        let error = try await expectError(.preconditionFailed, during: "a renewal of a superseded lease") {
            try await lease.renew(one, bench.ttl)
        }
        try expectEqual(error.conflict, .version(current: two.generation), "the conflict")
        try expect(try await !lease.release(one), "release of a superseded lease: expected that it was not held")
        try expectEqual(try await lease.acquire(bench.ttl), nil, "the lease of the second holder")
    }

    // Usually: look, then take.
    static func parallel(_ lease: LeaseCases, _ other: LeaseCases) async throws {
        var last: Int64 = 0
        for round in 0..<5 {
            let taken = try await withThrowingTaskGroup(of: Lease?.self, returning: [Lease].self) { group in
                for number in 0..<8 {
                    group.addTask { try await (number % 2 == 0 ? lease : other).acquire(.seconds(600)) }
                }
                return try await group.reduce(into: []) { if let lease = $1 { $0.append(lease) } }
            }
            try expectEqual(taken.count, 1, "takers in round \(round)")
            try expect(
                taken[0].generation > last,
                "the generation in round \(round): expected more than \(last), got \(taken[0].generation)")
            last = taken[0].generation
            try expect(try await lease.release(taken[0]), "release in round \(round): expected that it was held")
        }
    }
}
