import StoresCore

extension VectorCases {
    /// V11.
    static let namespaces: [ConformanceCase] = [
        // Usually: one operation, often count or delete by id, forgets the tenant.
        ConformanceCase(
            "V11.confined", .vector, "every operation stays within its namespace", requires: [.vector(.namespaces)]
        ) { bench in
            let collection = try await bench.collection()
            let one = try collection.namespace("one")
            let two = try collection.namespace("two")
            for (space, word) in [(collection, "default"), (one, "one"), (two, "two")] {
                try await fill(
                    space,
                    axes.map {
                        VectorRecord(id: $0.id, vector: $0.vector, metadata: ["in": .string(word)], document: word)
                    })
            }
            try await fill(one, [VectorRecord(id: "only", vector: [1, 1, 1], metadata: ["in": "one"])])
            for (space, word, ids) in [
                (collection, "default", ["a", "b", "c"]), (one, "one", ["a", "b", "c", "only"]),
                (two, "two", ["a", "b", "c"]),
            ] {
                try expectEqual(try await space.count(), ids.count, "count in \(word)")
                try expectSame(try await allIDs(space), ids, "scroll in \(word)")
                let matches = try await space.query([1, 1, 1], limit: 20)
                try expectSame(matches.map(\.id), ids, "query in \(word)")
                try expect(
                    matches.allSatisfy { $0.metadata["in"] == .string(word) },
                    "query in \(word): expected its own records, got \(matches.map(\.metadata))")
                let got = try await space.get(ids: ["a", "only"])
                try expect(got.allSatisfy { $0.metadata["in"] == .string(word) }, "get in \(word): got \(got)")
            }
        },
        ConformanceCase(
            "V11.deletesConfined", .vector, "deletes stay within their namespace", requires: [.vector(.namespaces)]
        ) { bench in
            let collection = try await bench.collection()
            let other = try collection.namespace("other")
            try await fill(collection, axes)
            try await fill(other, axes)
            try expectEqual(try await collection.delete(ids: ["a"]), 1, "deleted by id")
            try expectEqual(try await other.count(), 3, "the other namespace after a delete by id")
            if bench.declares(.vector(.filters)) {
                try expectEqual(try await collection.delete(where: .field("n") == 2), 1, "deleted by filter")
                try expectEqual(
                    try await other.count(where: .field("n") == 2), 1, "the other namespace after a delete by filter")
            }
            try await collection.deleteAll(confirming: collection.name)
            try expectEqual(try await other.count(), 3, "the other namespace after delete all")
            try expectEqual(try await collection.count(), 0, "its own namespace after delete all")
        },
        // Usually: the collection is made, and then its namespace refused.
        ConformanceCase("V11.refusedFirst", .vector, "a namespace that is refused leaves no collection behind") {
            bench in
            let name = bench.name()
            bench.note(.collection(name))
            let spec = VectorCollectionSpec(name: name, dimensions: 3, metric: bench.anyMetric)
            try await expectError(.invalidArgument, during: "an empty namespace") {
                try await bench.stores.vector.collection(spec, namespace: "")
            }
            if !bench.declares(.vector(.namespaces)) {
                try await expectUnsupported(bench, .vector(.namespaces), "a collection with a namespace") {
                    try await bench.stores.vector.collection(spec, namespace: "tenant")
                }
            }
            let names = try await bench.stores.vector.collections().map(\.name)
            try expect(!names.contains(name), "collections after the refusal: expected none named \(name)")
        },
        ConformanceCase(
            "V11.noNamespaces", .vector, "a namespace is refused where they are not declared",
            excludes: [.vector(.namespaces)]
        ) { bench in
            let collection = try await bench.collection()
            try await expectUnsupported(bench, .vector(.namespaces), "a namespace") {
                try collection.namespace("tenant")
            }
            try expectEqual(try collection.namespace("default").namespace, "default", "the one namespace")
        },
    ]

    /// V12.
    static let text: [ConformanceCase] = [
        // Usually: all words are demanded, or a score leaks out.
        ConformanceCase(
            "V12.text", .vector, "a text query ranks the documents that have the words", requires: [.vector(.textQuery)]
        ) { bench in
            let collection = try await bench.collection()
            try await fill(collection, library)
            let matches = try await collection.query(text: "whale ship", limit: 10)
            try expectSame(matches.map(\.id), ["moby", "ship"], "documents with whale or ship")
            try expectBytes(matches.first?.id ?? "", "moby", "the best of them, which has both words")
            try expect(
                matches.allSatisfy { $0.similarity == nil && $0.score == nil },
                "text matches: expected ranks only, got \(matches.map(\.similarity))")
            try expectEqual(try await collection.query(text: "zebra", limit: 10).count, 0, "documents with zebra")
            try expectEqual(try await collection.query(text: "whale ship", limit: 1).count, 1, "with limit 1")
            if bench.declares(.vector(.filters)) {
                try expectBytes(
                    try await collection.query(text: "whale ship", where: .field("n") == 2, limit: 10).map(\.id),
                    ["ship"],
                    "documents with whale or ship, and n = 2")
            }
            _ = try await collection.query(text: "%_'\";--*", limit: 10)
        },
        // Usually: scores of different kinds are added up.
        ConformanceCase(
            "V12.hybrid", .vector, "a hybrid query puts first what both text and vector find",
            requires: [.vector(.hybridQuery)]
        ) { bench in
            let collection = try await bench.collection()
            try await fill(collection, library)
            let matches = try await collection.hybridQuery(text: "whale", vector: [1, 0, 0], limit: 10)
            try expectBytes(matches.first?.id ?? "", "moby", "the first")
            try expectEqual(Set(matches.map(\.id)).count, matches.count, "distinct ids")
            try expect(
                matches.allSatisfy { $0.similarity == nil && $0.score == nil },
                "hybrid matches: expected ranks only, got \(matches.map(\.similarity))")
            try expectEqual(
                try await collection.hybridQuery(text: "whale", vector: [1, 0, 0], limit: 1).count, 1, "with limit 1")
            let byText = try await collection.hybridQuery(text: "garden", vector: [1, 0, 0], limit: 10).map(\.id)
            try expect(byText.contains("garden"), "a document that only the text finds: expected garden, got \(byText)")
            try await expectError(.invalidArgument, during: "a hybrid query with a bad vector") {
                try await collection.hybridQuery(text: "whale", vector: [1, 0], limit: 1)
            }
        },
        ConformanceCase(
            "V12.noText", .vector, "a text query is refused where it is not declared", excludes: [.vector(.textQuery)]
        ) { bench in
            let collection = try await bench.collection()
            try await expectUnsupported(bench, .vector(.textQuery), "a text query") {
                try await collection.query(text: "whale", limit: 1)
            }
        },
        ConformanceCase(
            "V12.noHybrid", .vector, "a hybrid query is refused where it is not declared",
            excludes: [.vector(.hybridQuery)]
        ) { bench in
            let collection = try await bench.collection()
            try await expectUnsupported(bench, .vector(.hybridQuery), "a hybrid query") {
                try await collection.hybridQuery(text: "whale", vector: [1, 0, 0], limit: 1)
            }
        },
    ]

    private static let library = [
        VectorRecord(
            id: "moby", vector: [1, 0, 0], metadata: ["n": 1], document: "The whale and the ship: a white whale"),
        VectorRecord(
            id: "ship", vector: [0.8, 0.6, 0], metadata: ["n": 2], document: "A ship in a bottle on the shelf"),
        VectorRecord(id: "garden", vector: [0, 0, 1], metadata: ["n": 3], document: "Roses in the garden"),
        VectorRecord(id: "silent", vector: [0, 1, 0], metadata: ["n": 4]),
    ]
}
