import StoresCore

/// E, and what of X and R concerns the event tier.
enum EventCases {
    static let all: [ConformanceCase] =
        common + appends + expectations + duplicates + reads + order + subscriptions + runs + snapshots + streams

    static func events(_ ids: some Sequence<Int>, _ word: String = "e") -> [NewEvent] {
        ids.map { NewEvent(id: "\(word)\($0)", type: "tested", data: Array("\(word)\($0)".utf8)) }
    }

    /// An append that expects as much as the store can.
    @discardableResult
    static func append(
        _ bench: Bench, _ events: [NewEvent], to stream: String, expected: ExpectedRevision = .any
    ) async throws -> AppendResult {
        try await bench.stores.event.append(
            events, to: stream, expected: bench.declares(.event(.conditionalAppend)) ? expected : .any)
    }

    static let common = CommonCases.all(
        TierProbe(
            tier: .event,
            write: { bench, stores in
                let stream = bench.stream()
                try await stores.event.append(events(0..<1), to: stream, expected: .any)
                return { try await $0.event.read(stream).events.map(\.id) == ["e0"] }
            },
            touch: { bench, stores, deadline in
                _ = try await stores.event.read("\(bench.base)-none", deadline: deadline)
            },
            refused: { bench, text in
                try await bench.stores.event.append(
                    [NewEvent(id: "", type: "x", data: Array(text.utf8))], to: bench.stream(), expected: .any)
            },
            failing: { bench, text in
                let event = NewEvent(id: "e", type: "x", data: Array(text.utf8), metadata: ["text": text])
                if bench.declares(.event(.conditionalAppend)) {
                    try await bench.stores.event.append([event], to: bench.stream(), expected: .exact(7))
                } else if bench.declares(.event(.deduplication)) {
                    let stream = bench.stream()
                    try await bench.stores.event.append([event], to: stream, expected: .any)
                    try await bench.stores.event.append(events(0..<1) + [event], to: stream, expected: .any)
                } else {
                    try await bench.stores.event.append([event, event], to: bench.stream(), expected: .any)
                }
            },
            bulk: { bench, count in
                guard count > 0 else { return ([], BulkResult(), 0) }
                // An append is all or nothing: as many as it takes at once.
                let most = min(count, bench.subject.capabilities(of: .event).limits[.batchCount] ?? count)
                let stream = bench.stream()
                let batch = events(0..<most)
                let result = try await bench.stores.event.append(batch, to: stream, expected: .any)
                try expectEqual(result.lastRevision, Int64(most - 1), "the last revision of \(most) events")
                let read = try await bench.stores.event.read(stream, limit: most).events
                return (batch.map(\.id), BulkResult(succeeded: read.map(\.id)), read.count)
            },
            slow: { bench in
                let most = bench.subject.capabilities(of: .event).limits[.batchCount] ?? .max
                let batch = events(0..<min(most, 1700))
                return { deadline in
                    let stream = bench.stream()
                    try await bench.stores.event.append(batch, to: stream, expected: .any, deadline: deadline)
                    return BulkResult(succeeded: [stream])
                }
            },
            ping: { try await $0.event.ping() },
            native: { try await $0.event.withNative((any Sendable).self) { _ in } },
            wrongNative: { try await $0.event.withNative(NoHandle.self) { _ in } },
            limited: { bench, limit in _ = try await bench.stores.event.read("\(bench.base)-none", limit: limit) },
            ordered: { bench in
                let stream = bench.stream()
                for number in 0..<8 { try await append(bench, events([(number * 5) % 8]), to: stream) }
                return (
                    try await bench.stores.event.read(stream).events.map { "\($0.revision) \($0.id)" },
                    (0..<8).map { "\($0) e\(($0 * 5) % 8)" }
                )
            }))

    /// E1, E2.
    static let appends: [ConformanceCase] = [
        ConformanceCase("E1.fromZero", .event, "revisions start at 0 and have no gaps") { bench in
            let stream = bench.stream()
            let one = try await append(bench, events(0..<3), to: stream)
            try expectEqual([one.firstRevision, one.lastRevision], [0, 2], "the revisions of the first append")
            let two = try await append(bench, events(3..<4), to: stream)
            try expectEqual([two.firstRevision, two.lastRevision], [3, 3], "the revisions of the second append")
            let slice = try await bench.stores.event.read(stream)
            try expectEqual(slice.events.map(\.revision), [0, 1, 2, 3], "the revisions that are read")
            try expectEqual(slice.lastRevision, 3, "the last revision")
            try expect(slice.exists, "exists: expected true")
        },
        // Usually: data that passes through JSON or a string.
        ConformanceCase("E2.roundTrips", .event, "an event reads back with everything that was appended") { bench in
            let stream = bench.stream()
            let event = NewEvent(
                id: "id é", type: "document.indexed/2", data: (0...255).map { UInt8($0) },
                contentType: "application/octet-stream",
                metadata: ["cause": "it's \"x\"", "é": "\n", "empty": ""])
            let plain = NewEvent(id: "2", type: "t")
            let result = try await append(bench, [event, plain], to: stream)
            let read = try await bench.other.event.read(stream).events
            try expectEqual(read.map(\.event), [event, plain], "the events")
            try expectBytes(read.map(\.stream), [stream, stream], "their stream")
            try expectEqual(read.last?.position, result.position, "the position of the last")
            try expect(!result.isDeduplicated, "deduplicated: expected false")
        },
        // Usually: events written one by one.
        ConformanceCase("E2.allOrNothing", .event, "an append that is refused leaves nothing") { bench in
            let stream = bench.stream()
            try await append(bench, events(0..<1), to: stream)
            let bad: [[NewEvent]] = [
                [], events([1, 1]), events(1..<2) + [NewEvent(id: "", type: "x")],
                events(1..<2) + [NewEvent(id: "x", type: "")],
                events(1..<2) + [NewEvent(id: String(repeating: "x", count: 129), type: "x")],
            ]
            for batch in bad {
                try await expectError(.invalidArgument, during: "an append of \(batch.map(\.id))") {
                    try await append(bench, batch, to: stream)
                }
            }
            if bench.declares(.event(.deduplication)) {
                try await expectError(.conflict, during: "an append of which one is there") {
                    try await append(bench, events([5, 0, 6]), to: stream)
                }
            }
            if bench.declares(.event(.conditionalAppend)) {
                try await expectError(.conflict, during: "an append at a stale revision") {
                    try await append(bench, events(7..<10), to: stream, expected: .exact(5))
                }
            }
            try expectBytes(
                try await bench.stores.event.read(stream).events.map(\.id), ["e0"], "the events after refused appends")
            if bench.declares(.event(.globalOrder)) {
                let all = try await EventCases.all(bench.stores.event, of: bench.base)
                try expectBytes(all.map(\.id), ["e0"], "all events after refused appends")
            }
        },
        // Usually: revisions taken from a count read before.
        ConformanceCase("E2.parallel", .event, "parallel appends interleave whole, each revision once") { bench in
            let stream = bench.stream()
            let results = try await withThrowingTaskGroup(of: AppendResult.self, returning: [AppendResult].self) {
                group in
                for writer in 0..<6 {
                    let store = writer % 2 == 0 ? bench.stores.event : bench.other.event
                    group.addTask { try await store.append(events(0..<5, "w\(writer)-"), to: stream, expected: .any) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let read = try await bench.stores.event.read(stream).events
            try expectEqual(read.map(\.revision), (0..<30).map(Int64.init), "the revisions")
            for result in results {
                let ids = read[Int(result.firstRevision)...Int(result.lastRevision)].map(\.id)
                let writer = String(ids[0].prefix { $0 != "-" })
                try expectBytes(ids, (0..<5).map { "\(writer)-\($0)" }, "the events of one append")
                try expectEqual(read[Int(result.lastRevision)].position, result.position, "the position of one append")
            }
        },
    ]

    /// E1, E3, E10.
    static let expectations: [ConformanceCase] = [
        ConformanceCase(
            "E1.expectations", .event, "each expectation holds exactly when it should",
            requires: [.event(.conditionalAppend)]
        ) { bench in
            let stream = bench.stream()
            for (expected, holds) in [(ExpectedRevision.exists, false), (.exact(0), false), (.noStream, true)] {
                try await check(bench, stream, expected, holds, actual: nil)
            }
            for (expected, holds) in [(ExpectedRevision.noStream, false), (.exact(1), false), (.exact(0), true)] {
                try await check(bench, stream, expected, holds, actual: 0)
            }
            for (expected, holds) in [
                (ExpectedRevision.exact(0), false), (.exact(2), false), (.exact(.max), false), (.exists, true),
            ] {
                try await check(bench, stream, expected, holds, actual: 1)
            }
            try await check(bench, stream, .any, true, actual: 2)
            try expectEqual(try await bench.stores.event.read(stream).lastRevision, 3, "the last revision")
            try await expectError(.invalidArgument, during: "an exact revision of -1") {
                try await bench.stores.event.append(events([99]), to: stream, expected: .exact(-1))
            }
        },
        // Usually: read the revision, then append.
        ConformanceCase(
            "E3.oneWins", .event, "of parallel appends at the same revision exactly one wins, in every round",
            requires: [.event(.conditionalAppend)]
        ) { bench in
            let stream = bench.stream()
            for round in 0..<6 {
                let wins = try await race(6) { number in
                    let store = number % 2 == 0 ? bench.stores.event : bench.other.event
                    try await store.append(
                        events([round * 10 + number]), to: stream,
                        expected: round == 0 ? .noStream : .exact(Int64(round - 1)))
                }
                try expectEqual(wins, 1, "winners in round \(round)")
            }
            try expectEqual(
                try await bench.stores.event.read(stream).events.map(\.revision), [0, 1, 2, 3, 4, 5], "the revisions")
        },
        ConformanceCase(
            "E10.refused", .event, "expectations but any are refused where conditional append is not declared",
            excludes: [.event(.conditionalAppend)]
        ) { bench in
            let stream = bench.stream()
            for expected in [ExpectedRevision.noStream, .exists, .exact(0)] {
                try await expectUnsupported(bench, .event(.conditionalAppend), "an append with \(expected)") {
                    try await bench.stores.event.append(events(0..<1), to: stream, expected: expected)
                }
            }
            try expectEqual(try await bench.stores.event.read(stream).exists, false, "exists after refused appends")
        },
        ConformanceCase("E10.required", .event, "an application that requires what is not there fails at start") {
            bench in
            let all = Set(Capability.all(of: .event))
            let memory = bench.subject.registry.descriptions.first { $0.name == "memory" }?.tiers[.event]
            let missing = all.subtracting(try unwrap(memory, "the in-memory event store").features)
            for capability in missing {
                let error = try await expectError(.unsupported, during: "opening while requiring \(capability)") {
                    let stores = try await Stores.open(
                        registry: bench.subject.registry, environment: [:], requiring: [capability])
                    await stores.shutdown()
                }
                try expect(
                    error.message.contains("\(capability)"), "the message: expected \(capability), got \(error.message)"
                )
            }
            try await Stores.withOpen(
                registry: bench.subject.registry, environment: [:], requiring: [.event(.conditionalAppend)]
            ) { _ in }
        },
    ]

    private static func check(
        _ bench: Bench, _ stream: String, _ expected: ExpectedRevision, _ holds: Bool, actual: Int64?
    ) async throws {
        let event = [NewEvent(id: bench.name(), type: "t")]
        guard !holds else {
            let result = try await bench.stores.event.append(event, to: stream, expected: expected)
            return try expectEqual(
                result.firstRevision, (actual ?? -1) + 1, "the revision of an append with \(expected)")
        }
        let error = try await expectError(
            .conflict, during: "an append with \(expected) at \(actual.map(String.init) ?? "no stream")"
        ) {
            try await bench.stores.event.append(event, to: stream, expected: expected)
        }
        try expectEqual(error.conflict, .revision(expected: expected, actual: actual), "the conflict of \(expected)")
        try expect(error.applied != .yes && error.applied != .unknown, "applied of \(expected): expected no")
    }
}
