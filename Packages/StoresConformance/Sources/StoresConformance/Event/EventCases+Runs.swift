import StoresCore

extension EventCases {
    /// E8.
    static let runs: [ConformanceCase] = [
        ConformanceCase(
            "E8.saveAndLoad", .event, "a run is saved at the version it names; a conflict carries the current one",
            requires: [.event(.runState)]
        ) { bench in
            let store = bench.stores.event
            let id = bench.run()
            try expectEqual(try await store.loadRun(id), nil, "a missing run")
            func conflict(_ current: Int64, _ version: Int64) async throws {
                let error = try await expectError(.conflict, during: "a save at version \(version)") {
                    try await store.saveRun(id, status: "no", state: [9], ifVersion: version)
                }
                try expectEqual(error.conflict, .version(current: current), "the conflict at version \(version)")
            }
            try await conflict(0, 3)
            let one = try await store.saveRun(id, status: "running", state: [0, 255], ifVersion: 0)
            try expectEqual(one.version, 1, "the first version")
            try await conflict(1, 0)
            let two = try await store.saveRun(id, status: "done", state: [], ifVersion: 1)
            try await conflict(2, 1)
            try expectEqual(try await bench.other.event.loadRun(id), two, "the run that is loaded")
            try expectEqual(two.createdAt, one.createdAt, "createdAt")
            try expectEqual([two.status, "\(two.version)", "\(two.state.count)"], ["done", "2", "0"], "the run")
            try expectEqual(
                try await store.saveRun(id, status: "x", state: [1]).version, 3, "the version of an unconditional save")
            try expect(try await store.deleteRun(id), "delete: expected that it was there")
            try expect(try await !store.deleteRun(id), "a second delete: expected that it was not there")
            try expectEqual(try await store.loadRun(id), nil, "the run after its delete")
        },
        ConformanceCase(
            "E8.oneWins", .event, "of parallel saves at the same version exactly one wins",
            requires: [.event(.runState)]
        ) { bench in
            let id = bench.run()
            for version in 0..<5 {
                let wins = try await race(6) { number in
                    let store = number % 2 == 0 ? bench.stores.event : bench.other.event
                    try await store.saveRun(id, status: "running", state: [UInt8(number)], ifVersion: Int64(version))
                }
                try expectEqual(wins, 1, "winners at version \(version)")
            }
        },
        // Usually: the row goes, and its version with it; then a version that was read long ago fits again.
        ConformanceCase(
            "E8.afterDelete", .event, "versions of a run go on after its delete, so that a stale one never fits",
            requires: [.event(.runState)]
        ) { bench in
            let store = bench.stores.event
            let id = bench.run()
            let status = bench.name()
            for _ in 0..<2 { try await store.saveRun(id, status: status, state: [1]) }
            try expect(try await store.deleteRun(id), "delete: expected that it was there")
            try expectEqual(try await store.listRuns(status: status).items, [], "the runs listed after the delete")
            for stale in 1...2 as ClosedRange<Int64> {
                let error = try await expectError(.conflict, during: "a save at version \(stale) of a deleted run") {
                    try await store.saveRun(id, status: "no", state: [], ifVersion: stale)
                }
                try expectEqual(error.conflict, .version(current: 0), "the conflict at version \(stale)")
            }
            let again = try await store.saveRun(id, status: "again", state: [2], ifVersion: 0)
            try expectEqual(again.version, 3, "the version after the delete")
            try expect(try await bench.other.event.deleteRun(id), "a second delete: expected that it was there")
            try expectEqual(
                try await store.saveRun(id, status: "x", state: []).version, 4, "the version after the second delete")
        },
        // Usually: only the generation is compared, and the first lease of every run has the same.
        ConformanceCase(
            "E8.otherLease", .event, "a save with the lease of another run is refused",
            requires: [.event(.runState), .event(.runLeases)]
        ) { bench in
            let store = bench.stores.event
            let (id, other) = (bench.run(), bench.run())
            let lease = try unwrap(try await store.acquireRunLease(other, ttl: bench.ttl), "the other run's lease")
            try await expectError(.invalidArgument, during: "a save with the lease of another run") {
                try await store.saveRun(id, status: "x", state: [], lease: lease)
            }
            try expectEqual(try await store.loadRun(id), nil, "the run after a refused save")
        },
        ConformanceCase("E8.list", .event, "runs are listed by status, by id, in pages", requires: [.event(.runState)])
        { bench in
            let status = bench.name()
            let ids = (0..<25).map { _ in bench.run() }
            for (index, id) in ids.enumerated() {
                try await bench.stores.event.saveRun(id, status: index % 2 == 0 ? status : status + "x", state: [])
            }
            try await bench.stores.event.saveRun(ids[0], status: "moved-\(status)", state: [])
            let expected = ids.enumerated().filter { $0.offset % 2 == 0 && $0.offset > 0 }.map(\.element).sortedByBytes
            for limit in [1, 5, 100] {
                var found: [String] = []
                var cursor: Cursor?
                repeat {
                    let page = try await bench.stores.event.listRuns(status: status, cursor: cursor, limit: limit)
                    try expect(page.items.count <= limit, "a page of \(limit): got \(page.items.count)")
                    found += page.items.map(\.id)
                    cursor = page.next
                } while cursor != nil && found.count < 1000
                try expectBytes(found, expected, "runs in pages of \(limit)")
            }
        },
        ConformanceCase(
            "E8.oneHolder", .event, "a run's lease has one holder; its generation rises", requires: [.event(.runLeases)]
        ) { bench in
            try await LeaseCases.oneHolder(bench, LeaseCases.run(bench.stores, bench.name()))
        },
        ConformanceCase(
            "E8.expires", .event, "an expired run lease can be taken, and its old holder has lost it",
            requires: [.event(.runLeases)]
        ) {
            bench in
            try await LeaseCases.expires(bench, LeaseCases.run(bench.stores, bench.name()))
        },
        ConformanceCase(
            "E8.parallel", .event, "of parallel takers exactly one gets the run's lease", requires: [.event(.runLeases)]
        ) { bench in
            let id = bench.name()
            try await LeaseCases.parallel(LeaseCases.run(bench.stores, id), LeaseCases.run(bench.other, id))
        },
        // Usually: the worker that slept on saves over the one that took its place.
        ConformanceCase(
            "E8.fencing", .event, "a save with a superseded lease is refused",
            requires: [.event(.runState), .event(.runLeases)]
        ) { bench in
            let store = bench.stores.event
            let id = bench.run()
            let one = try unwrap(try await store.acquireRunLease(id, ttl: bench.ttl), "the first lease")
            try await store.saveRun(id, status: "running", state: [1], lease: one)
            try await bench.advance(by: bench.ttl)
            let two = try unwrap(
                try await bench.other.event.acquireRunLease(id, ttl: bench.ttl * 100), "the second lease")
            let error = try await expectError(.preconditionFailed, during: "a save with the first lease") {
                try await store.saveRun(id, status: "late", state: [9], lease: one)
            }
            try expectEqual(error.conflict, .version(current: two.generation), "the conflict")
            try expectEqual(try await store.loadRun(id)?.state, [1], "the state after a refused save")
            try await store.saveRun(id, status: "running", state: [2], lease: two)
            try expectEqual(try await store.loadRun(id)?.state, [2], "the state that the second holder saved")
        },
        ConformanceCase(
            "E8.apart", .event, "a run's lease is not the session tier's lease of the same name",
            requires: [.event(.runLeases)]
        ) { bench in
            let session = bench.stores.session
            guard session.capabilities.contains(.session(.leases)) else { return }
            let id = bench.name()
            let run = try unwrap(try await bench.stores.event.acquireRunLease(id, ttl: bench.ttl), "the run's lease")
            let other = try unwrap(try await session.acquireLease(id, ttl: bench.ttl), "the session tier's lease")
            try expect(
                try await bench.stores.event.releaseRunLease(run), "release of the run's: expected that it was held")
            try expect(
                try await session.releaseLease(other), "release of the session tier's: expected that it was held")
        },
        ConformanceCase(
            "E8.noRunState", .event, "run state is refused where it is not declared", excludes: [.event(.runState)]
        ) { bench in
            let id = bench.name()
            try await expectUnsupported(bench, .event(.runState), "a save") {
                try await bench.stores.event.saveRun(id, status: "x", state: [])
            }
            try await expectUnsupported(bench, .event(.runState), "a load") { try await bench.stores.event.loadRun(id) }
            try await expectUnsupported(bench, .event(.runState), "a listing") {
                try await bench.stores.event.listRuns()
            }
        },
        ConformanceCase(
            "E8.noRunLeases", .event, "run leases are refused where they are not declared",
            excludes: [.event(.runLeases)]
        ) { bench in
            try await expectUnsupported(bench, .event(.runLeases), "a run lease") {
                try await bench.stores.event.acquireRunLease(bench.name(), ttl: .seconds(1))
            }
        },
    ]

    /// E9.
    static let snapshots: [ConformanceCase] = [
        ConformanceCase(
            "E9.newest", .event, "the newest snapshot that decodes is loaded; others are ignored",
            requires: [.event(.snapshots)]
        ) { bench in
            struct Undecodable: Error {}
            let store = bench.stores.event
            let stream = bench.stream()
            try await append(bench, events(0..<12), to: stream)
            func load(_ atOrBefore: Int64? = nil, broken: Set<Int64> = []) async throws -> [Int64]? {
                try await store.loadSnapshot(stream, atOrBefore: atOrBefore) { snapshot in
                    if broken.contains(snapshot.revision) { throw Undecodable() }
                    return snapshot.data
                }.map { [$0.revision] + $0.value.map(Int64.init) }
            }
            try expectEqual(try await load(), nil, "no snapshot")
            for revision in [3, 1, 9, 5, 7, 11] as [Int64] {
                try await store.saveSnapshot(
                    Snapshot(stream: stream, revision: revision, data: [UInt8(revision), 0, 255]))
            }
            try expectEqual(try await load(), [11, 11, 0, 255], "the newest")
            try expectEqual(try await load(6), [5, 5, 0, 255], "the newest at 6 or before")
            try expectEqual(try await load(5), [5, 5, 0, 255], "the newest at 5 or before")
            try expectEqual(try await load(0), nil, "the newest at 0 or before")
            try expectEqual(try await load(broken: [11, 9]), [7, 7, 0, 255], "the newest that decodes")
            try expectEqual(try await load(broken: [11, 9, 7, 5, 3]), [1, 1, 0, 255], "the only one that decodes")
            try expectEqual(try await load(broken: [1, 3, 5, 7, 9, 11]), nil, "none that decodes")
            try await store.saveSnapshot(Snapshot(stream: stream, revision: 11, data: [42]))
            try expectEqual(try await load(), [11, 42], "a snapshot saved again")
            let other = try await store.loadSnapshot(stream + "x") { $0 }
            try expect(other == nil, "the snapshot of another stream: expected none")
            try expectEqual(try await store.deleteSnapshots(stream, before: 7), 3, "deleted before 7")
            try expectEqual(try await load(6), nil, "the newest at 6 or before, after the delete")
            try expectEqual(try await load(), [11, 42], "the newest after the delete")
            try expectEqual(try await store.deleteSnapshots(stream), 3, "deleted, all")
            try expectEqual(try await load(), nil, "the newest after all were deleted")
        },
        ConformanceCase(
            "E9.noSnapshots", .event, "snapshots are refused where they are not declared",
            excludes: [.event(.snapshots)]
        ) { bench in
            let stream = bench.stream()
            try await expectUnsupported(bench, .event(.snapshots), "a snapshot") {
                try await bench.stores.event.saveSnapshot(Snapshot(stream: stream, revision: 0, data: []))
            }
            try await expectUnsupported(bench, .event(.snapshots), "loading a snapshot") {
                try await bench.stores.event.loadSnapshot(stream) { $0 }
            }
        },
    ]
}
