import StoresCore

/// X1, X2, X4, X5, X6, X8, X9, X10, X12 and R for one tier.
enum CommonCases {
    static func all(_ probe: TierProbe) -> [ConformanceCase] {
        errors(probe) + deadlines(probe) + lifecycle(probe) + bulk(probe) + SelectionCases.all(probe.tier)
            + TransactionCases.all(probe.tier)
    }

    private static func make(
        _ rule: String, _ name: String, _ probe: TierProbe, _ sentence: String, needsReopen: Bool = false,
        _ body: @escaping @Sendable (Bench) async throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(
            "\(rule).\(probe.tier.rawValue).\(name)", probe.tier, sentence, needsReopen: needsReopen, body)
    }

    private static let secret = "xyzzy-4711-secret"

    private static func errors(_ probe: TierProbe) -> [ConformanceCase] {
        [
            // Usually: an error that escapes past the one place of translation.
            make("X1", "errors", probe, "an error says tier, adapter, operation, and shows no content") { bench in
                for (what, body) in [("refused before I/O", probe.refused), ("failing at the backend", probe.failing)] {
                    do {
                        try await body(bench, secret)
                        throw CaseFailure("a call \(what): expected an error, got none")
                    } catch let error as StoreError {
                        try expectEqual(error.tier, probe.tier, "the tier of an error \(what)")
                        try expectEqual(
                            error.adapter, bench.subject.adapter(of: probe.tier), "the adapter of an error \(what)")
                        try expect(error.operation?.isEmpty == false, "the operation of an error \(what): got \(error)")
                        try expect(
                            !error.description.contains(secret),
                            "the description: expected no content, got \(error.description)")
                        try expect(
                            !error.description.contains("\n"),
                            "the description: expected one line, got \(shown(error.description))")
                        try expect(StoreError.Code.all.contains(error.code), "the code: got \(error.code.rawValue)")
                        try expect(
                            !error.isRetryable, "an error \(what): expected that it is not retryable, got \(error)")
                        try expect(error.applied != .yes, "applied of an error \(what): expected not yes")
                    }
                }
            },
            // Usually: the option is taken and ignored.
            make("X4", "limits", probe, "declared limits are kept, and a limit of 0 is refused") { bench in
                try await expectError(.invalidArgument, during: "limit 0") { try await probe.limited(bench, 0) }
                try await expectError(.invalidArgument, during: "limit -1") { try await probe.limited(bench, -1) }
                try await probe.limited(bench, 1)
                if let most = bench.subject.capabilities(of: probe.tier).limits[.queryLimit] {
                    try await probe.limited(bench, most)
                    try await expectError(.invalidArgument, during: "limit \(most + 1)") {
                        try await probe.limited(bench, most + 1)
                    }
                }
                let foreign = bench.subject.capabilities(of: probe.tier).features.filter { $0.tier != probe.tier }
                try expect(foreign.isEmpty, "capabilities: expected the tier's own, got \(foreign.map(\.description))")
            },
            make("X8", "native", probe, "the native handle comes as what it is, and as nothing else") { bench in
                try await probe.native(bench.stores)
                try await expectError(.unsupported, during: "a handle of another type") {
                    try await probe.wrongNative(bench.stores)
                }
            },
            // Usually: an order by similarity or time alone.
            make("X9", "totalOrder", probe, "an order is total and the same each time") { bench in
                let (actual, expected) = try await probe.ordered(bench)
                try expectBytes(actual, expected, "the order")
            },
        ]
    }

    private static func deadlines(_ probe: TierProbe) -> [ConformanceCase] {
        [
            make("X2", "deadline", probe, "a call whose deadline has passed times out at once, with nothing applied") {
                bench in
                let start = ContinuousClock.now
                let error = try await expectError(.timeout, during: "a call past its deadline") {
                    try await probe.touch(bench, bench.stores, Deadline(.now - .seconds(1)))
                }
                let took = start.duration(to: .now)
                try expect(
                    took < .seconds(2), "a call past its deadline: expected an answer at once, got one after \(took)")
                try expect(error.applied != .yes, "applied: expected not yes, got yes")
                try await probe.touch(bench, bench.stores, nil)
            },
            // Usually: a driver that looks at its deadline once, or leaves it to a client library's own time-outs.
            make(
                "X2", "underWay", probe,
                "a call whose deadline passes under way ends soon after it, as a timeout, and leaves the store usable"
            ) { bench in
                let call = try await probe.slow(bench)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<8 {
                        group.addTask {
                            let deadline = Deadline.after(.milliseconds(20))
                            var errors: [StoreError] = []
                            do {
                                errors = try await call(deadline).failed.map(\.error)
                            } catch let error as StoreError {
                                errors = [error]
                            }
                            let late = deadline.instant.duration(to: .now)
                            try expect(
                                late < .seconds(2),
                                "a call of 20 ms: expected its end, got it \(late) after its deadline")
                            for error in errors {
                                try expect(
                                    error.code == .timeout,
                                    "a call past its deadline: expected a timeout, got \(error.debugDescription)")
                                try expect(error.applied != .yes, "applied of a timeout: expected not yes, got yes")
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let written = try await probe.write(bench, bench.stores)
                try expect(try await written(bench.stores), "a write after timeouts: expected to see it")
            },
            make("X2", "cancelled", probe, "a call of a cancelled task ends at once as cancelled") { bench in
                let start = ContinuousClock.now
                let task = Task {
                    withUnsafeCurrentTask { $0?.cancel() }
                    try await probe.touch(bench, bench.stores, nil)
                }
                try await expectError(.cancelled, during: "a call of a cancelled task") { try await task.value }
                let took = start.duration(to: .now)
                try expect(took < .seconds(2), "a cancelled call: expected an end at once, got one after \(took)")
            },
            // Usually: a connection that is not given back, a lock that stays.
            make("X2", "leaksNothing", probe, "calls cancelled half-way end promptly and leave the store usable") {
                bench in
                for round in 0..<20 {
                    let tasks = (0..<10).map { _ in
                        Task { _ = try await probe.write(bench, bench.stores) }
                    }
                    if round % 2 == 1 { await Task.yield() }
                    for task in tasks { task.cancel() }
                    let start = ContinuousClock.now
                    for task in tasks {
                        if case .failure(let error) = await task.result, (error as? StoreError)?.code != .cancelled {
                            throw CaseFailure(
                                "a cancelled write: expected success or cancelled, got \(String(reflecting: error))")
                        }
                    }
                    let took = start.duration(to: .now)
                    try expect(took < .seconds(10), "ten cancelled writes: expected their end, got it after \(took)")
                }
                let written = try await probe.write(bench, bench.stores)
                try expect(try await written(bench.stores), "a write after 200 cancelled ones: expected to see it")
            },
        ]
    }

    private static func lifecycle(_ probe: TierProbe) -> [ConformanceCase] {
        [
            // Usually: a flush that is missing on shutdown, or data kept per process.
            make("X5", "persists", probe, "what was written is there after a restart", needsReopen: true) { bench in
                let written = try await probe.write(bench, bench.stores)
                let again = try await bench.subject.reopen?()
                do {
                    let isThere = try await written(try unwrap(again, "the reopened stores"))
                    try expect(isThere, "what was written before: expected to see it after reopening")
                    let later = try await probe.write(bench, try unwrap(again, "the reopened stores"))
                    try expect(try await later(bench.stores), "what the reopened stores wrote: expected to see it")
                    await again?.shutdown()
                } catch {
                    await again?.shutdown()
                    throw error
                }
            },
            // Usually: a crash, or a call that waits for a connection that never comes.
            make(
                "X5", "afterShutdown", probe, "use after shutdown throws, and a second shutdown is harmless",
                needsReopen: true
            ) {
                bench in
                let again = try unwrap(try await bench.subject.reopen?(), "the reopened stores")
                await again.shutdown()
                await again.shutdown()
                let start = ContinuousClock.now
                let error = try await expectError(.unavailable, during: "a call after shutdown") {
                    try await probe.touch(bench, again, nil)
                }
                try expect(!error.isRetryable, "the error after shutdown: expected not retryable")
                let took = start.duration(to: .now)
                try expect(
                    took < .seconds(2), "a call after shutdown: expected an error at once, got one after \(took)")
                try await probe.touch(bench, bench.stores, nil)
            },
            // Usually: two processes create the same table at once.
            make("X5", "concurrentEnsures", probe, "two processes may start and write at once") { bench in
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<8 {
                        let stores = number % 2 == 0 ? bench.stores : bench.other
                        group.addTask {
                            let written = try await probe.write(bench, stores)
                            let mine = try await written(bench.stores)
                            let others = try await written(bench.other)
                            return mine && others
                        }
                    }
                    for try await isSeen in group {
                        try expect(isSeen, "a concurrent write: expected both views to see it")
                    }
                }
            },
            make("X10", "status", probe, "the start-up report and ping say what answered") { bench in
                let stores = bench.stores
                let report = stores.report.probes.first { $0.tier == probe.tier }
                let entry = try unwrap(report, "the start-up report's line of \(probe.tier.rawValue)")
                try expectEqual(entry.adapter, bench.subject.adapter(of: probe.tier), "the report's adapter")
                try expectEqual(entry.error?.description, nil, "the report's error")
                try expect(entry.status?.version.isEmpty == false, "the report's version: expected one, got none")
                let status = try await probe.ping(stores)
                try expect(!status.version.isEmpty, "ping's version: expected one, got none")
            },
        ]
    }

    private static func bulk(_ probe: TierProbe) -> [ConformanceCase] {
        [
            // Usually: a batch limit that is met, or a failure in the middle that hides the rest.
            make("X6", "bulk", probe, "a bulk write of any size names what succeeded; an empty one is a success") {
                bench in
                for count in [0, 1, 1700] {
                    let (asked, result, there) = try await probe.bulk(bench, count)
                    try expect(
                        result.failed.isEmpty,
                        "a bulk of \(count): expected no failure, got \(result.failed.count), first \(String(describing: result.failed.first))"
                    )
                    try expectSame(result.succeeded, asked, "a bulk of \(count): what succeeded")
                    try expectEqual(there, asked.count, "a bulk of \(count): what is there")
                }
            }
        ]
    }
}
