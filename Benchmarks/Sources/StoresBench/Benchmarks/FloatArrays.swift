#if HTTP
import Foundation
import StoresCore
import StoresHTTP

/// Vectors as JSON and back, against Foundation, orjson on numpy arrays, and the loops that one would write first.
enum FloatArrays: Benchmark {
    static let name = "float-arrays"
    static let summary = "float arrays as JSON and back, against JSONEncoder, JSONDecoder and orjson on numpy"

    static func run(_ bench: Bench) async throws -> [Figure] {
        let data = try bench.data()
        // Foundation takes half a second for these.
        let rows = (0..<min(1_000, data.count)).map { data.vector($0) }
        let text = Self.text(rows)
        let scratch = try ScratchFolder()
        try rows.flatMap { $0 }.withUnsafeBytes { bytes in
            try Data(bytes).write(to: URL(fileURLWithPath: scratch.path + "/vectors.f32"))
        }
        let peer = try Peer("float_arrays.py", [scratch.path + "/vectors.f32", "\(DataSet.dimensions)"])
        defer { peer.stop() }
        let encoder = JSONEncoder()
        let decoder = JSONDecoder()
        let foundation = Data(text)
        let times = try await Timing.interleaved(
            repetitions: 9,
            [
                { await Timing.seconds { keep(Self.text(rows)) } },
                { try await Timing.seconds { keep(try encoder.encode(rows)) } },
                { try peer.seconds("write") },
                { try await Timing.seconds { keep(try Self.read(text)) } },
                { try await Timing.seconds { keep(try decoder.decode([[Float]].self, from: foundation)) } },
                { try peer.seconds("read") },
            ])
        guard try read(text) == rows else { throw BenchError("the floats read are not those that were written") }
        func speed(_ what: String, _ ours: Int, _ peer: Int, _ name: String, _ target: Double?) -> Figure {
            .speed(
                Self.name, "\(what) \(rows.count.formatted) × \(DataSet.dimensions) floats, each", ours: times[ours],
                peer: times[peer], peerName: name, unit: .nanoseconds, per: rows.count * DataSet.dimensions,
                target: target.map { .atLeast($0) })
        }
        return [
            speed("writing", 0, 1, "JSONEncoder", 10),
            speed("writing", 0, 2, "\(peer.name), OPT_SERIALIZE_NUMPY", 0.7),
            speed("reading", 3, 4, "JSONDecoder", 5),
            speed("reading", 3, 5, "\(peer.name), to lists of python's floats", nil),
        ]
    }

    private static func text(_ rows: [[Float]]) -> [UInt8] {
        var writer = JSONWriter()
        writer.list(rows) { $0.append($1) }
        return writer.finish()
    }

    private static func read(_ text: [UInt8]) throws -> [[Float]] {
        try JSONPull.read(text) { pull throws(StoreError) in
            try pull.list { pull throws(StoreError) in try pull.floats() }
        }
    }
}
#endif
