import StoresCore

extension VectorCases {
    static let common = CommonCases.all(probe)

    private static let probe = TierProbe(
        tier: .vector,
        write: { bench, stores in
            let spec = VectorCollectionSpec(name: "\(bench.base)-shared", dimensions: 3, metric: bench.anyMetric)
            bench.note(.collection(spec.name))
            let id = bench.name()
            try await fill(
                try await stores.vector.collection(spec), [VectorRecord(id: id, vector: [1, 2, 3], metadata: ["n": 1])])
            return { try await $0.vector.collection(spec, schema: .verify).get(ids: [id]).map(\.id) == [id] }
        },
        touch: { _, stores, deadline in _ = try await stores.vector.collections(deadline: deadline) },
        refused: { bench, text in
            let collection = try await bench.collection()
            try await collection.upsert([
                VectorRecord(id: "a", vector: [1], metadata: ["text": .string(text)], document: text)
            ])
        },
        failing: { bench, text in
            let collection = try await bench.collection()
            try await fill(
                collection,
                [VectorRecord(id: "a", vector: [1, 2, 3], metadata: ["text": .string(text)], document: text)])
            _ = try await bench.stores.vector.collection(collection.name, dimensions: 5, metric: bench.anyMetric)
        },
        bulk: { bench, count in
            let collection = try await bench.collection()
            let records = spiral(count)
            let receipt = try await collection.upsert(records)
            return (records.map(\.id), receipt.result, try await collection.count())
        },
        slow: { bench in
            let collection = try await bench.collection()
            return { deadline in
                let name = bench.name()
                let records = spiral(1700).map { VectorRecord(id: "\(name)-\($0.id)", vector: $0.vector) }
                return try await collection.upsert(records, deadline: deadline).result
            }
        },
        ping: { try await $0.vector.ping() },
        native: { try await $0.vector.withNative((any Sendable).self) { _ in } },
        wrongNative: { try await $0.vector.withNative(NoHandle.self) { _ in } },
        limited: { bench, limit in
            let collection = try await bench.collection()
            _ = try await collection.query([1, 0, 0], limit: limit)
        },
        ordered: { bench in
            let collection = try await bench.collection()
            let ids = ["b", "a", "é", "B", "10", "9", "~"]
            for id in ids { try await fill(collection, [VectorRecord(id: id, vector: [1, 1, 0])]) }
            return (try await collection.query([1, 0, 0], limit: 10).map(\.id), ids.sortedByBytes)
        })
}
