import StoresCore

extension SessionCases {
    /// Every key of a scan, page by page; a key may come twice.
    static func scan(_ bench: Bench, _ prefix: String?, limit: Int = 100) async throws -> [String] {
        var keys: [String] = []
        var cursor: Cursor?
        var pages = 0
        repeat {
            let page = try await bench.stores.session.scan(prefix: prefix, cursor: cursor, limit: limit)
            keys += page.items
            cursor = page.next
            pages += 1
            try expect(pages <= 20_000, "the scan: expected an end, got \(pages) pages")
        } while cursor != nil
        var seen: Set<Bytes> = []
        return keys.filter { seen.insert(Bytes($0)).inserted }
    }

    /// S5 and S6.
    static let keys: [ConformanceCase] = [
        ConformanceCase("S5.delete", .session, "delete says whether it was there") { bench in
            let store = bench.stores.session
            let key = bench.key()
            try expect(try await !store.delete(key), "delete of a missing key: expected that it was not there")
            try await store.set(key, SessionValue("x"), expiry: .never)
            try expect(try await store.delete(key), "delete: expected that it was there")
            try expect(try await !store.delete(key), "a second delete: expected that it was not there")
            try expectEqual(try await store.get(key), nil, "the key after its delete")
        },
        // Usually: LIKE 'a%' or KEYS a*.
        ConformanceCase(
            "S5.wholeSegments", .session, "delete by prefix reaches whole segments, whatever they are made of"
        ) {
            bench in
            let store = bench.stores.session
            let root = bench.key()
            let names = [
                "user/4", "user/4/a", "user/4/b/c", "user/42", "user/4%", "user/4_", "user/40/a", "user/4*", "user/4.",
                "User/4/a",
                "user/4 /a", "user/%/a", "user/_/a", "user/é/a", "user/e\u{301}/a",
            ]
            func fill() async throws {
                try await store.set(
                    names.map { SessionWrite(key: "\(root)/\($0)", value: SessionValue("x"), expiry: .never) }
                )
                .throwIfFailed()
            }
            for (prefix, gone) in [
                ("user/4", ["user/4", "user/4/a", "user/4/b/c"]), ("user/4/", ["user/4", "user/4/a", "user/4/b/c"]),
                ("user/%", ["user/%/a"]), ("user/_", ["user/_/a"]), ("user/*", []), ("user/é", ["user/é/a"]),
                ("user/4/b", ["user/4/b/c"]),
                ("use", []), ("user/4%", ["user/4%"]),
            ] {
                try await fill()
                try expectEqual(
                    try await store.delete(prefix: "\(root)/\(prefix)"), gone.count, "deleted of \(shown(prefix))")
                for name in names {
                    let isThere = try await store.get("\(root)/\(name)") != nil
                    let isGone = gone.contains { $0.utf8.elementsEqual(name.utf8) }
                    try expectEqual(
                        isThere, !isGone, "whether \(shown(name)) is there after delete of \(shown(prefix))")
                }
            }
        },
        ConformanceCase("S5.emptyPrefix", .session, "an empty prefix is refused") { bench in
            let key = bench.key()
            try await bench.stores.session.set(key, SessionValue("x"), expiry: .never)
            for prefix in ["", "/"] {
                try await expectError(.invalidArgument, during: "delete of the prefix \(shown(prefix))") {
                    try await bench.stores.session.delete(prefix: prefix)
                }
            }
            try expectEqual(try await text(bench, key), "x", "the value after refused deletes")
        },
        // Usually: one page of keys is fetched and deleted.
        ConformanceCase("S5.prefixMany", .session, "delete by prefix is complete, also for 2,500 keys") { bench in
            let store = bench.stores.session
            let root = bench.key()
            let writes = (0..<2500).map {
                SessionWrite(key: "\(root)/a/\($0)", value: SessionValue("x"), expiry: .never)
            }
            try await store.set(writes).throwIfFailed()
            try await store.set("\(root)/b", SessionValue("y"), expiry: .never)
            try expectEqual(try await store.delete(prefix: "\(root)/a"), 2500, "deleted")
            try expectEqual(try await texts(store, writes.map(\.key)).count, 0, "what is left")
            try expectEqual(try await text(bench, "\(root)/b"), "y", "its neighbour")
        },
        ConformanceCase(
            "S6.everyKey", .session, "a scan finds every key within the prefix and no other",
            requires: [.session(.scan)]
        ) { bench in
            let store = bench.stores.session
            let root = bench.key()
            let names = (0..<300).map { "a/\($0)" } + ["a", "ab/1", "a%/1", "A/1", "b/1", "a/é", "a/e\u{301}"]
            try await store.set(
                names.map { SessionWrite(key: "\(root)/\($0)", value: SessionValue("x"), expiry: .never) }
            )
            .throwIfFailed()
            let within = names.filter { $0 == "a" || $0.hasPrefix("a/") }.map { "\(root)/\($0)" }
            for limit in [1, 50, 1000] {
                try expectSame(try await scan(bench, "\(root)/a", limit: limit), within, "keys in pages of \(limit)")
            }
            try expectSame(try await scan(bench, "\(root)/a/"), within, "keys of the prefix with a slash")
            try expectSame(try await scan(bench, root), names.map { "\(root)/\($0)" }, "keys of the root")
            try expectSame(try await scan(bench, "\(root)/%"), [], "keys of %")
            let everything = Set(try await scan(bench, nil, limit: 1000).map(Bytes.init))
            try expect(
                within.allSatisfy { everything.contains(Bytes($0)) },
                "a scan without prefix: expected the case's keys among \(everything.count)")
        },
        // Usually: an offset into a changing listing.
        ConformanceCase(
            "S6.underChange", .session, "a scan misses no key that stays, while others come and go",
            requires: [.session(.scan)]
        ) { bench in
            let store = bench.stores.session
            let root = bench.key()
            func write(_ names: [String]) async throws {
                try await store.set(
                    names.map { SessionWrite(key: "\(root)/\($0)", value: SessionValue("x"), expiry: .never) }
                )
                .throwIfFailed()
            }
            try await write((0..<200).map { "s\($0)" } + (0..<200).map { "g\($0)" })
            var seen: Set<String> = []
            var cursor: Cursor?
            var page = 0
            repeat {
                let part = try await store.scan(prefix: root, cursor: cursor, limit: 20)
                seen.formUnion(part.items)
                cursor = part.next
                guard page < 20 else { continue }
                try await store.delete((page * 10..<page * 10 + 10).map { "\(root)/g\($0)" })
                // After the others in any order: what goes before them is not made up for.
                try await write((0..<10).map { "z\(page)-\($0)" })
                page += 1
            } while cursor != nil
            let missed = (0..<200).map { "\(root)/s\($0)" }.filter { !seen.contains($0) }
            try expect(
                missed.isEmpty,
                "keys that stayed: expected all 200, missed \(missed.count), first \(missed.first ?? "")")
        },
        ConformanceCase(
            "S6.noScan", .session, "a scan is refused where it is not declared", excludes: [.session(.scan)]
        ) { bench in
            try await expectUnsupported(bench, .session(.scan), "a scan") {
                try await bench.stores.session.scan(prefix: bench.root)
            }
        },
    ]
}
