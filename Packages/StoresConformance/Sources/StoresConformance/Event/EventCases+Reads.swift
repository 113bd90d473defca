import StoresCore

extension EventCases {
    /// E4.
    static let duplicates: [ConformanceCase] = [
        // Usually: the second append succeeds, or the conflict is thrown although it is the same append.
        ConformanceCase(
            "E4.again", .event, "the same events appended again return the original result",
            requires: [.event(.deduplication)]
        ) { bench in
            let stream = bench.stream()
            let one = try await append(bench, events(0..<3), to: stream, expected: .noStream)
            try await append(bench, events(3..<5), to: stream)
            for expected in [ExpectedRevision.noStream, .any, .exact(0)] {
                let again = try await append(bench, events(0..<3), to: stream, expected: expected)
                try expect(again.isDeduplicated, "deduplicated with \(expected): expected true")
                try expectEqual([again.firstRevision, again.lastRevision], [0, 2], "the revisions with \(expected)")
                try expectEqual(again.position, one.position, "the position with \(expected)")
            }
            try expectEqual(try await bench.stores.event.read(stream).events.count, 5, "events in the stream")
            let other = bench.stream()
            let elsewhere = try await append(bench, events(0..<3), to: other)
            try expect(!elsewhere.isDeduplicated, "the same ids in another stream: expected not deduplicated")
        },
        ConformanceCase(
            "E4.partialOverlap", .event, "an append of which some events are there is a conflict",
            requires: [.event(.deduplication)]
        ) { bench in
            let stream = bench.stream()
            try await append(bench, events(0..<3), to: stream)
            for batch in [events([2, 3]), events([3, 0]), events([1, 0]), events([0, 2])] {
                let error = try await expectError(.conflict, during: "an append of \(batch.map(\.id))") {
                    try await append(bench, batch, to: stream)
                }
                try expectEqual(error.conflict, .partialDuplicate, "the conflict of \(batch.map(\.id))")
            }
            try expectEqual(try await bench.stores.event.read(stream).events.count, 3, "events in the stream")
        },
        ConformanceCase(
            "E4.parallel", .event, "the same append made in parallel is applied once",
            requires: [.event(.deduplication)]
        ) { bench in
            let stream = bench.stream()
            let results = try await withThrowingTaskGroup(of: AppendResult.self, returning: [AppendResult].self) {
                group in
                for number in 0..<8 {
                    let store = number % 2 == 0 ? bench.stores.event : bench.other.event
                    group.addTask { try await store.append(events(0..<2), to: stream, expected: .any) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try expectEqual(results.count { !$0.isDeduplicated }, 1, "appends that were not deduplicated")
            try expectEqual(Set(results.map(\.position)).count, 1, "positions")
            try expectEqual(try await bench.stores.event.read(stream).events.count, 2, "events in the stream")
        },
        ConformanceCase(
            "E4.notDeduplicated", .event,
            "where deduplication is not declared no append claims it, and none is dropped",
            excludes: [.event(.deduplication)]
        ) { bench in
            let stream = bench.stream()
            for round in 0..<2 {
                let result = try await append(bench, events(0..<2), to: stream)
                try expect(!result.isDeduplicated, "deduplicated in round \(round): expected false")
            }
            try expectEqual(try await bench.stores.event.read(stream).events.count, 4, "events in the stream")
        },
    ]

    /// E5, E11 and deletion.
    static let reads: [ConformanceCase] = [
        ConformanceCase("E5.missing", .event, "a missing stream is empty and does not exist") { bench in
            let slice = try await bench.stores.event.read(bench.stream())
            try expectEqual(slice.exists, false, "exists")
            try expectEqual(slice.events.count, 0, "events")
            try expectEqual(slice.lastRevision, nil, "the last revision")
        },
        ConformanceCase("E5.forward", .event, "a read goes forward from a revision, up to the limit") { bench in
            let stream = bench.stream()
            try await append(bench, events(0..<20), to: stream)
            for (from, limit, expected) in [
                (nil, 5, 0..<5), (0, 3, 0..<3), (7, 100, 7..<20), (19, 1, 19..<20), (20, 5, 20..<20),
                (.max, 5, 20..<20),
            ] as [(Int64?, Int, Range<Int64>)] {
                let slice = try await bench.stores.event.read(stream, from: from, limit: limit)
                try expectEqual(
                    slice.events.map(\.revision), Array(expected),
                    "revisions from \(from.map(String.init) ?? "the start"), limit \(limit)")
                try expect(slice.exists, "exists: expected true")
                try expectEqual(slice.lastRevision, 19, "the last revision")
            }
            try await expectError(.invalidArgument, during: "a read from -1") {
                try await bench.stores.event.read(stream, from: -1)
            }
        },
        ConformanceCase(
            "E5.backward", .event, "a read goes backward from a revision", requires: [.event(.backwardRead)]
        ) { bench in
            let stream = bench.stream()
            try await append(bench, events(0..<20), to: stream)
            for (from, limit, expected) in [
                (nil, 3, [19, 18, 17]), (5, 2, [5, 4]), (1, 100, [1, 0]), (0, 9, [0]), (100, 2, [19, 18]),
            ] as [(Int64?, Int, [Int64])] {
                let slice = try await bench.stores.event.read(stream, from: from, direction: .backward, limit: limit)
                try expectEqual(
                    slice.events.map(\.revision), expected,
                    "revisions from \(from.map(String.init) ?? "the end"), limit \(limit)")
            }
            try expectEqual(
                try await bench.stores.event.read(bench.stream(), direction: .backward).exists, false,
                "exists, of a missing stream")
        },
        ConformanceCase(
            "E5.noBackward", .event, "a backward read is refused where it is not declared",
            excludes: [.event(.backwardRead)]
        ) {
            bench in
            try await expectUnsupported(bench, .event(.backwardRead), "a backward read") {
                try await bench.stores.event.read(bench.stream(), direction: .backward)
            }
        },
        ConformanceCase(
            "E11.keepsAll", .event, "without retention every event stays readable", excludes: [.event(.retention)]
        ) { bench in
            let stream = bench.stream()
            for start in stride(from: 0, to: 1000, by: 100) {
                try await append(bench, events(start..<start + 100), to: stream)
            }
            var revisions: [Int64] = []
            while revisions.count < 1000 {
                let slice = try await bench.stores.event.read(stream, from: Int64(revisions.count), limit: 300)
                try expectEqual(slice.oldestRevision, 0, "the oldest revision")
                try expect(!slice.events.isEmpty, "the read from \(revisions.count): expected events, got none")
                revisions += slice.events.map(\.revision)
            }
            try expectEqual(revisions, (0..<1000).map(Int64.init), "the revisions")
        },
        ConformanceCase(
            "E11.saysSo", .event, "with retention a read says what is the oldest kept event",
            requires: [.event(.retention)]
        ) {
            bench in
            let stream = bench.stream()
            try await append(bench, events(0..<10), to: stream)
            let slice = try await bench.stores.event.read(stream)
            try expectEqual(slice.events.first?.revision, slice.oldestRevision, "the oldest revision")
            guard slice.oldestRevision > 0 else { return }
            let error = try await expectError(.notFound, during: "a read from before the oldest kept event") {
                try await bench.stores.event.read(stream, from: 0)
            }
            try expect(
                error.message.contains("\(slice.oldestRevision)"),
                "the message: expected \(slice.oldestRevision), got \(error.message)")
        },
        ConformanceCase(
            "E5.deleteStream", .event, "a deleted stream is missing, and no position is used again",
            requires: [.event(.deleteStream)]
        ) { bench in
            let store = bench.stores.event
            let (stream, other) = (bench.stream(), bench.stream())
            let last = try await append(bench, events(0..<3), to: stream).position
            let kept = try await append(bench, events(0..<2), to: other).position
            if bench.declares(.event(.snapshots)) {
                try await store.saveSnapshot(Snapshot(stream: stream, revision: 1, data: [1]))
            }
            try await expectError(.invalidArgument, during: "a delete with a wrong confirmation") {
                try await store.deleteStream(stream, confirming: other)
            }
            try expect(try await store.deleteStream(stream, confirming: stream), "delete: expected that it was there")
            try expect(
                try await !store.deleteStream(stream, confirming: stream),
                "a second delete: expected that it was not there")
            try expectEqual(try await store.read(stream).exists, false, "exists after the delete")
            try expectEqual(
                try await store.read(other).events.last?.position, kept, "the position of another stream's event")
            if bench.declares(.event(.snapshots)) {
                let snapshot = try await store.loadSnapshot(stream) { $0 }
                try expect(snapshot == nil, "the snapshot after the delete: expected none")
            }
            let again = try await append(bench, events(0..<1), to: stream, expected: .noStream)
            try expect(!again.isDeduplicated, "an append after the delete: expected not deduplicated")
            if bench.declares(.event(.globalOrder)) {
                try expect(
                    again.position > last && again.position > kept,
                    "its position: expected after all others, got \(again.position)")
                try expectBytes(
                    try await EventCases.all(store, of: bench.base).map(\.stream), [other, other, stream],
                    "all events' streams")
            }
        },
        ConformanceCase(
            "E5.noDeleteStream", .event, "deleting a stream is refused where it is not declared",
            excludes: [.event(.deleteStream)]
        ) { bench in
            let stream = bench.stream()
            try await append(bench, events(0..<1), to: stream)
            try await expectUnsupported(bench, .event(.deleteStream), "deleting a stream") {
                try await bench.stores.event.deleteStream(stream, confirming: stream)
            }
            try expect(try await bench.stores.event.read(stream).exists, "exists after a refused delete: expected true")
        },
    ]

    /// X11.
    static let streams: [ConformanceCase] = [
        ConformanceCase(
            "X11.event.streams", .event, "hostile stream names round-trip or are invalid, and reach no other stream"
        ) { bench in
            let names = HostileNames.all.map { bench.base + $0 }
            let canDelete = bench.declares(.event(.deleteStream))
            var removed: Set<Bytes> = []
            try await NameCases.check(
                "the stream", names: names, mustTake: ["a", "é", "'", "*"].map { bench.base + $0 }
            ) { name, number in
                bench.note(.stream(name))
                try await append(bench, [NewEvent(id: "one", type: "t", data: Array("\(number)".utf8))], to: name)
            } read: { name in
                // Without deletion the second half of the check is about what was not written: the removed are out.
                if removed.contains(Bytes(name)), !canDelete { return nil }
                let slice = try await bench.stores.event.read(name)
                try expect(
                    slice.events.count <= 1,
                    "the stream \(shown(name)): expected one event at most, got \(slice.events.count)")
                if let event = slice.events.first { try expectBytes(event.stream, name, "the stream of the event") }
                return slice.events.first.flatMap { Int(String(decoding: $0.data, as: UTF8.self)) }
            } remove: { name in
                removed.insert(Bytes(name))
                if canDelete { try await bench.stores.event.deleteStream(name, confirming: name) }
            }
        },
        ConformanceCase("X11.event.ids", .event, "hostile event ids, types and metadata round-trip or are invalid") {
            bench in
            let stream = bench.stream()
            var expected: [NewEvent] = []
            for name in HostileNames.all {
                let event = NewEvent(id: name, type: name, metadata: [name: name])
                do {
                    try await append(bench, [event], to: stream)
                    expected.append(event)
                } catch let error as StoreError where error.code == .invalidArgument {
                    let isLong = name.utf8.count > 128 || name.isEmpty || name.utf8.contains(0)
                    try expect(isLong, "the event id \(shown(name)): expected it to be taken, got \(error)")
                }
            }
            let read = try await bench.stores.event.read(stream, limit: 1000).events
            try expectBytes(read.map(\.id), expected.map(\.id), "the ids")
            try expectBytes(read.map(\.type), expected.map(\.type), "the types")
            try expectBytes(
                read.flatMap { $0.event.metadata.values }, expected.flatMap { $0.metadata.values }, "the metadata")
        },
    ]
}
