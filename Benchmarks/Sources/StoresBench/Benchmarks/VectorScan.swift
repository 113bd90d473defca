import Foundation
import StoresCore

/// The in-memory exact query against numpy's matrix-vector product with argpartition, and against how fast the machine
/// reads memory at all. One thread each.
enum VectorScan: Benchmark {
    static let name = "vector-scan"
    static let summary = "in-memory exact query of 384 dimensions, against numpy float32 and memory bandwidth"

    static let limit = 10
    private static let repetitions = 15

    static func run(_ bench: Bench) async throws -> [Figure] {
        let data = try bench.data()
        var figures: [Figure] = []
        for repeats in [1, 10] {
            figures += try await scan(data, repeats: repeats)
        }
        return figures
    }

    private static func scan(_ data: DataSet, repeats: Int) async throws -> [Figure] {
        try await VectorStores.withCollection(data, repeats: repeats) { collection in
            let count = data.count * repeats
            let bytes = count * DataSet.dimensions * MemoryLayout<Float>.size
            let queries = repeats == 1 ? 40 : 8
            let peer = try NumpyScan(data, repeats: repeats)
            defer { peer.stop() }
            let bandwidth = try Bandwidth(bytes: bytes)
            var start = 0
            var cores: [Double] = []
            let times = try await Timing.interleaved(
                repetitions: repetitions,
                [
                    {
                        let cpu = CPUTime.now
                        let clock = ContinuousClock.now
                        let median = try await Timing.medianSeconds(queries) { offset in
                            let query = data.queries[(start + offset) % data.queries.count]
                            keep(try await collection.query(query, limit: limit))
                        }
                        cores.append((CPUTime.now - cpu) / clock.duration(to: .now).seconds)
                        return median
                    },
                    { try peer.seconds(from: start, count: queries) },
                    {
                        start += queries
                        var all: [Double] = []
                        for _ in 0..<queries { all.append(await bandwidth.seconds(for: bytes)) }
                        return Spread(all).median
                    },
                ])
            let label = "\(count.formatted) × \(DataSet.dimensions), limit \(limit)"
            return [
                .speed(
                    name, "exact query, \(label)", ours: times[0], peer: times[1], peerName: peer.name,
                    unit: .milliseconds, target: .atLeast(1.3)),
                .speed(
                    name, "share of read bandwidth, \(label)", ours: times[0], peer: times[2],
                    peerName: "SIMD sum at \(Report.number(Double(bytes) / Spread(times[2]).median / 1e9)) GB/s",
                    unit: .milliseconds, target: .atLeast(0.8)),
                Figure(
                    name, "threads used, \(label)", value: Spread(cores), unit: "cores", target: .atMost(1.1)),
                try await recall(data, repeats: repeats, collection),
            ]
        }
    }

    /// The share of queries whose results are the exact nearest, ties aside: a returned vector may stand for another
    /// one that is as near to 1e-6.
    private static func recall(_ data: DataSet, repeats: Int, _ collection: VectorCollection) async throws -> Figure {
        var exact = 0
        let queries = data.queries.prefix(repeats == 1 ? data.queries.count : 20)
        for (index, query) in queries.enumerated() {
            let matches = try await collection.query(query, limit: limit, include: [])
            let nearest = Exact.nearest(data, query, limit, repeats: repeats)
            var isExact = matches.count == limit
            for (match, expected) in zip(matches, nearest) {
                guard let similarity = match.similarity, abs(similarity - expected) < 1e-5 else {
                    isExact = false
                    break
                }
            }
            if repeats == 1, let truth = data.truth, index < truth.count, limit < truth[index].count {
                let cosines = Exact.cosines(data, query)
                let rows = Dictionary(zip(data.ids, cosines), uniquingKeysWith: { first, _ in first })
                let worst = rows[truth[index][limit - 1]] ?? 1
                // Every id of the truth, or one that ties with its last.
                let wanted = Set(truth[index].prefix(limit))
                if !matches.allSatisfy({ wanted.contains($0.id) || (rows[$0.id] ?? -1) > worst - 1e-6 }) {
                    isExact = false
                }
            }
            if isExact { exact += 1 }
        }
        let against = repeats == 1 && data.truth != nil ? "the data's truth and float64" : "float64"
        return Figure(
            name,
            "queries with exact results (of \(queries.count), against \(against)), \((data.count * repeats).formatted)",
            value: Spread([Double(exact) / Double(queries.count)]), unit: "share", target: .atLeast(1))
    }
}

/// The exact answer, slowly.
enum Exact {
    static func cosines(_ data: DataSet, _ query: [Float]) -> [Double] {
        let wide = query.map(Double.init)
        let length = wide.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return data.vectors.withUnsafeBufferPointer { vectors in
            (0..<data.count).map { row in
                var (dot, square) = (0.0, 0.0)
                for column in 0..<DataSet.dimensions {
                    let value = Double(vectors[row * DataSet.dimensions + column])
                    dot += value * wide[column]
                    square += value * value
                }
                return dot / (square.squareRoot() * length)
            }
        }
    }

    /// The best similarities, best first, when every record is there `repeats` times.
    static func nearest(_ data: DataSet, _ query: [Float], _ limit: Int, repeats: Int) -> [Double] {
        let best = cosines(data, query).sorted(by: >).prefix(limit)
        return Array(best.flatMap { Array(repeating: $0, count: repeats) }.prefix(limit))
    }
}

/// numpy at its best, in a process of its own.
final class NumpyScan {
    private let peer: Peer
    private let scratch: ScratchFolder
    var name: String { peer.name }

    init(_ data: DataSet, repeats: Int) throws {
        scratch = try ScratchFolder()
        let folder = scratch.path
        try data.vectors.withUnsafeBytes { Data($0) }.write(to: URL(fileURLWithPath: folder + "/vectors.f32"))
        try data.queries.flatMap { $0 }.withUnsafeBytes { Data($0) }
            .write(to: URL(fileURLWithPath: folder + "/queries.f32"))
        peer = try Peer(
            "numpy_scan.py",
            [
                folder + "/vectors.f32", folder + "/queries.f32", "\(DataSet.dimensions)", "\(repeats)",
                "\(VectorScan.limit)",
            ])
    }

    /// The median seconds of a query, over `count` of them.
    func seconds(from start: Int, count: Int) throws -> Double {
        try peer.seconds("\(start) \(count)")
    }

    func stop() { peer.stop() }
}

/// The processor time of all threads of this process, in seconds.
enum CPUTime {
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

extension Int {
    /// With a comma at the thousands.
    var formatted: String {
        self < 1000 ? "\(self)" : "\(self / 1000)," + String(format: "%03d", self % 1000)
    }
}
