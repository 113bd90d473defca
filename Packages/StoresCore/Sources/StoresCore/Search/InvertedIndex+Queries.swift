#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

enum BM25 {
    static func logarithm(_ value: Double) -> Double { log(value) }
}

/// Each query gives the rows that match, with their scores; none when the text has no words or the field is unknown.
///
/// `field` nil searches every field. `rows` confines the query to those rows, statistics included, so that what others
/// wrote has no influence on the ranks.
extension InvertedIndex {
    /// Rows that have any of the words.
    public func matchAny(_ text: String, field: String? = nil, among rows: Set<Int>? = nil) -> [Int: Double] {
        var search = Search(self, field, rows)
        for word in search.words(text) { search.add(word) }
        return search.result
    }

    /// Rows that have all of the words.
    public func matchAll(_ text: String, field: String? = nil, among rows: Set<Int>? = nil) -> [Int: Double] {
        var search = Search(self, field, rows)
        for word in search.words(text) {
            let found = search.add(word)
            if word.isDemanded { search.demand(found) }
        }
        return search.result
    }

    /// Rows that have the words next to each other, in order, within one field. The frequency of a phrase counts its
    /// occurrences, overlapping ones too; its idf is the sum of its words'.
    public func phrase(_ text: String, field: String? = nil, among rows: Set<Int>? = nil) -> [Int: Double] {
        var search = Search(self, field, rows)
        for index in search.searched {
            let terms = fields[index].analyzer.terms(text)
            let found = terms.map { search.confined(postings[index].rows(with: $0)) }
            guard let rarest = found.min(by: { $0.count < $1.count }) else { continue }
            var frequencies: [Int: Int] = [:]
            for row in rarest.keys {
                let positions = found.compactMap { $0[row] }
                guard positions.count == terms.count else { continue }
                let count = Self.occurrences(positions)
                if count > 0 { frequencies[row] = count }
            }
            search.add(frequencies, in: index, documents: found.map(\.count))
        }
        return search.result
    }

    /// Rows that have all words of the text, and for the last one a term which starts with it as it stands, lower-cased
    /// but not stemmed, or which it becomes by analysis.
    public func prefix(_ text: String, field: String? = nil, among rows: Set<Int>? = nil) -> [Int: Double] {
        var search = Search(self, field, rows)
        var words = search.words(text)
        guard let last = words.popLast() else { return [:] }
        for word in words {
            let found = search.add(word)
            if word.isDemanded { search.demand(found) }
        }
        var found: Set<Int> = []
        for index in search.searched {
            let frequencies = search.confined(
                postings[index].frequencies(prefix: last.folded, or: last.terms[index]))
            found.formUnion(frequencies.keys)
            search.add(frequencies, in: index, documents: [frequencies.count])
        }
        search.demand(found)
        return search.result
    }

    /// How often each position of the first list is followed by the others, one after the other.
    private static func occurrences(_ positions: [[Int32]]) -> Int {
        guard let first = positions.first else { return 0 }
        var next = Array(repeating: 0, count: positions.count)
        var count = 0
        starts: for start in first {
            for (offset, list) in positions.enumerated().dropFirst() {
                let wanted = start &+ Int32(truncatingIfNeeded: offset)
                while next[offset] < list.count, list[next[offset]] < wanted { next[offset] += 1 }
                guard next[offset] < list.count else { break starts }
                if list[next[offset]] != wanted { continue starts }
            }
            count += 1
        }
        return count
    }

    /// A query under way.
    private struct Search {
        /// A word of the query and the term that each searched field knows it by.
        struct Word {
            var folded: String
            var terms: [Int: String]
            var isDemanded: Bool
        }

        let index: InvertedIndex
        let searched: [Int]
        let rows: Set<Int>?
        private var statistics: [Int: FieldPostings.Statistics] = [:]
        private var scores: [Int: Double] = [:]
        /// The rows that have every word that was demanded so far; nil before the first.
        private var demanded: Set<Int>?

        init(_ index: InvertedIndex, _ field: String?, _ rows: Set<Int>?) {
            self.index = index
            self.rows = rows
            searched = index.fields.indices.filter { position in
                field.map { ByteKey($0) == ByteKey(index.fields[position].name) } ?? true
            }
            for position in searched { statistics[position] = index.postings[position].statistics(rows) }
        }

        func words(_ text: String) -> [Word] {
            let analyzers = Set(searched.map { index.fields[$0].analyzer })
            var words: [Word] = []
            for analyzer in TextAnalyzer.allCases where analyzers.contains(analyzer) {
                let found = analyzer.words(text)
                if words.isEmpty { words = found.map { Word(folded: $0.folded, terms: [:], isDemanded: true) } }
                // Every analyzer sees the same words; they differ in what becomes of them.
                for (place, word) in found.enumerated() {
                    if word.term == nil { words[place].isDemanded = false }
                    for position in searched where index.fields[position].analyzer == analyzer {
                        words[place].terms[position] = word.term
                    }
                }
            }
            return words
        }

        func confined<T>(_ found: [Int: T]) -> [Int: T] {
            guard let rows else { return found }
            return found.filter { rows.contains($0.key) }
        }

        /// Adds a word's weight to the rows that have it, and returns them.
        @discardableResult
        mutating func add(_ word: Word) -> Set<Int> {
            var found: Set<Int> = []
            for position in searched {
                guard let term = word.terms[position] else { continue }
                let frequencies = confined(index.postings[position].rows(with: term)).mapValues(\.count)
                found.formUnion(frequencies.keys)
                add(frequencies, in: position, documents: [frequencies.count])
            }
            return found
        }

        /// `documents`: for each word concerned, how many rows have it.
        mutating func add(_ frequencies: [Int: Int], in position: Int, documents: [Int]) {
            guard let statistics = statistics[position] else { return }
            let idf = documents.reduce(0) { $0 + statistics.idf($1) }
            for (row, frequency) in frequencies {
                let length = index.postings[position].length(of: row)
                scores[row, default: 0] += statistics.weight(idf: idf, frequency: frequency, length: length)
            }
        }

        mutating func demand(_ found: Set<Int>) {
            demanded = demanded?.intersection(found) ?? found
        }

        var result: [Int: Double] {
            guard let demanded else { return scores }
            return scores.filter { demanded.contains($0.key) }
        }
    }
}
