import StoresCore

extension EventCases {
    /// Every event of the streams that start with a prefix, by `readAll`.
    static func all(_ store: EventStore, of prefix: String, after: Position? = nil, limit: Int = 500) async throws
        -> [RecordedEvent]
    {
        var events: [RecordedEvent] = []
        var position = after
        var slices = 0
        while true {
            let slice = try await store.readAll(after: position, limit: limit)
            try expect(
                slice.events.count <= limit,
                "readAll with limit \(limit): expected at most that many, got \(slice.events.count)")
            for event in slice.events {
                if let position {
                    try expect(
                        event.position > position,
                        "readAll: expected positions after \(position), got \(event.position)")
                }
                position = event.position
                if event.stream.utf8.starts(with: prefix.utf8) { events.append(event) }
            }
            position = slice.next ?? position
            if slice.isAtEnd { return events }
            slices += 1
            try expect(slices < 100_000, "readAll: expected an end")
        }
    }

    /// Reads a subscription until the events satisfy `isEnough`; elements of other streams are skipped.
    static func subscribe(
        _ bench: Bench, _ subscription: EventSubscription, prefix: String, within: Duration = .seconds(30),
        until isEnough: @escaping @Sendable ([SubscriptionElement]) -> Bool
    ) async throws -> [SubscriptionElement] {
        try await withThrowingTaskGroup(of: [SubscriptionElement]?.self, returning: [SubscriptionElement].self) {
            group in
            group.addTask {
                var elements: [SubscriptionElement] = []
                for try await element in subscription {
                    if case .event(let event) = element, !event.stream.utf8.starts(with: prefix.utf8) { continue }
                    elements.append(element)
                    if isEnough(elements) { break }
                }
                return elements
            }
            group.addTask {
                try await Task.sleep(for: within)
                return nil
            }
            defer { group.cancelAll() }
            return try unwrap(try await group.next() ?? nil, "what the subscription delivers within \(within)")
        }
    }

    static func delivered(_ elements: [SubscriptionElement]) -> [RecordedEvent] {
        elements.compactMap { if case .event(let event) = $0 { event } else { nil } }
    }

    /// E6.
    static let order: [ConformanceCase] = [
        ConformanceCase(
            "E6.readAll", .event, "readAll gives the events of all streams in the order of their positions, each once",
            requires: [.event(.globalOrder)]
        ) { bench in
            let (a, b) = (bench.stream(), bench.stream())
            var expected: [String] = []
            for round in 0..<10 {
                try await append(bench, events(round * 2..<round * 2 + 2), to: round % 2 == 0 ? a : b)
                expected += ["e\(round * 2)", "e\(round * 2 + 1)"]
            }
            for limit in [1, 3, 1000] {
                let read = try await all(bench.stores.event, of: bench.base, limit: limit)
                try expectBytes(read.map(\.id), expected, "the events in slices of \(limit)")
                for event in read.dropFirst(15).prefix(1) {
                    let resumed = Position(rawValue: event.position.rawValue)
                    let rest = try await all(bench.other.event, of: bench.base, after: resumed)
                    try expectBytes(
                        rest.map(\.id), Array(expected.dropFirst(16)),
                        "the events after a position that was written down")
                }
            }
            let head = try unwrap(try await bench.stores.event.head(), "head")
            let last = try unwrap(try await bench.stores.event.read(b).events.last?.position, "the last position")
            try expect(head >= last, "head: expected at least \(last), got \(head)")
            try expectBytes(
                try await all(bench.stores.event, of: bench.base, after: head).map(\.id), [], "the events after head")
        },
        // Usually: a sequence number is taken before the commit; a subscriber passes it while its transaction is open.
        ConformanceCase(
            "E6.noSkip", .event, "a reader during concurrent appends sees every event once, in the order of positions",
            requires: [.event(.globalOrder)]
        ) { bench in
            let (writers, batches) = (6, 25)
            let start = try await bench.stores.event.head()
            let prefix = bench.base
            let streams = (0..<writers).map { _ in bench.stream() }
            let subscription = try bench.stores.event.subscribe(from: start.map { .after($0) } ?? .start, batch: 16)
            let total = writers * batches * 2
            async let reading = subscribe(bench, subscription, prefix: prefix, within: .seconds(60)) {
                delivered($0).count >= total
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (writer, stream) in streams.enumerated() {
                    let store = writer % 2 == 0 ? bench.stores.event : bench.other.event
                    group.addTask {
                        for batch in 0..<batches {
                            try await store.append(
                                events([batch * 2, batch * 2 + 1], "w\(writer)-"), to: stream, expected: .any)
                            if batch % 5 == writer % 5 { await Task.yield() }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let seen = delivered(try await reading)
            for (event, next) in zip(seen, seen.dropFirst()) {
                try expect(
                    event.position < next.position,
                    "positions: expected ascending, got \(event.position) before \(next.position)")
            }
            for (writer, stream) in streams.enumerated() {
                let mine = seen.filter { $0.stream == stream }
                try expectBytes(
                    mine.map(\.id), (0..<batches * 2).map { "w\(writer)-\($0)" }, "the events of writer \(writer)")
                try expectEqual(
                    mine.map(\.revision), (0..<batches * 2).map(Int64.init), "the revisions of writer \(writer)")
            }
        },
        ConformanceCase(
            "E6.noOrder", .event, "readAll, head and subscribe are refused where one order is not declared",
            excludes: [.event(.globalOrder)]
        ) { bench in
            try await expectUnsupported(bench, .event(.globalOrder), "readAll") {
                try await bench.stores.event.readAll()
            }
            try await expectUnsupported(bench, .event(.globalOrder), "head") { try await bench.stores.event.head() }
            try await expectUnsupported(bench, .event(.globalOrder), "subscribe") {
                try bench.stores.event.subscribe(from: .start)
            }
        },
    ]

    /// E7.
    static let subscriptions: [ConformanceCase] = [
        ConformanceCase(
            "E7.fromPosition", .event, "a subscription delivers what is there, says caught up, then what comes",
            requires: [.event(.globalOrder)]
        ) { bench in
            let stream = bench.stream()
            let before = try await bench.stores.event.head()
            try await append(bench, events(0..<10), to: stream)
            let subscription = try bench.stores.event.subscribe(
                from: before.map { .after($0) } ?? .start, streamPrefix: bench.base, batch: 3)
            var iterator = subscription.makeAsyncIterator()
            var elements: [SubscriptionElement] = []
            while elements.last != .caughtUp, elements.count < 1000 {
                elements.append(try unwrap(try await iterator.next(), "the next element"))
            }
            try expectBytes(delivered(elements).map(\.id), (0..<10).map { "e\($0)" }, "the events before caught up")
            try await append(bench, events(10..<12), to: stream)
            while delivered(elements).count < 12, elements.count < 1000 {
                elements.append(try unwrap(try await iterator.next(), "the next element"))
            }
            try expectBytes(delivered(elements).map(\.id), (0..<12).map { "e\($0)" }, "the events")
            try expectEqual(elements.count { $0 == .caughtUp }, 1, "caught up")
        },
        ConformanceCase(
            "E7.resumes", .event, "a subscription after any position delivers exactly what follows it",
            requires: [.event(.globalOrder)]
        ) { bench in
            let stream = bench.stream()
            try await append(bench, events(0..<7), to: stream)
            let read = try await bench.stores.event.read(stream).events
            for (index, event) in read.enumerated().dropLast() {
                let subscription = try bench.other.event.subscribe(from: .after(event.position), streamPrefix: stream)
                let rest = try await subscribe(bench, subscription, prefix: stream) { $0.contains(.caughtUp) }
                try expectBytes(
                    delivered(rest).map(\.id), (index + 1..<7).map { "e\($0)" }, "the events after \(event.id)")
            }
        },
        // Usually: "now" is the last page, or the next poll.
        ConformanceCase(
            "E7.now", .event, "a subscription from now delivers only what comes", requires: [.event(.globalOrder)]
        ) { bench in
            let stream = bench.stream()
            try await append(bench, events(0..<5), to: stream)
            let subscription = try bench.stores.event.subscribe(from: .now, streamPrefix: stream)
            var iterator = subscription.makeAsyncIterator()
            try expectEqual(try await iterator.next(), .caughtUp, "the first element")
            try await append(bench, events(5..<7), to: stream)
            var ids: [String] = []
            while ids.count < 2, let element = try await iterator.next() { ids += delivered([element]).map(\.id) }
            try expectBytes(ids, ["e5", "e6"], "the events")
        },
        // Usually: a filtered subscription makes no progress, or its checkpoint skips.
        ConformanceCase(
            "E7.checkpoints", .event, "a subscription to a prefix gives checkpoints for what it leaves out",
            requires: [.event(.globalOrder)]
        ) { bench in
            let (mine, others) = (bench.stream() + "-mine", bench.stream())
            bench.note(.stream(mine))
            let before = try await bench.stores.event.head()
            try await append(bench, events(0..<1), to: mine)
            let last = try await append(bench, events(0..<5), to: others).position
            let subscription = try bench.stores.event.subscribe(
                from: before.map { .after($0) } ?? .start, streamPrefix: mine)
            let elements = try await subscribe(bench, subscription, prefix: mine) { $0.contains(.caughtUp) }
            try expectBytes(delivered(elements).map(\.stream), [mine], "the streams of the events")
            let checkpoints = elements.compactMap { if case .checkpoint(let position) = $0 { position } else { nil } }
            try expect(
                checkpoints.contains { $0 >= last }, "checkpoints: expected one at \(last) or later, got \(checkpoints)"
            )
            try await append(bench, events(1..<2), to: mine)
            let resumed = try bench.stores.event.subscribe(
                from: .after(try unwrap(checkpoints.last, "a checkpoint")), streamPrefix: mine)
            let rest = try await subscribe(bench, resumed, prefix: mine) { $0.contains(.caughtUp) }
            try expectBytes(delivered(rest).map(\.id), ["e1"], "the events after the checkpoint")
        },
        ConformanceCase(
            "E7.cancelled", .event, "a waiting subscription ends when its task is cancelled",
            requires: [.event(.globalOrder)]
        ) { bench in
            let subscription = try bench.stores.event.subscribe(from: .now, streamPrefix: bench.base)
            let (reached, signal) = AsyncStream.makeStream(of: Void.self)
            let task = Task {
                for try await element in subscription where element == .caughtUp { signal.yield() }
            }
            for await _ in reached { break }
            task.cancel()
            let start = ContinuousClock.now
            let result = await task.result
            let took = start.duration(to: .now)
            try expect(took < .seconds(4), "a cancelled subscription: expected its end at once, got it after \(took)")
            guard case .failure(let error) = result else { return }
            try expectEqual((error as? StoreError)?.code, .cancelled, "how it ended")
        },
    ]
}
