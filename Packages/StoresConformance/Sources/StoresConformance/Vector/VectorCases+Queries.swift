import StoresCore

extension VectorCases {
    /// V9: completeness; and what is refused without filters.
    static let queries: [ConformanceCase] = [
        // Usually: the backend filters after it has fetched `limit` candidates.
        ConformanceCase(
            "V9.lowSelectivity", .vector, "a filter that 0.1 % of 2,000 records match returns them all",
            requires: [.vector(.filters)]
        ) { bench in
            let collection = try await bench.collection()
            let records = spiral(2000) {
                ["n": .int(Int64($0)), "rare": .bool($0 % 1000 == 999), "half": .bool($0 % 2 == 0)]
            }
            try await fill(collection, records)
            let rare = try await collection.query([1, 0, 0], where: .field("rare") == true, limit: 10)
            if rare.isComplete { try expectSame(rare.map(\.id), ["r999", "r1999"], "the rare records") }
            try expect(
                rare.allSatisfy { $0.metadata["rare"] == true },
                "rare records: expected only such, got \(rare.map(\.id))")
            let one = try await collection.query([1, 0, 0], where: .field("n") == 1234, limit: 10)
            if one.isComplete { try expectBytes(one.map(\.id), ["r1234"], "the one record") }
            let half = try await collection.query([1, 0, 0], where: .field("half") == true, limit: 1000)
            if half.isComplete { try expectEqual(half.count, 1000, "half of the records") }
            let none = try await collection.query([1, 0, 0], where: .field("n") == -1, limit: 10)
            try expectEqual(none.count, 0, "no record")
            try expectEqual(try await collection.count(where: .field("rare") == true), 2, "count of the rare records")
        },
        // Usually: an index whose candidate list is shorter than the limit.
        ConformanceCase("V9.limitIsReached", .vector, "a query returns as many records as there are, up to the limit") {
            bench in
            let collection = try await bench.collection()
            try await fill(collection, spiral(700))
            for limit in [300, 700, 900] {
                let matches = try await collection.query([1, 0.5, 0.5], limit: limit)
                try expectEqual(Set(matches.map(\.id)).count, matches.count, "distinct ids with limit \(limit)")
                if matches.isComplete { try expectEqual(matches.count, min(700, limit), "matches with limit \(limit)") }
                try expect(
                    matches.count == min(700, limit) || !matches.isComplete,
                    "limit \(limit): expected \(min(700, limit)) matches or isComplete == false, got \(matches.count)")
            }
        },
        // Usually: approximate parameters left at values for millions of records.
        ConformanceCase(
            "V9.exact", .vector, "the nearest ten of 1,000 are the exact ten", requires: [.vector(.exactQuery)]
        ) { bench in
            try await expectRecall(of: 1, bench)
        },
        ConformanceCase(
            "V9.approximate", .vector, "of the nearest ten of 1,000 at least nine come",
            excludes: [.vector(.exactQuery)]
        ) { bench in
            try await expectRecall(of: 0.9, bench)
        },
        ConformanceCase(
            "V9.noFilters", .vector, "filters are refused where they are not declared", excludes: [.vector(.filters)]
        ) { bench in
            let collection = try await bench.collection()
            try await expectUnsupported(bench, .vector(.filters), "a filtered query") {
                try await collection.query([1, 0, 0], where: .field("n") == 1, limit: 1)
            }
            try await expectUnsupported(bench, .vector(.filters), "a filtered count") {
                try await collection.count(where: .field("n") == 1)
            }
            try await expectUnsupported(bench, .vector(.filters), "a filtered delete") {
                try await collection.delete(where: .field("n") == 1)
            }
        },
    ]

    private static func expectRecall(of share: Double, _ bench: Bench) async throws {
        let metric = bench.anyMetric
        let collection = try await bench.collection(8, metric)
        var random = SplitMix64(seed: 7)
        func vector() -> [Float] { (0..<8).map { _ in Float.random(in: -1...1, using: &random) } }
        let records = (0..<1000).map { VectorRecord(id: "r\($0)", vector: vector()) }
        try await fill(collection, records)
        var found = 0
        for _ in 0..<10 {
            let query = vector()
            let exact = records.map { (id: $0.id, similarity: Exact.similarity(metric, $0.vector, query)) }
                .sorted { $0.similarity > $1.similarity }.prefix(10).map(\.id)
            found += try await collection.query(query, limit: 10).count { exact.contains($0.id) }
        }
        try expect(
            Double(found) >= share * 100,
            "the nearest ten of ten queries: expected \(Int(share * 100)) of 100, got \(found)")
    }

    /// V10.
    static let deletes: [ConformanceCase] = [
        // Usually: not found becomes an error.
        ConformanceCase("V10.missingIds", .vector, "deleting missing ids succeeds and counts what was there") { bench in
            let collection = try await bench.collection()
            try await fill(collection, axes)
            try expectEqual(try await collection.delete(ids: ["a", "x", "y", "a"]), 1, "deleted of a, x, y, a")
            try expectEqual(try await collection.delete(ids: ["a"]), 0, "deleted of a, once more")
            try expectEqual(try await collection.delete(ids: []), 0, "deleted of nothing")
            try expectSame(try await allIDs(collection), ["b", "c"], "what is left")
            try expectBytes(
                try await collection.query([1, 0, 0], limit: 9).map(\.id).sortedByBytes, ["b", "c"],
                "what a query finds")
        },
        // Usually: one page of matches is fetched and deleted.
        ConformanceCase(
            "V10.deleteWhere", .vector, "delete by filter removes every match, also 1,500 of 2,000, and counts them",
            requires: [.vector(.filters)]
        ) { bench in
            let collection = try await bench.collection()
            try await fill(collection, spiral(2000))
            try expectEqual(try await collection.delete(where: .field("n") >= 500), 1500, "deleted")
            try expectEqual(try await collection.count(), 500, "what is left")
            try expectEqual(try await collection.delete(where: .field("n") >= 500), 0, "deleted the second time")
            let left = try await collection.query([1, 0, 0], where: .field("n") >= 500, limit: 5)
            try expectEqual(left.count, 0, "what a query finds of the deleted")
        },
        // Usually: no filter means "match all".
        ConformanceCase(
            "V10.emptyFilter", .vector, "delete by a filter that tests no field is refused",
            requires: [.vector(.filters)]
        ) { bench in
            let collection = try await bench.collection()
            try await fill(collection, axes)
            for filter in [Filter.and([]), .not(.or([])), .and([.and([])]), .or([.and([])])] {
                try await expectError(.invalidArgument, during: "delete where \(filter)") {
                    try await collection.delete(where: filter)
                }
            }
            try expectEqual(try await collection.count(), 3, "what is left")
        },
        ConformanceCase("V10.deleteAll", .vector, "delete all takes the name as its confirmation") { bench in
            let collection = try await bench.collection()
            try await fill(collection, spiral(300))
            try await expectError(.invalidArgument, during: "delete all with a wrong name") {
                try await collection.deleteAll(confirming: collection.name + "x")
            }
            try expectEqual(try await collection.count(), 300, "records after a refused delete all")
            try expectEqual(try await collection.deleteAll(confirming: collection.name), 300, "deleted")
            try expectEqual(try await collection.count(), 0, "what is left")
            try expectEqual(try await collection.query([1, 0, 0], limit: 5).count, 0, "what a query finds")
        },
    ]

    /// V14.
    static let scrolling: [ConformanceCase] = [
        // Usually: an offset into a changing result.
        ConformanceCase("V14.everyRecord", .vector, "a scroll visits every record once, in pages of the limit") {
            bench in
            let collection = try await bench.collection()
            let records = spiral(257)
            try await fill(collection, records)
            for limit in [1, 50, 257, 1000] {
                let ids = try await allIDs(collection, limit: limit)
                try expectSame(ids, records.map(\.id), "ids of a scroll with limit \(limit)")
            }
            try await expectError(.invalidArgument, during: "a scroll with limit 0") {
                try await collection.scroll(limit: 0)
            }
            let empty = try await bench.collection()
            try expectEqual(try await allIDs(empty), [], "a scroll of an empty collection")
        },
        // Usually: a cursor that counts records, so a deletion before it skips as many after it.
        ConformanceCase("V14.underChange", .vector, "a scroll misses no record that stays, while others come and go") {
            bench in
            let collection = try await bench.collection()
            let staying = (0..<200).map { VectorRecord(id: "s\($0)", vector: [1, Float($0), 0]) }
            let going = (0..<200).map { VectorRecord(id: "g\($0)", vector: [1, Float($0), 1]) }
            try await fill(collection, staying + going)
            var seen: [String] = []
            var cursor: Cursor?
            var page = 0
            repeat {
                let part = try await collection.scroll(cursor: cursor, limit: 20)
                seen += part.items.map(\.id)
                cursor = part.next
                guard page < 20 else { continue }
                let first = page * 10
                try await collection.delete(ids: (first..<first + 10).map { "g\($0)" })
                try await fill(collection, (0..<10).map { VectorRecord(id: "a\(page)-\($0)", vector: [1, 2, 3]) })
                page += 1
            } while cursor != nil && seen.count < 5000
            let missed = Set(staying.map(\.id)).subtracting(seen)
            try expect(
                missed.isEmpty,
                "records that stayed: expected all 200, missed \(missed.sorted().prefix(5)) (\(missed.count))")
        },
        ConformanceCase(
            "V14.filtered", .vector, "a filtered scroll visits the matches in id order",
            requires: [.vector(.filteredScroll), .vector(.filters)]
        ) { bench in
            let collection = try await bench.collection()
            let records = spiral(300) { ["n": .int(Int64($0)), "third": .bool($0 % 3 == 0)] }
            try await fill(collection, records)
            let expected = records.filter { $0.metadata["third"] == true }.map(\.id).sortedByBytes
            try expectBytes(try await allIDs(collection, where: .field("third") == true, limit: 7), expected, "ids")
            try expectBytes(
                try await allIDs(collection, limit: 64), records.map(\.id).sortedByBytes, "ids without a filter")
        },
        ConformanceCase(
            "V14.noFilteredScroll", .vector, "a filtered scroll is refused where it is not declared",
            excludes: [.vector(.filteredScroll)]
        ) { bench in
            let collection = try await bench.collection()
            try await expectUnsupported(bench, .vector(.filteredScroll), "a filtered scroll") {
                try await collection.scroll(where: .field("n") == 1)
            }
        },
    ]
}
