/// Words and where they stand, in memory: finds and ranks rows by text.
///
/// Rows are ranked by BM25 as in S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and
/// Beyond", Foundations and Trends in Information Retrieval 3(4), 2009, with k1 = 1.2, b = 0.75 and the idf that is
/// never negative, ln(1 + (N − n + 0.5) / (n + 0.5)). Each field is ranked by its own statistics, N being the rows that
/// have the field, and a row's score is the sum over words and fields, always in the same order: equal input gives
/// equal scores.
///
/// A query is split into words once, and each field looks for a word by the field's own analyzer. A word is found in a
/// row when one of the searched fields has it. A word that the analyzer of a searched field drops as a stop word may
/// rank, where another field keeps it, but no row has to have it.
public struct InvertedIndex: Sendable {
    public struct Field: Sendable, Hashable {
        public var name: String
        public var analyzer: TextAnalyzer

        public init(_ name: String, _ analyzer: TextAnalyzer) {
            self.name = name
            self.analyzer = analyzer
        }
    }

    static let k1 = 1.2
    static let b = 0.75

    public let fields: [Field]
    var postings: [FieldPostings]

    public init(fields: [Field]) {
        self.fields = fields
        postings = fields.map { FieldPostings(analyzer: $0.analyzer) }
    }

    /// An index of one field, the empty name.
    public init(analyzer: TextAnalyzer) {
        self.init(fields: [Field("", analyzer)])
    }

    /// Indexes a row in place of what it held before.
    ///
    /// - Parameter texts: The text of each of ``fields``, in their order; nil, or fewer texts, where there is none.
    public mutating func set(_ row: Int, _ texts: [String?]) {
        set(row, values: texts.map { $0.map { [$0] } ?? [] })
    }

    /// Indexes a row whose fields may hold several texts each. No phrase reaches from one of them into the next.
    ///
    /// - Parameter values: The texts of each of ``fields``, in their order.
    public mutating func set(_ row: Int, values: [[String]]) {
        for index in postings.indices {
            postings[index].remove(row)
            if index < values.count { postings[index].insert(row, values[index]) }
        }
    }

    public mutating func remove(_ row: Int) {
        for index in postings.indices { postings[index].remove(row) }
    }
}

/// One field's words.
struct FieldPostings: Sendable {
    let analyzer: TextAnalyzer
    /// By term: its number, an index into `rows`.
    private var numbers: [ByteKey: Int] = [:]
    /// By a term's first two bytes: the numbers of the terms that start with them.
    private var buckets: [UInt16: [Int]] = [:]
    private var terms: [ByteKey] = []
    /// By the term's number: the positions at which each row has it, ascending.
    private var rows: [[Int: [Int32]]] = []
    /// Numbers of terms that no row has any more, to be used again; their rows are empty.
    private var free: [Int] = []
    private var documents: [Int: Document] = [:]
    private var totalLength = 0

    private struct Document {
        var length: Int
        var terms: [Int]
    }

    init(analyzer: TextAnalyzer) {
        self.analyzer = analyzer
    }

    mutating func insert(_ row: Int, _ texts: [String]) {
        var positions: [Int: [Int32]] = [:]
        var next: Int32 = 0
        var length = 0
        for text in texts {
            for word in analyzer.terms(text) {
                positions[number(of: ByteKey(word)), default: []].append(next)
                next &+= 1
                length += 1
            }
            // A gap, so that the last word of this text and the first of the next are no neighbours.
            next &+= 1
        }
        guard length > 0 else { return }
        for (number, places) in positions { rows[number][row] = places }
        documents[row] = Document(length: length, terms: Array(positions.keys))
        totalLength += length
    }

    mutating func remove(_ row: Int) {
        guard let document = documents.removeValue(forKey: row) else { return }
        totalLength -= document.length
        for number in document.terms {
            rows[number][row] = nil
            if rows[number].isEmpty { retire(number) }
        }
    }

    /// Forgets a term that no row has any more.
    private mutating func retire(_ number: Int) {
        let term = terms[number]
        let bucket = Self.bucket(term)
        numbers[term] = nil
        buckets[bucket]?.removeAll { $0 == number }
        if buckets[bucket]?.isEmpty == true { buckets[bucket] = nil }
        free.append(number)
    }

    private mutating func number(of term: ByteKey) -> Int {
        if let number = numbers[term] { return number }
        let number: Int
        if let reused = free.popLast() {
            number = reused
            terms[number] = term
        } else {
            number = terms.count
            terms.append(term)
            rows.append([:])
        }
        numbers[term] = number
        buckets[Self.bucket(term), default: []].append(number)
        return number
    }

    private static func bucket(_ term: ByteKey) -> UInt16 {
        var bytes = term.text.utf8.makeIterator()
        return UInt16(bytes.next() ?? 0) << 8 | UInt16(bytes.next() ?? 0)
    }

    /// The rows that have the term, with its positions in each.
    func rows(with term: String) -> [Int: [Int32]] {
        numbers[ByteKey(term)].map { rows[$0] } ?? [:]
    }

    /// The rows that have a term which starts with `prefix` or equals `term`, with how often.
    func frequencies(prefix: String, or term: String?) -> [Int: Int] {
        let prefix = ByteKey(prefix)
        let candidates: [Int]
        if prefix.text.utf8.count >= 2 {
            candidates = buckets[Self.bucket(prefix)] ?? []
        } else {
            candidates = Array(terms.indices)
        }
        var frequencies: [Int: Int] = [:]
        for number in candidates where terms[number].hasPrefix(prefix) {
            for (row, positions) in rows[number] { frequencies[row, default: 0] += positions.count }
        }
        if let term, !ByteKey(term).hasPrefix(prefix), let number = numbers[ByteKey(term)] {
            for (row, positions) in rows[number] { frequencies[row, default: 0] += positions.count }
        }
        return frequencies
    }

    func length(of row: Int) -> Int { documents[row]?.length ?? 0 }

    /// What BM25 needs to know of all rows, or of those in `scope`.
    func statistics(_ scope: Set<Int>?) -> Statistics {
        guard let scope else { return Statistics(count: documents.count, totalLength: totalLength) }
        var statistics = Statistics(count: 0, totalLength: 0)
        for row in scope {
            guard let document = documents[row] else { continue }
            statistics.count += 1
            statistics.totalLength += document.length
        }
        return statistics
    }

    struct Statistics {
        var count: Int
        var totalLength: Int

        func idf(_ matching: Int) -> Double {
            BM25.logarithm(1 + (Double(count - matching) + 0.5) / (Double(matching) + 0.5))
        }

        func weight(idf: Double, frequency: Int, length: Int) -> Double {
            let average = Double(totalLength) / Double(max(count, 1))
            let frequency = Double(frequency)
            let norm = 1 - InvertedIndex.b + InvertedIndex.b * Double(length) / max(average, 1)
            return idf * frequency * (InvertedIndex.k1 + 1) / (frequency + InvertedIndex.k1 * norm)
        }
    }
}
