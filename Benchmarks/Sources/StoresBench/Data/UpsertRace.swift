#if HTTP
import CMeasure
import StoresCore

/// The same rows into the same server, in turns: by a collection of ours, and by the vendor's client.
enum UpsertRace {
    /// - Parameters:
    ///   - script: Of `Benchmarks/peers`; takes the server's URL and a data folder, and answers `vectors`, or `records`
    ///     for vectors with metadata, with the seconds that passed and the seconds of processor time.
    ///   - cpuShare: What of the peer's processor time ours may use at most, for vectors alone.
    static func run(
        _ benchmark: String, _ server: RESTServer, _ data: DataSet, script: String, repetitions: Int, cpuShare: Double
    ) async throws -> [Figure] {
        let scratch = try ScratchFolder()
        try data.write(to: scratch.path)
        let peer = try Peer(script, [server.url, scratch.path], python: server.python)
        defer { peer.stop() }
        return try await server.withStores { stores in
            var figures: [Figure] = []
            for hasMetadata in [false, true] {
                var ours = [Turn]()
                var theirs = [Turn]()
                for turn in 0...repetitions {
                    let measured = try await upsert(data, stores, hasMetadata: hasMetadata)
                    let answer = try peer.ask(hasMetadata ? "records" : "vectors").split(separator: " ")
                        .compactMap { Double($0) }
                    guard answer.count == 2 else { throw BenchError("the peer answered \(answer)") }
                    // The first turn warms up.
                    if turn == 0 { continue }
                    ours.append(measured)
                    theirs.append(Turn(wall: answer[0], cpu: answer[1]))
                }
                let what =
                    "upsert of \(data.count.formatted) × \(DataSet.dimensions) into \(server.name)"
                    + (hasMetadata ? " with metadata" : "")
                figures += [
                    .speed(
                        benchmark, "\(what), as a whole", ours: ours.map(\.wall), peer: theirs.map(\.wall),
                        peerName: peer.name, unit: .microseconds, per: data.count),
                    Figure(
                        benchmark, "\(what): what a client without any cost would reach",
                        value: Spread(theirs.map { $0.wall / ($0.wall - $0.cpu) }), unit: "×"),
                    .speed(
                        benchmark, "\(what), processor time of the client", ours: ours.map(\.cpu),
                        peer: theirs.map(\.cpu), peerName: peer.name, unit: .microseconds, per: data.count,
                        target: hasMetadata ? nil : .atLeast(1 / cpuShare)),
                ]
            }
            return figures
        }
    }

    private struct Turn {
        var wall: Double
        var cpu: Double
    }

    private static func upsert(_ data: DataSet, _ stores: Stores, hasMetadata: Bool) async throws -> Turn {
        let name = "bench-\(UInt32.random(in: .min ... .max))"
        let collection = try await stores.vector.collection(name, dimensions: DataSet.dimensions)
        let cpu = measure_cpu_seconds()
        let wall = try await Timing.seconds {
            let receipt = try await collection.upsert(data.records(hasMetadata: hasMetadata))
            guard receipt.result.isComplete else { throw BenchError("not all records were written") }
        }
        let measured = Turn(wall: wall, cpu: measure_cpu_seconds() - cpu)
        guard try await collection.count() == data.count else { throw BenchError("records are missing") }
        _ = try await stores.vector.dropCollection(name, confirming: name)
        return measured
    }
}
#endif
