import StoresCore

extension VectorCases {
    static let filters = FilterCases.all(.vector)

    /// X11.
    static let names: [ConformanceCase] = [
        ConformanceCase("X11.vector.ids", .vector, "hostile ids round-trip or are invalid, and reach no other record") {
            bench in
            let collection = try await bench.collection()
            try await NameCases.check("the id") { id, number in
                try await fill(
                    collection,
                    [VectorRecord(id: id, vector: [1, Float(number), 0], metadata: ["n": .int(Int64(number))])])
            } read: { id in
                let records = try await collection.get(ids: [id])
                try expect(records.count <= 1, "get of \(shown(id)): expected one record at most, got \(records.count)")
                if let record = records.first { try expectBytes(record.id, id, "the id of the record") }
                return records.first?.metadata["n"].flatMap { if case .int(let n) = $0 { Int(n) } else { nil } }
            } remove: { id in
                try expectEqual(try await collection.delete(ids: [id]), 1, "deleted of \(shown(id))")
            }
        },
        ConformanceCase(
            "X11.vector.namespaces", .vector, "hostile namespaces are apart from each other or invalid",
            requires: [.vector(.namespaces)]
        ) { bench in
            let collection = try await bench.collection()
            try await NameCases.check("the namespace", names: HostileNames.all.filter { $0 != "default" }) {
                name, number in
                try await fill(
                    try collection.namespace(name),
                    [VectorRecord(id: "one", vector: [1, 2, 3], metadata: ["n": .int(Int64(number))])])
            } read: { name in
                let space = try collection.namespace(name)
                let matches = try await space.query([1, 2, 3], limit: 5)
                try expect(
                    matches.count <= 1,
                    "the namespace \(shown(name)): expected one record at most, got \(matches.count)")
                return matches.first?.metadata["n"].flatMap { if case .int(let n) = $0 { Int(n) } else { nil } }
            } remove: { name in
                try await collection.namespace(name).deleteAll(confirming: collection.name)
            }
            try expectEqual(try await collection.count(), 0, "the default namespace")
        },
        ConformanceCase(
            "X11.vector.collections", .vector, "hostile collection names are apart from each other or invalid"
        ) {
            bench in
            let metric = bench.anyMetric
            // Every second of the corpus: making a collection is slow on some servers.
            let names = HostileNames.all.enumerated().filter { $0.offset % 3 == 0 || $0.element.utf8.count <= 2 }.map {
                bench.base + $0.element
            }
            try await NameCases.check("the collection", names: names, mustTake: [bench.base + "é", bench.base + "A"]) {
                name, number in
                bench.note(.collection(name))
                let collection = try await bench.stores.vector.collection(name, dimensions: 2, metric: metric)
                try await fill(
                    collection, [VectorRecord(id: "one", vector: [1, 2], metadata: ["n": .int(Int64(number))])])
            } read: { name in
                do {
                    let collection = try await bench.stores.vector.collection(
                        name, dimensions: 2, metric: metric, schema: .verify)
                    return try await collection.get(ids: ["one"]).first?.metadata["n"].flatMap {
                        if case .int(let n) = $0 { Int(n) } else { nil }
                    }
                } catch let error as StoreError where error.code == .notFound {
                    return nil
                }
            } remove: { name in
                _ = try await bench.stores.vector.dropCollection(name, confirming: name)
            }
        },
    ]
}
