import CMeasure
import StoresCore

/// What the in-memory vector store needs, against the raw vectors and the metadata as a plain array. Each side is
/// measured in a process of its own, which holds nothing else.
enum VectorMemory: Benchmark {
    static let name = "vector-memory"
    static let summary = "resident memory of the in-memory vector store, against raw vectors and a [Metadata]"

    private static let repeats = 10
    private static let mebibyte = 1_048_576.0

    static func run(_ bench: Bench) async throws -> [Figure] {
        let data = try bench.data()
        var (ours, plain): ([Double], [Double]) = ([], [])
        for _ in 0..<3 {
            ours += try Child.run("vector-memory-driver").prefix(1)
            plain += try Child.run("vector-memory-plain").prefix(1)
        }
        let raw = Double(data.count * repeats * DataSet.dimensions * MemoryLayout<Float>.size)
        let needed = plain.map { $0 + raw }
        return [
            Figure(
                name, "memory of \((data.count * repeats).formatted) records",
                value: Spread(zip(ours, needed).map { $0 / $1 }), unit: "×",
                pair: Figure.Pair(
                    ours: Spread(ours.map { $0 / mebibyte }), peer: Spread(needed.map { $0 / mebibyte }),
                    peerName: "raw vectors and a plain [Metadata]", unit: "MiB"),
                target: .atMost(1.2))
        ]
    }

    /// The bytes that a `[Metadata]` adds to a process that has the data set.
    static func plain() throws -> [Double] {
        let data = try DataSet.load()
        let before = settled()
        var all: [Metadata] = []
        for _ in 0..<repeats { for metadata in data.metadata { all.append(copy(metadata)) } }
        let after = settled()
        keep((all, data))
        return [Double(after - before)]
    }

    /// The bytes that a filled store adds to a process that has the data set.
    static func driver() async throws -> [Double] {
        let data = try DataSet.load()
        return try await Stores.withOpen(environment: VectorStores.complete([:])) { stores in
            let collection = try await stores.vector.collection("packages", dimensions: DataSet.dimensions)
            let before = settled()
            for turn in 0..<repeats {
                for start in stride(from: 0, to: data.count, by: 500) {
                    let records = (start..<min(start + 500, data.count)).map { row in
                        VectorRecord(
                            id: turn == 0 ? data.ids[row] : "\(data.ids[row])#\(turn)", vector: data.vector(row),
                            metadata: copy(data.metadata[row]))
                    }
                    try await collection.upsert(records)
                }
            }
            let after = settled()
            keep((collection, data))
            return [Double(after - before)]
        }
    }

    /// The same with storage of its own, as a record from outside has.
    private static func copy(_ metadata: Metadata) -> Metadata {
        var result = Metadata(minimumCapacity: metadata.count)
        for (key, value) in metadata { result[text(key)] = copy(value) }
        return result
    }

    private static func copy(_ value: Value) -> Value {
        switch value {
        case .string(let string): .string(text(string))
        case .array(let values): .array(values.map { copy($0) })
        case .object(let fields): .object(copy(fields))
        default: value
        }
    }

    private static func text(_ string: String) -> String { String(decoding: Array(string.utf8), as: UTF8.self) }

    private static func settled() -> Int64 {
        measure_trim()
        return ResidentMemory.current
    }
}
