import StoresCore

/// What a collection's `options` may say.
///
/// - `index`: `hnsw`, `ivfflat` or `none`, which is exact. Default `hnsw`.
/// - `index.build`: `now`; or `later`, by the first `collection(…)` call that finds at least 1,000 records. Default
///   `now`, and `later` for `ivfflat`, which learns from the records.
/// - `quantization`: `none`; or `halfvec`: the index holds half precision and the records what was written, by which
///   what the index finds is ranked. Default `none`.
/// - `hnsw.m`: 2 to 100, default 16. `hnsw.ef_construction`: 4 to 1000, at least twice `hnsw.m`, default 64.
/// - `hnsw.ef_search`: 1 to 1000, default 100, and 250 behind a filter; concerns queries alone.
/// - `ivfflat.lists`: 1 to 32768; default a thousandth of the records, at least 10.
/// - `ivfflat.probes`: 1 to 32768, default the root of the lists; concerns queries alone.
struct PostgresCollectionOptions: Sendable, Hashable {
    enum Index: String, Sendable { case hnsw, ivfflat, none }
    enum Build: String, Sendable { case now, later }
    enum Quantization: String, Sendable { case none, halfvec }

    var index = Index.hnsw
    var build: Build
    var quantization = Quantization.none
    var hnswM: Int?
    var hnswEfConstruction: Int?
    var hnswEfSearch: Int?
    var ivfflatLists: Int?
    var ivfflatProbes: Int?

    /// An index that is built later waits for so many records.
    static let minRecordsToBuild: Int64 = 1000

    /// - Throws: `invalidArgument` for an option that is unknown, out of its range, or of another index.
    init(_ options: [String: String]) throws(StoreError) {
        var rest = options
        index = try Self.choice("index", &rest) ?? .hnsw
        build = try Self.choice("index.build", &rest) ?? (index == .ivfflat ? .later : .now)
        quantization = try Self.choice("quantization", &rest) ?? .none
        hnswM = try Self.number("hnsw.m", 2...100, &rest)
        hnswEfConstruction = try Self.number("hnsw.ef_construction", 4...1000, &rest)
        hnswEfSearch = try Self.number("hnsw.ef_search", 1...1000, &rest)
        ivfflatLists = try Self.number("ivfflat.lists", 1...32_768, &rest)
        ivfflatProbes = try Self.number("ivfflat.probes", 1...32_768, &rest)
        if let unknown = rest.keys.min(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            throw .invalidArgument(
                "Postgres has no collection option \(Redaction.name(unknown))",
                remedy: "there are index, index.build, quantization, hnsw.m, hnsw.ef_construction, hnsw.ef_search, "
                    + "ivfflat.lists, ivfflat.probes")
        }
        let foreign = options.keys.first {
            $0.hasPrefix("hnsw.") && index != .hnsw || $0.hasPrefix("ivfflat.") && index != .ivfflat
        }
        if let foreign { throw .invalidArgument("the option \(foreign) is of no use with index = \(index.rawValue)") }
        if index == .none, quantization != .none {
            throw .invalidArgument("quantization is the index's, and index = none has none")
        }
        if (hnswEfConstruction ?? 64) < 2 * (hnswM ?? 16) {
            throw .invalidArgument("hnsw.ef_construction is at least twice hnsw.m")
        }
    }

    private static func choice<T: RawRepresentable<String>>(_ name: String, _ options: inout [String: String])
        throws(StoreError) -> T?
    {
        guard let text = options.removeValue(forKey: name) else { return nil }
        guard let value = T(rawValue: text) else {
            throw .invalidArgument("the option \(name) has no value \(Redaction.name(text))")
        }
        return value
    }

    private static func number(_ name: String, _ range: ClosedRange<Int>, _ options: inout [String: String])
        throws(StoreError) -> Int?
    {
        guard let text = options.removeValue(forKey: name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .invalidArgument(
                "the option \(name) is a number from \(range.lowerBound) to \(range.upperBound); got "
                    + Redaction.name(text))
        }
        return number
    }

    /// The most dimensions that the index takes.
    var maxDimensions: Int {
        index == .none ? 16_000 : quantization == .halfvec ? 4000 : 2000
    }

    func check(dimensions: Int) throws(StoreError) {
        guard dimensions > maxDimensions else { return }
        throw .invalidArgument(
            "\(dimensions) dimensions are more than the \(maxDimensions) that pgvector indexes as \(index.rawValue)"
                + (quantization == .halfvec ? " of halfvec" : ""),
            remedy: quantization == .none && dimensions <= 4000
                ? "set the collection option quantization = halfvec, or index = none for exact search"
                : "set the collection option index = none for exact search")
    }

    /// One line that tells apart what is built differently; what concerns queries alone is not in it.
    var shape: String {
        var text = "index \(index.rawValue)"
        if quantization != .none { text += " of \(quantization.rawValue)" }
        if index == .hnsw { text += " m \(hnswM ?? 16) ef_construction \(hnswEfConstruction ?? 64)" }
        if let ivfflatLists { text += " lists \(ivfflatLists)" }
        return text
    }

    // MARK: - SQL

    /// What the index holds and queries order by, of a vector column or parameter.
    func indexed(_ vector: String, _ dimensions: Int) -> String {
        quantization == .halfvec ? "(\(vector)::halfvec(\(dimensions)))" : vector
    }

    /// - Parameter records: How many there are.
    func createIndex(of table: String, _ spec: VectorCollectionSpec, records: Int64) -> String? {
        let type = quantization == .halfvec ? "halfvec" : "vector"
        let column = "(\(indexed("embedding", spec.dimensions)) \(type)_\(spec.metric.operatorClass)_ops)"
        switch index {
        case .none: return nil
        case .hnsw:
            return "CREATE INDEX IF NOT EXISTS \(table)_embedding ON \(table) USING hnsw \(column) "
                + "WITH (m = \(hnswM ?? 16), ef_construction = \(hnswEfConstruction ?? 64))"
        case .ivfflat:
            return "CREATE INDEX IF NOT EXISTS \(table)_embedding ON \(table) USING ivfflat \(column) "
                + "WITH (lists = \(lists(records)))"
        }
    }

    private func lists(_ records: Int64) -> Int { ivfflatLists ?? max(10, min(32_768, Int(records / 1000))) }

    /// Parameters of the server that a query sets for itself. What comes out of order, because the index went on
    /// searching, is put in order afterwards: `strict_order` would leave it out.
    ///
    /// - Parameters:
    ///   - limit: How many records the index is asked for.
    ///   - isFiltered: Near records that don't match are in the way: it looks at more of them.
    func settings(limit: Int, isFiltered: Bool, hasIterativeScan: Bool) -> [(name: String, value: String)] {
        switch index {
        case .none: return []
        case .hnsw:
            let search = min(1000, max(hnswEfSearch ?? (isFiltered ? 250 : 100), limit))
            return [("hnsw.ef_search", String(search))]
                + (hasIterativeScan ? [("hnsw.iterative_scan", "relaxed_order")] : [])
        case .ivfflat:
            let probes = ivfflatProbes ?? max(1, Int(Double(ivfflatLists ?? 100).squareRoot()))
            return [("ivfflat.probes", String(probes))]
                + (hasIterativeScan ? [("ivfflat.iterative_scan", "relaxed_order")] : [])
        }
    }
}

extension VectorMetric {
    /// pgvector's operator, ascending from the nearest.
    var sqlOperator: String {
        switch self {
        case .cosine: "<=>"
        case .dot: "<#>"
        case .euclidean: "<->"
        }
    }

    var operatorClass: String {
        switch self {
        case .cosine: "cosine"
        case .dot: "ip"
        case .euclidean: "l2"
        }
    }

    /// Higher is better: what the operator gives, turned round.
    func similarity(ofDistance distance: Double) -> Double {
        self == .cosine ? 1 - distance : -distance
    }
}
