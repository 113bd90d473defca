import Foundation
import StoresCore
import StoresFile

/// A stream through the file store, in and out: how much memory it takes, and how fast it is next to what the machine's
/// own tools do with the same file.
enum ArtifactStream: Benchmark {
    static let name = "artifact-stream"
    static let summary = "file store, put and get of a 1 GiB stream: memory, and speed next to cp, dd and sha256sum"

    static let size = 1_073_741_824
    static let chunk = 262_144
    private static let repetitions = 3

    static func run(_ bench: Bench) async throws -> [Figure] {
        let scratch = try ScratchFolder()
        let folder = scratch.path
        let file = folder + "/file"
        guard FileManager.default.createFile(atPath: file, contents: nil) else { throw BenchError("no file \(file)") }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
        var chunks = GeneratedChunks(size: size, chunk: chunk).makeAsyncIterator()
        while let bytes = await chunks.next() { try handle.write(contentsOf: Data(bytes)) }
        try handle.close()

        var (growth, put, get): ([Double], [Double], [Double]) = ([], [], [])
        var (cp, dd, sum): ([Double], [Double], [Double]) = ([], [], [])
        for _ in 0..<repetitions {
            let numbers = try Child.run("artifact-stream", [folder + "/store"])
            guard numbers.count == 3 else { throw BenchError("the child printed \(numbers)") }
            growth.append(numbers[0] / 1_048_576)
            put.append(numbers[1])
            get.append(numbers[2])
            cp.append(try await Child.seconds(["cp", file, folder + "/copy"]))
            // With what the store promises by default: on the disk when it returns.
            dd.append(
                try await Child.seconds([
                    "dd", "if=\(file)", "of=\(folder)/synced", "bs=256K", "conv=fsync", "status=none",
                ]))
            sum.append(try await Child.seconds(["sha256sum", file]))
        }
        return [
            Figure(
                name, "growth of resident memory, put and get of 1 GiB", value: Spread(growth), unit: "MiB",
                target: .atMost(64)),
            speed("put of 1 GiB, synced and hashed", put, dd, "dd conv=fsync"),
            speed("put of 1 GiB, synced and hashed", put, sum, "sha256sum"),
            speed("get of 1 GiB, hash verified", get, cp, "cp"),
            speed("get of 1 GiB, hash verified", get, sum, "sha256sum"),
        ]
    }

    private static func speed(_ what: String, _ ours: [Double], _ peer: [Double], _ peerName: String) -> Figure {
        let megabytes = Double(size) / 1e6
        return Figure(
            name, "\(what), against \(peerName)", value: Spread(zip(ours, peer).map { $1 / $0 }), unit: "×",
            pair: Figure.Pair(
                ours: Spread(ours.map { megabytes / $0 }), peer: Spread(peer.map { megabytes / $0 }),
                peerName: peerName, unit: "MB/s"))
    }

    /// Puts and gets in a process of its own.
    ///
    /// - Returns: The growth of resident memory in bytes, the seconds of the put, and of the get.
    static func child(_ arguments: [String]) async throws -> [Double] {
        guard let folder = arguments.first else { throw BenchError("artifact-stream needs a folder") }
        var registry = AdapterRegistry()
        registry.register(StoresFile.self)
        let environment = VectorStores.complete(["STORE_ARTIFACT": "file", "ARTIFACT_DIR": folder])
        return try await Stores.withOpen(registry: registry, environment: environment) { stores in
            // What the first call of all sets up is not what a stream takes.
            try await stores.artifact.put("warm-up", body: GeneratedChunks(size: chunk, chunk: chunk))
            _ = try await read(stores, "warm-up")
            let before = ResidentMemory.current
            ResidentMemory.resetPeak()
            let put = try await Timing.seconds {
                try await stores.artifact.put("stream", body: GeneratedChunks(size: size, chunk: chunk))
            }
            var received = 0
            let get = try await Timing.seconds { received = try await read(stores, "stream") }
            guard received == size else { throw BenchError("\(received) of \(size) bytes came back") }
            let growth = ResidentMemory.peak - before
            try await stores.artifact.delete("stream")
            return [Double(growth), put, get]
        }
    }

    private static func read(_ stores: Stores, _ key: String) async throws -> Int {
        guard let artifact = try await stores.artifact.get(key) else { throw BenchError("\(key) is not there") }
        var count = 0
        for try await bytes in artifact.body { count += bytes.count }
        return count
    }
}

/// Bytes that cost nothing to make and do not compress: one random chunk, each time with its number in front.
struct GeneratedChunks: AsyncSequence, Sendable {
    typealias Element = [UInt8]

    let size: Int
    let chunk: Int

    func makeAsyncIterator() -> Iterator {
        var random = SplitMix64(seed: 7)
        return Iterator(
            remaining: size, template: (0..<chunk).map { _ in UInt8(truncatingIfNeeded: random.next()) }, number: 0)
    }

    struct Iterator: AsyncIteratorProtocol {
        var remaining: Int
        var template: [UInt8]
        var number: UInt64

        mutating func next() async -> [UInt8]? {
            guard remaining > 0 else { return nil }
            number += 1
            for index in 0..<8 { template[index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index)) }
            let bytes = Array(template.prefix(remaining))
            remaining -= bytes.count
            return bytes
        }
    }
}
