import StoresCore

extension SessionCases {
    /// S1 and S2.
    static let values: [ConformanceCase] = [
        // Usually: bytes that pass through a string.
        ConformanceCase(
            "S1.roundTrips", .session, "bytes and content type read back as they were; the etag changes with each write"
        ) {
            bench in
            let store = bench.stores.session
            let key = bench.key()
            try expectEqual(try await store.get(key), nil, "a missing key")
            let all = (0...255).map { UInt8($0) }
            var etags: Set<String> = []
            for value in [
                SessionValue(bytes: all, contentType: "application/x-test; a=\"b\""), SessionValue(bytes: []),
                SessionValue("é👩‍👩‍👧"),
                SessionValue(bytes: Array(repeating: 7, count: 200_000)), SessionValue("42"), SessionValue("42"),
            ] {
                let receipt = try await store.set(key, value, expiry: .never)
                let entry = try unwrap(try await store.get(key), "the entry")
                try expectEqual(entry.value.bytes.count, value.bytes.count, "the number of bytes")
                try expect(
                    entry.value == value,
                    "the value of \(value.bytes.count) bytes: expected the same, got \(entry.value.contentType)")
                try expectEqual(entry.etag, receipt.etag, "the etag of get and set")
                try expectEqual(entry.expiresAt, nil, "expiresAt")
                try expect(etags.insert(entry.etag).inserted, "the etag: expected a new one, got \(entry.etag) again")
            }
            try expectEqual(try await bench.other.session.get(key)?.value.text, "42", "the other view")
        },
        // Usually: a default time to live, or `keep` that forgets it.
        ConformanceCase("S2.expiries", .session, "keep keeps, never never expires, after counts from the write") {
            bench in
            let store = bench.stores.session
            let (fresh, key) = (bench.key(), bench.key())
            try expectEqual(
                try await store.set(fresh, SessionValue("x"), expiry: .keep).expiresAt, nil, "keep on a new key")
            let first = try await store.set(key, SessionValue("1"), expiry: .after(.seconds(600)))
            let instant = try unwrap(first.expiresAt, "expiresAt of after 600 s")
            try expectEqual(try await store.get(key)?.expiresAt, instant, "expiresAt that is read")
            try expectEqual(try await store.set(key, SessionValue("2"), expiry: .keep).expiresAt, instant, "keep")
            try expectEqual(try await store.get(key)?.expiresAt, instant, "expiresAt after keep")
            let longer = try unwrap(
                try await store.set(key, SessionValue("3"), expiry: .after(.seconds(1200))).expiresAt, "after 1,200 s")
            try expectClose(
                Double(longer.millisecondsSinceEpoch - instant.millisecondsSinceEpoch), 600_000,
                "what 600 s more add, in ms", within: 30_000)
            try expectEqual(try await store.set(key, SessionValue("4"), expiry: .never).expiresAt, nil, "never")
            try expectEqual(try await store.get(key)?.expiresAt, nil, "expiresAt after never")
            for duration in [Duration.zero, .seconds(-1)] {
                try await expectError(.invalidArgument, during: "after \(duration)") {
                    try await store.set(key, SessionValue("5"), expiry: .after(duration))
                }
            }
            try expectEqual(try await text(bench, key), "4", "the value after refused writes")
        },
        ConformanceCase("S2.touch", .session, "touch sets the expiry and nothing else") { bench in
            let store = bench.stores.session
            let key = bench.key()
            try expectEqual(try await store.touch(key, expiry: .never), nil, "touch of a missing key")
            try await store.set(key, SessionValue("x", contentType: "a/b"), expiry: .never)
            let touched = try unwrap(try await store.touch(key, expiry: .after(.seconds(600))), "touch")
            try expect(touched.expiresAt != nil, "touch: expected an expiry, got none")
            let entry = try unwrap(try await store.get(key), "the entry")
            try expectEqual(entry.expiresAt, touched.expiresAt, "expiresAt that is read")
            try expectEqual(entry.value, SessionValue("x", contentType: "a/b"), "the value")
            try expectEqual(try await store.touch(key, expiry: .keep)?.expiresAt, touched.expiresAt, "touch with keep")
            try expectEqual(
                try unwrap(try await store.touch(key, expiry: .never), "touch").expiresAt, nil, "touch with never")
            try expectEqual(try await store.get(key)?.expiresAt, nil, "expiresAt after never")
        },
    ]

    /// S3.
    static let conditions: [ConformanceCase] = [
        ConformanceCase(
            "S3.ifMatch", .session, "a write holds only at the etag it names; a conflict carries the current one",
            requires: [.session(.conditionalWrites)]
        ) { bench in
            let store = bench.stores.session
            let key = bench.key()
            func conflict(_ current: String?, _ what: String, _ body: () async throws -> Void) async throws {
                let error = try await expectError(.conflict, during: what, body)
                try expectEqual(error.conflict, .etag(current: current), "the conflict of \(what)")
                try expect(
                    error.applied != .yes && error.applied != .unknown, "\(what): expected that nothing was applied")
            }
            func set(_ text: String, _ condition: SessionCondition) async throws -> String {
                let receipt = try await store.set(key, SessionValue(text), expiry: .never, condition: condition)
                return receipt.etag
            }
            try await conflict(nil, "ifMatch on a missing key") { _ = try await set("x", .ifMatch("abc")) }
            let one = try await set("one", .ifAbsent)
            try await conflict(one, "ifAbsent on a key that is there") { _ = try await set("x", .ifAbsent) }
            let two = try await set("two", .ifMatch(one))
            try await conflict(two, "a stale etag") { _ = try await set("x", .ifMatch(one)) }
            try await conflict(two, "a delete with a stale etag") {
                _ = try await store.delete(key, condition: .ifMatch(one))
            }
            try expectEqual(try await text(bench, key), "two", "the value after refused writes")
            try expect(
                try await store.delete(key, condition: .ifMatch(two)),
                "a delete at its etag: expected that it was there")
            try await conflict(nil, "the etag of a deleted key") { _ = try await set("x", .ifMatch(two)) }
            let three = try await set("one", .ifAbsent)
            try expect(
                three != one && three != two, "the etag of a key made anew: expected a new one, got \(three) again")
        },
        ConformanceCase(
            "S3.malformed", .session, "an etag that no store made is invalid", requires: [.session(.conditionalWrites)]
        ) { bench in
            for etag in ["", "a b", "é", "\u{0}", "a\nb", String(repeating: "x", count: 257)] {
                try await expectError(.invalidArgument, during: "the etag \(shown(etag))") {
                    try await bench.stores.session.set(
                        bench.key(), SessionValue("x"), expiry: .never, condition: .ifMatch(etag))
                }
            }
        },
        // Usually: read, compare, write.
        ConformanceCase(
            "S3.oneWins", .session, "of parallel conditional writes exactly one wins, in every round",
            requires: [.session(.conditionalWrites)]
        ) { bench in
            let key = bench.key()
            var condition = SessionCondition.ifAbsent
            for round in 0..<5 {
                let wanted = condition
                let wins = try await race(8) { number in
                    let store = number % 2 == 0 ? bench.stores.session : bench.other.session
                    try await store.set(key, SessionValue("\(round)-\(number)"), expiry: .never, condition: wanted)
                }
                try expectEqual(wins, 1, "winners in round \(round)")
                condition = .ifMatch(try unwrap(try await bench.stores.session.get(key), "the entry").etag)
            }
        },
        ConformanceCase(
            "S3.noConditions", .session, "conditions are refused where they are not declared",
            excludes: [.session(.conditionalWrites)]
        ) { bench in
            let key = bench.key()
            for condition in [SessionCondition.ifAbsent, .ifMatch("abc")] {
                try await expectUnsupported(bench, .session(.conditionalWrites), "a write with \(condition)") {
                    try await bench.stores.session.set(key, SessionValue("x"), expiry: .never, condition: condition)
                }
                try await expectUnsupported(bench, .session(.conditionalWrites), "a delete with \(condition)") {
                    try await bench.stores.session.delete(key, condition: condition)
                }
            }
            try expectEqual(try await bench.stores.session.get(key), nil, "the key after refused writes")
        },
    ]

    /// S4.
    static let expiry: [ConformanceCase] = [
        // Usually: reads rely on a sweep, or a scan forgets the condition.
        ConformanceCase("S4.invisible", .session, "an entry is invisible to every read from its expiry on") { bench in
            let store = bench.stores.session
            let key = bench.key()
            try await store.set(key, SessionValue("x"), expiry: .after(bench.ttl))
            let stays = bench.key()
            try await store.set(stays, SessionValue("y"), expiry: .after(bench.ttl * 100))
            try expectEqual(try await text(bench, key), "x", "before its expiry")
            try await bench.advance(by: bench.ttl)
            try expectEqual(try await store.get(key), nil, "get after expiry")
            try expectEqual(try await texts(store, [key, stays]), [stays: "y"], "a batch get after expiry")
            if bench.declares(.session(.scan)) {
                try expectSame(try await scan(bench, bench.root), [stays], "a scan after expiry")
            }
            try expectEqual(try await store.touch(key, expiry: .never), nil, "touch after expiry")
            try expect(try await !store.delete(key), "delete after expiry: expected that it was not there")
            try expectEqual(try await store.delete(prefix: bench.root), 1, "deleted by prefix after expiry")
        },
        ConformanceCase(
            "S4.absent", .session, "to conditions an expired entry is absent", requires: [.session(.conditionalWrites)]
        ) { bench in
            let store = bench.stores.session
            let key = bench.key()
            let old = try await store.set(key, SessionValue("x"), expiry: .after(bench.ttl)).etag
            try await bench.advance(by: bench.ttl)
            try await expectError(.conflict, during: "the etag of an expired entry") {
                try await store.set(key, SessionValue("y"), expiry: .never, condition: .ifMatch(old))
            }
            try await store.set(key, SessionValue("z"), expiry: .keep, condition: .ifAbsent)
            try expectEqual(try await store.get(key)?.expiresAt, nil, "expiresAt with keep on what had expired")
        },
    ]
}
