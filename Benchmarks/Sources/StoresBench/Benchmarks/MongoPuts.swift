#if Mongo
import CMeasure
import StoresCore

/// Facts put one at a time by 64 tasks, against pymongo from 8 threads, which writes the same documents: without
/// looking at what is there, and keeping what was there as the stores do.
enum MongoPuts: Benchmark {
    static let name = "mongo-puts"
    static let summary = "MemoryStore.put on MongoDB from 64 tasks, against pymongo with 8 threads"

    private static let tasks = 64
    private static let count = 64 * 16
    private static let text = "The walrus and the carpenter were walking close at hand along the shore"

    static func run(_ bench: Bench) async throws -> [Figure] {
        guard let server = MongoServer.find() else { return [] }
        return try await server.withStores([.memory]) { stores in
            try await put(stores, "first", 0)
            let peer = try Peer(
                "mongo_facts.py", [server.url, server.prefix + "peer", server.prefix + "facts", "8"],
                python: server.python)
            defer { peer.stop() }
            var figures: [Figure] = []
            for contest in [Contest.new, .replacing, .keeping] {
                var (ours, theirs) = ([Turn](), [Turn]())
                for turn in 0...5 {
                    let round = contest == .new ? "\(turn)" : "0"
                    let cpu = measure_cpu_seconds()
                    let wall = try await Timing.seconds { try await putAll(stores, round) }
                    let measured = Turn(wall: wall, cpu: measure_cpu_seconds() - cpu)
                    let verb = contest == .keeping ? "keep" : "replace"
                    let answer = try peer.ask("\(verb) \(round) \(count)").split(separator: " ")
                        .compactMap { Double($0) }
                    guard answer.count == 2 else { throw BenchError("the peer answered \(answer)") }
                    // The first turn warms up.
                    if turn == 0 { continue }
                    ours.append(measured)
                    theirs.append(Turn(wall: answer[0], cpu: answer[1]))
                }
                let what = "\(contest.rawValue), \(tasks) tasks, each"
                figures += [
                    .speed(
                        name, what, ours: ours.map(\.wall), peer: theirs.map(\.wall), peerName: peer.name,
                        unit: .microseconds, per: count, target: .atLeast(2)),
                    Figure(
                        name, "\(what): what pymongo without any cost would reach",
                        value: Spread(theirs.map { $0.wall / ($0.wall - $0.cpu) }), unit: "×"),
                    .speed(
                        name, "\(what), processor time of the client", ours: ours.map(\.cpu),
                        peer: theirs.map(\.cpu), peerName: peer.name, unit: .microseconds, per: count),
                ]
            }
            return figures
        }
    }

    private enum Contest: String {
        case new = "put of a new fact"
        case replacing = "put of a fact that is there, with its history, against one without"
        case keeping = "put of a fact that is there, both with its history"
    }

    private struct Turn {
        var wall: Double
        var cpu: Double
    }

    private static func putAll(_ stores: Stores, _ round: String) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<tasks {
                group.addTask {
                    for number in 0..<(count / tasks) { try await put(stores, "\(round)-\(task)", number) }
                }
            }
            try await group.waitForAll()
        }
    }

    private static func put(_ stores: Stores, _ name: String, _ number: Int) async throws {
        let attributes: Metadata = ["topic": "poem", "line": .int(Int64(number)), "tags": ["sea", "shore"]]
        try await stores.memory.put(
            FactDraft(id: "\(name)-\(number)", scope: ["bench"], content: text, attributes: attributes))
    }
}
#endif
