import Foundation
import StoresCore

/// The JSON reader and writer on the metadata of the records, against python's, whose scanner and encoder are in C.
enum JSON: Benchmark {
    static let name = "json"
    static let summary = "JSON reader and writer, against python's json"

    static func run(_ bench: Bench) async throws -> [Figure] {
        let data = try bench.data()
        let texts = data.metadata.map { metadata in
            var writer = JSONWriter()
            writer.append(metadata)
            return writer.bytes
        }
        let scratch = try ScratchFolder()
        let path = scratch.path + "/metadata.jsonl"
        try Data(texts.joined(separator: [0x0A])).write(to: URL(fileURLWithPath: path))
        let peer = try Peer("json_speed.py", [path])
        defer { peer.stop() }
        let size = Double(texts.reduce(0) { $0 + $1.count }) / 1e6
        let times = try await Timing.interleaved(
            repetitions: 11,
            [
                { try await Timing.seconds { for text in texts { keep(try JSONReader.value(from: text)) } } },
                { try peer.seconds("read") },
                {
                    await Timing.seconds {
                        for metadata in data.metadata {
                            var writer = JSONWriter()
                            writer.append(metadata)
                            keep(writer.bytes)
                        }
                    }
                },
                { try peer.seconds("write") },
            ])
        return [
            speed("reading \(texts.count.formatted) objects", times[0], times[1], peer.name, size),
            speed("writing \(texts.count.formatted) objects", times[2], times[3], peer.name, size),
        ]
    }

    private static func speed(_ what: String, _ ours: [Double], _ peer: [Double], _ peerName: String, _ size: Double)
        -> Figure
    {
        Figure(
            name, what, value: Spread(zip(ours, peer).map { $1 / $0 }), unit: "×",
            pair: Figure.Pair(
                ours: Spread(ours.map { size / $0 }), peer: Spread(peer.map { size / $0 }), peerName: peerName,
                unit: "MB/s"))
    }
}
