import StoresCore

extension SessionCases {
    private static func bytes(_ texts: String...) -> [[UInt8]] { texts.map { Array($0.utf8) } }

    private static func list(_ bench: Bench, _ key: String, last: Int = .max) async throws -> [String]? {
        try await bench.stores.session.elements(key, last: last)?.map { String(decoding: $0, as: UTF8.self) }
    }

    /// S7.
    static let structures: [ConformanceCase] = [
        ConformanceCase(
            "S7.increment", .session, "a counter starts at 0, adds, and reads as decimal text",
            requires: [.session(.increment)]
        ) { bench in
            let store = bench.stores.session
            let key = bench.key()
            try expectEqual(try await store.increment(key, expiry: .never), 1, "the first increment")
            try expectEqual(try await store.increment(key, by: 41, expiry: .keep), 42, "by 41")
            try expectEqual(try await store.increment(key, by: -100, expiry: .keep), -58, "by -100")
            try expectEqual(try await text(bench, key), "-58", "the counter as text")
            try expectEqual(try await store.increment(key, by: 0, expiry: .after(.seconds(600))), -58, "by 0")
            try expect(try await store.get(key)?.expiresAt != nil, "expiresAt after 600 s: expected one")
            try expect(try await store.delete(key), "delete: expected that it was there")
            try expectEqual(try await store.increment(key, expiry: .never), 1, "after its delete")
        },
        // Usually: wraps around, or turns into a double.
        ConformanceCase(
            "S7.overflow", .session, "a sum beyond Int64 is refused and changes nothing",
            requires: [.session(.increment)]
        ) { bench in
            let store = bench.stores.session
            let key = bench.key()
            try expectEqual(try await store.increment(key, by: .max, expiry: .never), .max, "by Int64.max")
            try await expectError(.preconditionFailed, during: "one more") {
                try await store.increment(key, expiry: .never)
            }
            try expectEqual(try await store.increment(key, by: -1, expiry: .never), .max - 1, "one less")
            try expectEqual(try await store.increment(key, by: .min, expiry: .never), -2, "by Int64.min")
            try await expectError(.preconditionFailed, during: "Int64.min once more") {
                try await store.increment(key, by: .min, expiry: .never)
            }
            try expectEqual(try await text(bench, key), "-2", "the counter at the end")
        },
        // Usually: read, add, write.
        ConformanceCase(
            "S7.parallelIncrements", .session, "parallel increments are all counted, each sum once",
            requires: [.session(.increment)]
        ) { bench in
            let key = bench.key()
            let sums = try await withThrowingTaskGroup(of: [Int64].self, returning: [Int64].self) { group in
                for number in 0..<10 {
                    let store = number % 2 == 0 ? bench.stores.session : bench.other.session
                    group.addTask {
                        var sums: [Int64] = []
                        for _ in 0..<20 { sums.append(try await store.increment(key, expiry: .keep)) }
                        return sums
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            try expectEqual(sums.sorted(), (1...200).map(Int64.init), "the sums")
        },
        ConformanceCase(
            "S7.counterExpires", .session, "a counter expires and starts anew", requires: [.session(.increment)]
        ) { bench in
            let key = bench.key()
            try await bench.stores.session.increment(key, by: 5, expiry: .after(bench.ttl))
            try await bench.advance(by: bench.ttl)
            try expectEqual(
                try await bench.stores.session.increment(key, expiry: .keep), 1, "the increment after expiry")
            try expectEqual(
                try await bench.stores.session.get(key)?.expiresAt, nil, "expiresAt with keep on what had expired")
        },
        // Usually: push and trim in two round trips.
        ConformanceCase(
            "S7.append", .session, "a list keeps the last entries, oldest first", requires: [.session(.append)]
        ) { bench in
            let store = bench.stores.session
            let key = bench.key()
            try expectEqual(try await list(bench, key), nil, "a missing list")
            try expectEqual(
                try await store.append(bytes("a", "b"), to: key, keepLast: 3, expiry: .never), 2, "two appended")
            try expectEqual(
                try await store.append(bytes("c", "d"), to: key, keepLast: 3, expiry: .keep), 3,
                "two more, keeping three")
            try expectEqual(try await list(bench, key), ["b", "c", "d"], "the list")
            try expectEqual(try await list(bench, key, last: 2), ["c", "d"], "its last two")
            try expectEqual(
                try await store.append(bytes("1", "2", "3", "4"), to: key, keepLast: 2, expiry: .keep), 2,
                "four, keeping two")
            try expectEqual(try await list(bench, key), ["3", "4"], "the list")
            try expectEqual(
                try await store.append([[], [0, 255]], to: key, keepLast: 10, expiry: .after(.seconds(600))), 4,
                "odd bytes")
            try expectEqual(try await store.elements(key, last: 2), [[], [0, 255]], "odd bytes")
            try expect(try await store.touch(key, expiry: .never) != nil, "touch of a list: expected that it is there")
            try expect(try await store.delete(key), "delete of a list: expected that it was there")
            try await expectError(.invalidArgument, during: "keepLast 0") {
                try await store.append(bytes("a"), to: key, keepLast: 0, expiry: .never)
            }
        },
        ConformanceCase(
            "S7.parallelAppends", .session, "parallel appends lose nothing and keep each writer's order",
            requires: [.session(.append)]
        ) { bench in
            let key = bench.key()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<5 {
                    let store = writer % 2 == 0 ? bench.stores.session : bench.other.session
                    group.addTask {
                        for number in 0..<20 {
                            try await store.append(
                                [Array("\(writer)-\(number)".utf8)], to: key, keepLast: 1000, expiry: .keep)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let found = try await list(bench, key) ?? []
            try expectEqual(found.count, 100, "entries")
            for writer in 0..<5 {
                try expectEqual(
                    found.filter { $0.hasPrefix("\(writer)-") }, (0..<20).map { "\(writer)-\($0)" },
                    "entries of writer \(writer)")
            }
        },
        ConformanceCase(
            "S7.kinds", .session, "a key of another kind is refused and left alone",
            requires: [.session(.append), .session(.increment)]
        ) { bench in
            let store = bench.stores.session
            let (value, counter, entries) = (bench.key(), bench.key(), bench.key())
            try await store.set(value, SessionValue("text"), expiry: .never)
            try await store.increment(counter, expiry: .never)
            try await store.append(bytes("a"), to: entries, keepLast: 9, expiry: .never)
            try await expectError(.preconditionFailed, during: "an increment of a value") {
                try await store.increment(value, expiry: .keep)
            }
            try await expectError(.preconditionFailed, during: "an increment of a list") {
                try await store.increment(entries, expiry: .keep)
            }
            for key in [value, counter] {
                try await expectError(.preconditionFailed, during: "an append to a value or counter") {
                    try await store.append(bytes("b"), to: key, keepLast: 9, expiry: .keep)
                }
                try await expectError(.preconditionFailed, during: "the elements of a value or counter") {
                    try await store.elements(key)
                }
            }
            try await expectError(.preconditionFailed, during: "a get of a list") { try await store.get(entries) }
            try expectEqual(try await text(bench, value), "text", "the value at the end")
            try expectEqual(try await text(bench, counter), "1", "the counter at the end")
            try expectEqual(try await list(bench, entries), ["a"], "the list at the end")
        },
        ConformanceCase(
            "S7.noIncrement", .session, "increment is refused where it is not declared",
            excludes: [.session(.increment)]
        ) {
            bench in
            try await expectUnsupported(bench, .session(.increment), "an increment") {
                try await bench.stores.session.increment(bench.key(), expiry: .never)
            }
        },
        ConformanceCase(
            "S7.noAppend", .session, "append is refused where it is not declared", excludes: [.session(.append)]
        ) { bench in
            try await expectUnsupported(bench, .session(.append), "an append") {
                try await bench.stores.session.append(bytes("a"), to: bench.key(), keepLast: 1, expiry: .never)
            }
            try await expectUnsupported(bench, .session(.append), "elements") {
                try await bench.stores.session.elements(bench.key())
            }
        },
    ]
}
