import StoresCore

extension VectorCases {
    /// V1 to V3: what is taken.
    static let collections: [ConformanceCase] = [
        // Usually: an id mapped to a UUID and not kept beside it.
        ConformanceCase("V1.idsRoundTrip", .vector, "ids come back as they were given, byte for byte") { bench in
            let collection = try await bench.collection()
            let ids = [
                "7", "a-b_c", "é", "e\u{301}", "👩‍👩‍👧", "550e8400-e29b-41d4-a716-446655440000",
                String(repeating: "x", count: 512),
            ]
            try await fill(
                collection,
                ids.enumerated().map {
                    VectorRecord(id: $1, vector: [1, Float($0), 2], metadata: ["n": .int(Int64($0))])
                })
            let found = try await collection.get(ids: ids)
            try expectBytes(found.map(\.id), ids, "get of \(ids.count) ids")
            for (index, record) in found.enumerated() {
                try expectEqual(record.metadata["n"], .int(Int64(index)), "the record of \(shown(ids[index]))")
            }
            let matches = try await collection.query([1, 1, 1], limit: ids.count)
            try expectSame(matches.map(\.id), ids, "ids of a query")
        },
        // Usually: a limit of the backend that shows as an error of its own.
        ConformanceCase("V1.idLimits", .vector, "an empty id and one of 513 bytes are invalid") { bench in
            let collection = try await bench.collection()
            for id in ["", String(repeating: "x", count: 513), "nul\u{0}"] {
                try await expectError(.invalidArgument, during: "upsert of the id \(shown(id))") {
                    try await collection.upsert([VectorRecord(id: id, vector: [1, 0, 0])])
                }
            }
            try expectEqual(try await collection.count(), 0, "records after refused upserts")
        },
        // Usually: the shape is kept in the process rather than in the backend.
        ConformanceCase("V2.schemaMismatch", .vector, "ensuring a collection with another shape is a schema mismatch") {
            bench in
            let collection = try await bench.collection(3, fields: [FieldDefinition("n", .int)])
            try await fill(collection, axes)
            let name = collection.name
            let metric = bench.anyMetric
            let shapes: [(Int, [FieldDefinition])] = [
                (4, [FieldDefinition("n", .int)]), (3, [FieldDefinition("n", .string)]), (3, []),
            ]
            for (dimensions, fields) in shapes {
                let error = try await expectError(
                    .schemaMismatch, during: "ensuring with \(dimensions) dimensions, \(fields)"
                ) {
                    try await bench.other.vector.collection(
                        name, dimensions: dimensions, metric: metric, fields: fields)
                }
                guard case .schema(let found, let wanted) = error.conflict else {
                    throw CaseFailure(
                        "the mismatch: expected what was found and wanted, got \(String(describing: error.conflict))")
                }
                try expect(found != wanted, "the mismatch: expected two shapes, got \(found) twice")
            }
            try expectEqual(try await collection.count(), 3, "records after refused ensures")
        },
        // Usually: "create or replace".
        ConformanceCase("V2.neverRebuilt", .vector, "ensuring again keeps every record") { bench in
            let collection = try await bench.collection()
            try await fill(collection, axes)
            for mode in [SchemaMode.create, .verify, .off] {
                let again = try await bench.other.vector.collection(collection.spec, schema: mode)
                try expectEqual(try await again.count(), 3, "records after ensuring with \(mode.rawValue)")
            }
        },
        // Usually: `verify` is treated as `create`.
        ConformanceCase(
            "V2.verifyCreatesNothing", .vector, "verifying a missing collection is not found and creates nothing"
        ) {
            bench in
            let name = bench.name()
            bench.note(.collection(name))
            try await expectError(.notFound, during: "verifying a missing collection") {
                try await bench.stores.vector.collection(name, dimensions: 3, metric: bench.anyMetric, schema: .verify)
            }
            let names = try await bench.stores.vector.collections().map(\.name)
            try expect(!names.contains(name), "collections after verifying: expected none named \(name), got it")
        },
        // Usually: a drop that removes one namespace, or a listing without an order.
        ConformanceCase(
            "V2.listAndDrop", .vector, "collections are listed by name with their shapes, and dropped whole"
        ) {
            bench in
            let made = [try await bench.collection(3), try await bench.collection(5), try await bench.collection(4)]
            try await fill(made[0], axes)
            let listed = try await bench.stores.vector.collections().filter { $0.name.hasPrefix(bench.base) }
            try expectBytes(listed.map(\.name), made.map(\.name).sortedByBytes, "the listed names")
            for spec in made.map(\.spec) {
                let found = try unwrap(listed.first { $0.name == spec.name }, "the listed shape of \(spec.name)")
                try expectEqual(found.shape, spec.shape, "the listed shape of \(spec.name)")
            }
            let name = made[0].name
            try expect(
                try await bench.stores.vector.dropCollection(name, confirming: name), "drop: expected that it was there"
            )
            try expect(
                try await !bench.stores.vector.dropCollection(name, confirming: name),
                "a second drop: expected that it was not there")
            try await expectError(.invalidArgument, during: "drop with a wrong confirmation") {
                try await bench.stores.vector.dropCollection(made[1].name, confirming: name)
            }
            let again = try await bench.stores.vector.collection(made[0].spec)
            try expectEqual(try await again.count(), 0, "records of a collection made anew")
        },
        // Usually: a metric that the adapter maps to its nearest relative.
        metricRefused(.cosine, .cosine), metricRefused(.dot, .dot), metricRefused(.euclidean, .euclidean),
        // Usually: NaN reaches the wire as null, or zero vectors divide by zero in the backend.
        ConformanceCase(
            "V3.badVectors", .vector, "a vector of the wrong length, with NaN or infinity is refused, naming the id"
        ) {
            bench in
            let collection = try await bench.collection()
            for vector in [[1, 0], [1, 0, 0, 0], [], [1, .nan, 0], [.infinity, 0, 0], [0, -.infinity, 0]] as [[Float]] {
                let error = try await expectError(.invalidArgument, during: "upsert of \(vector)") {
                    try await collection.upsert([axes[0], VectorRecord(id: "culprit", vector: vector)])
                }
                try expect(
                    error.message.contains("culprit"), "the message: expected the id culprit, got \(error.message)")
                try await expectError(.invalidArgument, during: "query with \(vector)") {
                    try await collection.query(vector, limit: 1)
                }
            }
            try expectEqual(try await collection.count(), 0, "records after refused upserts")
        },
        ConformanceCase(
            "V3.zeroVector", .vector, "under cosine a vector without length is refused", requires: [.vector(.cosine)]
        ) {
            bench in
            let collection = try await bench.collection(3, .cosine)
            try await expectError(.invalidArgument, during: "upsert of a zero vector") {
                try await collection.upsert([VectorRecord(id: "zero", vector: [0, 0, 0])])
            }
            try await expectError(.invalidArgument, during: "query with a zero vector") {
                try await collection.query([0, 0, 0], limit: 1)
            }
            try expectEqual(try await collection.count(), 0, "records after a refused upsert")
        },
    ]

    private static func metricRefused(_ metric: VectorMetric, _ capability: VectorCapability) -> ConformanceCase {
        ConformanceCase(
            "V2.no\(capability.rawValue.prefix(1).uppercased() + capability.rawValue.dropFirst())", .vector,
            "a collection with \(metric.rawValue) is refused where it is not declared", excludes: [.vector(capability)]
        ) { bench in
            let name = bench.name()
            bench.note(.collection(name))
            try await expectUnsupported(bench, .vector(capability), "a collection with \(metric.rawValue)") {
                try await bench.stores.vector.collection(name, dimensions: 3, metric: metric)
            }
        }
    }
}
