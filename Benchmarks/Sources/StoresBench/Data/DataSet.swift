import Foundation
import StoresCore

/// Records with vectors of unit length and metadata, and queries for them.
struct DataSet {
    static let dimensions = 384

    var source: String
    var ids: [String]
    /// What each vector stands for.
    var texts: [String]
    var metadata: [Metadata]
    /// Row by row.
    var vectors: [Float]
    var queries: [[Float]]
    /// For each query the ids of the exact nearest by cosine, best first; nil when the data brings none.
    var truth: [[String]]?

    var count: Int { ids.count }

    func vector(_ row: Int) -> [Float] {
        Array(vectors[row * Self.dimensions..<(row + 1) * Self.dimensions])
    }

    /// The section whose share of the records is nearest to the given one, and its share.
    func section(ofShare share: Double) -> (name: String, share: Double) {
        var counts: [String: Int] = [:]
        for fields in metadata {
            if case .string(let section)? = fields["section"] { counts[section, default: 0] += 1 }
        }
        func distance(_ count: Int) -> Double { abs(Double(count) - share * Double(self.count)) }
        let best = counts.min { (distance($0.value), $0.key) < (distance($1.value), $1.key) }
        return (best?.key ?? "", Double(best?.value ?? 0) / Double(count))
    }

    /// Real embeddings from the folder that STORES_BENCH_DATA names, else generated ones.
    static func load() throws -> DataSet {
        guard let folder = Settings.dataFolder else { return generated() }
        return try read(folder)
    }

    // MARK: Real

    private static func read(_ folder: String) throws -> DataSet {
        let vectors = try floats(folder + "/vectors.f32")
        var data = DataSet(source: "", ids: [], texts: [], metadata: [], vectors: vectors, queries: [], truth: nil)
        for line in try lines(folder + "/records.jsonl") {
            let (id, text, fields) = try record(line)
            data.ids.append(id)
            data.texts.append(text)
            data.metadata.append(fields)
        }
        data.source = "\(data.count.formatted) real embeddings with their metadata"
        guard vectors.count == data.count * dimensions, data.count > 0 else {
            throw BenchError("\(folder): \(vectors.count) floats for \(data.count) records of \(dimensions) dimensions")
        }
        let flat = try floats(folder + "/queries.f32")
        data.queries = stride(from: 0, to: flat.count - dimensions + 1, by: dimensions).map {
            Array(flat[$0..<$0 + dimensions])
        }
        if FileManager.default.fileExists(atPath: folder + "/truth.jsonl") {
            data.truth = try lines(folder + "/truth.jsonl").map { line in
                guard case .object(let fields) = try JSONReader.value(from: line), case .array(let ids)? = fields["ids"]
                else { throw BenchError("truth.jsonl: not an object with ids") }
                return ids.compactMap { if case .string(let id) = $0 { id } else { nil } }
            }
        }
        return data
    }

    /// One line of records.jsonl.
    private static func record(_ line: [UInt8]) throws -> (String, String, Metadata) {
        guard case .object(let fields) = try JSONReader.value(from: line), case .string(let id)? = fields["id"],
            case .string(let text)? = fields["text"], case .object(let metadata)? = fields["metadata"]
        else { throw BenchError("records.jsonl: not an object with id, text and metadata") }
        return (id, text, metadata)
    }

    static func lines(_ path: String) throws -> [[UInt8]] {
        try contents(path).split(separator: 0x0A).map { Array($0) }
    }

    static func floats(_ path: String) throws -> [Float] {
        let data = try contents(path)
        return [Float](unsafeUninitializedCapacity: data.count / 4) { buffer, count in
            count = data.count / 4
            _ = data.copyBytes(to: buffer)
        }
    }

    private static func contents(_ path: String) throws -> Data {
        guard let data = FileManager.default.contents(atPath: path) else { throw BenchError("\(path) is not there") }
        return data
    }

    // MARK: Generated

    /// Clustered unit vectors with metadata of skewed frequency, the same on every run.
    static func generated(count: Int = 10_000, queries: Int = 300) -> DataSet {
        var random = SplitMix64(seed: 0x5EED)
        let clusters = (0..<200).map { _ in unit((0..<dimensions).map { _ in random.normal() }) }
        func sample() -> [Float] {
            let centre = clusters[Int(random.next() % UInt64(clusters.count))]
            return unit(centre.map { $0 + 0.05 * random.normal() })
        }
        var data = DataSet(
            source: "\(count.formatted) generated clustered unit vectors", ids: [], texts: [], metadata: [],
            vectors: [], queries: [],
            truth: nil)
        for row in 0..<count {
            data.vectors += sample()
            data.ids.append("record-\(row)")
            data.texts.append(text(&random))
            data.metadata.append(fields(row, &random))
        }
        data.queries = (0..<queries).map { _ in sample() }
        return data
    }

    /// Ten words of a vocabulary of 5,000.
    private static func text(_ random: inout SplitMix64) -> String {
        (0..<10).map { _ in "word\(Int(pow(5_000, random.unit())))" }.joined(separator: " ")
    }

    private static func fields(_ row: Int, _ random: inout SplitMix64) -> Metadata {
        // Rank r comes with a frequency of about 1 / r, as words and categories do.
        let rank = Int(pow(60, random.unit()))
        var fields: Metadata = [
            "section": .string("section-\(rank)"), "priority": "optional", "arch": "amd64",
            "installedKiB": .int(Int64(pow(200_000, random.unit()))), "debBytes": .int(Int64(row * 37 % 99_991)),
            "version": .string("1.\(row % 97).\(row % 13)-\(row % 5)"), "essential": .bool(row % 500 == 0),
            "source": .string("source-\(row / 3)"), "tags": row % 3 == 0 ? ["role::shared-lib"] : [],
        ]
        if row % 4 != 0 { fields["homepage"] = .string("https://example.org/projects/\(row)/") }
        return fields
    }

    private static func unit(_ vector: [Float]) -> [Float] {
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return vector.map { $0 / length }
    }
}

/// S. Vigna's SplitMix64 (https://prng.di.unimi.it/splitmix64.c): small, and the same everywhere.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Evenly in [0, 1).
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// About normal: the sum of twelve even ones less six.
    mutating func normal() -> Float {
        var sum = -6.0
        for _ in 0..<12 { sum += unit() }
        return Float(sum)
    }
}
