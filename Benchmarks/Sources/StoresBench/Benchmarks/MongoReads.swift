#if Mongo
import StoresCore

/// A document by its key from one task, against a loop in C that asks the same server for the same document.
enum MongoReads: Benchmark {
    static let name = "mongo-reads"
    static let summary = "SessionStore.get and MemoryStore.get on MongoDB from one task, against C over libmongoc"

    private static let count = 2000

    static func run(_ bench: Bench) async throws -> [Figure] {
        guard let server = MongoServer.find() else { return [] }
        let scratch = try ScratchFolder()
        let program = try CompiledPeer.build("mongo_loop.c", library: "libmongoc-1.0", "mongoc2", in: scratch.path)
        let peer = try Peer(command: [program, server.url, server.database])
        defer { peer.stop() }
        return try await server.withStores([.session, .memory]) { stores in
            let text = String(repeating: "0123456789abcdef", count: 4)
            try await stores.session.set("key", SessionValue(text), expiry: .never)
            try await stores.memory.put(FactDraft(id: "fact", scope: ["bench"], content: text))
            let get: @Sendable () async throws -> Void = {
                guard try await stores.session.get("key")?.value.bytes.count == 64 else {
                    throw BenchError("a wrong value")
                }
            }
            let fact: @Sendable () async throws -> Void = {
                guard try await stores.memory.get("fact", scope: ["bench"])?.content == text else {
                    throw BenchError("a wrong fact")
                }
            }
            let times = try await Timing.interleaved(
                repetitions: 7, warmUp: 1,
                [
                    { try await seconds(get) },
                    { try peer.seconds("here \(server.prefix)sessions value key \(count)") },
                    { try await seconds(fact) },
                    { try peer.seconds("here \(server.prefix)facts content bench\u{1}\u{1}fact \(count)") },
                    { try peer.seconds("there \(server.prefix)sessions value key \(count)") },
                ])
            func figure(_ what: String, _ ours: Int) -> Figure {
                .speed(
                    name, what, ours: times[ours], peer: times[ours + 1], peerName: peer.name, unit: .microseconds,
                    per: count, target: .atLeast(1 / 1.2))
            }
            return [
                figure("session get, one task", 0), figure("fact get, one task", 2),
                .speed(
                    name, "the same loop in C, each find handed to another thread, next to the loop without",
                    ours: times[4], peer: times[1], peerName: peer.name, unit: .microseconds, per: count),
            ]
        }
    }

    /// In a task of its own, as a server's are.
    private static func seconds(_ body: @escaping @Sendable () async throws -> Void) async throws -> Double {
        try await Task { @concurrent in
            try await Timing.seconds { for _ in 0..<count { try await body() } }
        }.value
    }
}
#endif
