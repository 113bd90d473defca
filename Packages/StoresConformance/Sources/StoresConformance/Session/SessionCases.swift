import StoresCore

/// S, and what of X and R concerns the session tier.
enum SessionCases {
    static let all: [ConformanceCase] =
        common + values + conditions + expiry + keys + structures + transactions + leases + batches

    static func text(_ bench: Bench, _ key: String) async throws -> String? {
        try await bench.stores.session.get(key)?.value.text
    }

    /// What is there, by key. Only for keys of ASCII, which Swift's dictionaries tell apart as bytes.
    static func texts(_ store: SessionStore, _ keys: [String]) async throws -> [String: String] {
        let entries = try await store.get(keys)
        try expectEqual(entries.count, keys.count, "answers to a get of \(keys.count) keys")
        return Dictionary(
            zip(keys, entries).compactMap { key, entry in entry.map { (key, $0.value.text) } }, uniquingKeysWith: { $1 }
        )
    }

    static let common = CommonCases.all(
        TierProbe(
            tier: .session,
            write: { bench, stores in
                let key = bench.key()
                try await stores.session.set(key, SessionValue("x"), expiry: .never)
                return { try await $0.session.get(key)?.value.text == "x" }
            },
            touch: { bench, stores, deadline in
                _ = try await stores.session.get("\(bench.root)/none", deadline: deadline)
            },
            refused: { bench, text in try await bench.stores.session.set("", SessionValue(text), expiry: .never) },
            failing: { bench, text in
                // A key of another kind where there are counters, a stale condition where there are those.
                if bench.declares(.session(.increment)) {
                    let key = bench.key()
                    try await bench.stores.session.set(key, SessionValue(text), expiry: .never)
                    try await bench.stores.session.increment(key, expiry: .keep)
                } else {
                    try await bench.stores.session.set(
                        bench.key(), SessionValue(text), expiry: .never, condition: .ifMatch("none"))
                }
            },
            bulk: { bench, count in
                let keys = (0..<count).map { "\(bench.root)/bulk\(count)/\($0)" }
                let result = try await bench.stores.session.set(
                    keys.map { SessionWrite(key: $0, value: SessionValue("x"), expiry: .never) })
                return (keys, result, try await texts(bench.stores.session, keys).count)
            },
            slow: { bench in
                { deadline in
                    let root = bench.key()
                    let writes = (0..<1700).map {
                        SessionWrite(key: "\(root)/\($0)", value: SessionValue("x"), expiry: .never)
                    }
                    return try await bench.stores.session.set(writes, deadline: deadline)
                }
            },
            ping: { try await $0.session.ping() },
            native: { try await $0.session.withNative((any Sendable).self) { _ in } },
            wrongNative: { try await $0.session.withNative(NoHandle.self) { _ in } },
            limited: { bench, limit in
                guard bench.declares(.session(.scan)) else {
                    // Without listings the tier has no limit; its refusal is S6.noScan.
                    if limit < 1 { throw StoreError(.invalidArgument, "no limit here") }
                    return
                }
                _ = try await bench.stores.session.scan(prefix: bench.root, limit: limit)
            },
            ordered: { bench in
                let key = bench.key()
                guard bench.declares(.session(.append)) else { return ([], []) }
                let elements = ["b", "a", "é", "B", "10", "9"]
                for element in elements {
                    try await bench.stores.session.append([Array(element.utf8)], to: key, keepLast: 10, expiry: .never)
                }
                let found = try await bench.stores.session.elements(key) ?? []
                return (found.map { String(decoding: $0, as: UTF8.self) }, elements)
            }))

    /// S10 and X11.
    static let batches: [ConformanceCase] = [
        // Usually: answers that come in another order, or one failure that fails all.
        ConformanceCase("S10.batch", .session, "a batch reads and writes many keys; each stands or fails alone") {
            bench in
            let store = bench.stores.session
            let keys = (0..<5).map { _ in bench.key() }
            try await store.set(keys[3], SessionValue("old"), expiry: .never)
            var writes = keys.prefix(4).enumerated().map {
                SessionWrite(key: $1, value: SessionValue("v\($0)"), expiry: .never)
            }
            if bench.declares(.session(.conditionalWrites)) {
                writes[3].condition = .ifAbsent
            } else {
                writes.removeLast()
            }
            let twice = writes + [SessionWrite(key: keys[0], value: SessionValue("last"), expiry: .never)]
            try await expectError(.invalidArgument, during: "a batch with two writes of a key") {
                try await store.set(twice)
            }
            try expectEqual(try await texts(store, keys), [keys[3]: "old"], "what is there after a refused batch")
            let result = try await store.set(writes)
            try expectSame(result.succeeded, Array(keys.prefix(3)), "what succeeded")
            if bench.declares(.session(.conditionalWrites)) {
                try expectEqual(result.failed.map(\.id), [keys[3]], "what failed")
                try expectEqual(result.failed.first?.error.code, .conflict, "why it failed")
            }
            let found = try await texts(store, keys)
            try expectEqual(found, [keys[0]: "v0", keys[1]: "v1", keys[2]: "v2", keys[3]: "old"], "what is there")
            try expectEqual(try await texts(store, [String]()).count, 0, "a get of no keys")
            try expectEqual(try await store.delete(keys + keys), 4, "deleted")
            try expectEqual(try await texts(store, keys).count, 0, "what is there after the delete")
        },
        // Usually: a pattern match, a path, or a key that is cut.
        ConformanceCase(
            "X11.session.keys", .session, "hostile keys round-trip or are invalid, and reach no other entry"
        ) { bench in
            let store = bench.stores.session
            let root = bench.key() + "/"
            let names = HostileNames.all.map { root + $0 }
            try await NameCases.check(
                "the key", names: names, mustTake: ["a", "A", "é", "'", "*", "%"].map { root + $0 }
            ) { key, number in
                try await store.set(key, SessionValue("\(number)"), expiry: .never)
            } read: { key in
                try await store.get(key).flatMap { Int($0.value.text) }
            } remove: { key in
                try expect(try await store.delete(key), "delete of \(shown(key)): expected that it was there")
            }
        },
        ConformanceCase("X11.session.prefixes", .session, "hostile prefixes reach whole segments alone, or are invalid")
        { bench in
            let store = bench.stores.session
            let root = bench.key() + "/"
            // A name that ends with "/" is, as a prefix, the name without it; one with "/" inside is several segments.
            let names = HostileNames.all.filter { !$0.utf8.contains(UInt8(ascii: "/")) && !$0.isEmpty }.map {
                root + $0
            }
            for slash in ["", "/"] {
                try await NameCases.check("the prefix", names: names, mustTake: ["a", "é", "%", "*"].map { root + $0 })
                {
                    name, number in
                    try await store.set(name + "/in", SessionValue("\(number)"), expiry: .never)
                } read: { name in
                    try await store.get(name + "/in").flatMap { Int($0.value.text) }
                } remove: { name in
                    // The key alone may be within the limit when the prefix with "/in" is not.
                    try expectEqual(
                        try await store.delete(prefix: name + slash), 1, "deleted of the prefix \(shown(name + slash))")
                }
            }
        },
    ]
}
