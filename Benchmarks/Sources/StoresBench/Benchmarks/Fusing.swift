import StoresCore

/// Reciprocal rank fusion of two lists that share half of their ids.
enum Fusing: Benchmark {
    static let name = "fusing"
    static let summary = "reciprocal rank fusion of two lists, against python"

    static func run(_ bench: Bench) async throws -> [Figure] {
        let first = (0..<100).map { "record-\($0)" }
        let second = (0..<100).map { "record-\($0 * 2 % 199)" }
        let rounds = 200
        let peer = try Peer("rank_fusion.py", [])
        defer { peer.stop() }
        let times = try await Timing.interleaved(
            repetitions: 15,
            [
                { await Timing.seconds { for _ in 0..<rounds { keep(RankFusion.fuse([first, second])) } } },
                { try peer.seconds("\(rounds)") },
            ])
        return [
            .speed(
                name, "fusing two lists of 100", ours: times[0], peer: times[1], peerName: peer.name,
                unit: .microseconds, per: rounds)
        ]
    }
}
