/// Cuts the parts out of a text in which a query's words stand, and marks those words.
///
/// A fragment is about 160 Unicode scalars long, begins and ends at words, and has each found word between `<em>` and
/// `</em>`. The text itself is **not** escaped: who shows fragments as HTML escapes them first, for example by
/// splitting at the marks. A text of up to 160 scalars is one fragment, whole.
public struct Highlighter: Sendable {
    /// What one word of the text is compared with.
    enum Pattern: Sendable, Hashable {
        case term(ByteKey)
        /// A term that starts with the first, or equals the second.
        case prefix(ByteKey, or: ByteKey?)

        func matches(_ term: ByteKey) -> Bool {
            switch self {
            case .term(let wanted): term == wanted
            case .prefix(let prefix, let whole): term.hasPrefix(prefix) || term == whole
            }
        }
    }

    static let fragmentLength = 160
    static let leadLength = 40

    private let analyzer: TextAnalyzer
    /// Words that must follow each other; mostly single ones.
    private var sequences: [[Pattern]] = []
    private let maxFragments: Int

    /// Marks what a search query looks for in one field; what is under `mustNot` is not marked.
    ///
    /// - Parameters:
    ///   - query: The query that found the text.
    ///   - field: The text's field: parts of the query that name another one are left out.
    ///   - analyzer: The field's analyzer.
    ///   - maxFragments: How many fragments at most; those with the most marks are kept, in the order of the text.
    public init(_ query: SearchQuery, field: String, analyzer: TextAnalyzer, maxFragments: Int = 3) {
        self.analyzer = analyzer
        self.maxFragments = maxFragments
        collect(query, ByteKey(field))
    }

    /// Marks each of the words of `text`.
    public init(words text: String, analyzer: TextAnalyzer, maxFragments: Int = 3) {
        self.init(.match(text), field: "", analyzer: analyzer, maxFragments: maxFragments)
    }

    private mutating func collect(_ query: SearchQuery, _ field: ByteKey) {
        switch query {
        case .all: break
        case .match(let named, let text, _):
            guard named.map({ ByteKey($0) == field }) ?? true else { return }
            sequences += analyzer.terms(text).map { [.term(ByteKey($0))] }
        case .phrase(let named, let text):
            guard named.map({ ByteKey($0) == field }) ?? true else { return }
            let terms = analyzer.terms(text)
            if !terms.isEmpty { sequences.append(terms.map { .term(ByteKey($0)) }) }
        case .prefix(let named, let text):
            guard named.map({ ByteKey($0) == field }) ?? true else { return }
            var words = analyzer.words(text)
            guard let last = words.popLast() else { return }
            sequences += words.compactMap(\.term).map { [.term(ByteKey($0))] }
            sequences.append([.prefix(ByteKey(last.folded), or: last.term.map(ByteKey.init))])
        case .boolean(let must, let should, _):
            for part in must + should { collect(part, field) }
        }
    }

    /// The fragments in the order of the text; none when no word is found.
    public func fragments(of text: String) -> [String] {
        guard !sequences.isEmpty, maxFragments > 0 else { return [] }
        let words = analyzer.words(text)
        let marked = marks(words)
        guard !marked.isEmpty else { return [] }
        let bytes = Array(text.utf8)
        return cuts(words, marked, bytes).map { render($0, words, bytes) }
    }

    /// The indices of the found words, ascending.
    private func marks(_ words: [TextAnalyzer.Word]) -> [Int] {
        let kept = words.indices.filter { words[$0].term != nil }
        let terms = kept.map { ByteKey(words[$0].term ?? "") }
        var found: Set<Int> = []
        let unique = Set(sequences)
        for sequence in unique {
            guard sequence.count <= terms.count else { continue }
            for start in 0...(terms.count - sequence.count) {
                let isMatch = sequence.indices.allSatisfy { sequence[$0].matches(terms[start + $0]) }
                if isMatch { found.formUnion(kept[start..<start + sequence.count]) }
            }
        }
        return found.sorted()
    }

    private struct Cut {
        var range: Range<Int>
        var marked: [Int]
    }

    private func cuts(_ words: [TextAnalyzer.Word], _ marked: [Int], _ bytes: [UInt8]) -> [Cut] {
        // Scalars before each byte offset that a fragment may begin or end at.
        var scalars = 0
        var starts: [Int] = []
        var ends: [Int] = []
        var offset = 0
        func advance(to end: Int) -> Int {
            while offset < end {
                if bytes[offset] & 0xC0 != 0x80 { scalars += 1 }
                offset += 1
            }
            return scalars
        }
        for word in words {
            starts.append(advance(to: word.range.lowerBound))
            ends.append(advance(to: word.range.upperBound))
        }
        let total = advance(to: bytes.count)
        if total <= Self.fragmentLength { return [Cut(range: 0..<bytes.count, marked: marked)] }

        var cuts: [Cut] = []
        var next = 0
        var floor = 0
        while next < marked.count {
            let anchor = marked[next]
            var first = anchor
            while first > floor, starts[anchor] - starts[first - 1] <= Self.leadLength { first -= 1 }
            let isAtStart = first == 0 && starts[anchor] <= Self.leadLength
            let begin = isAtStart ? 0 : starts[first]
            var last = anchor
            while last + 1 < words.count, ends[last + 1] - begin <= Self.fragmentLength { last += 1 }
            let isAtEnd = last == words.count - 1 && total - begin <= Self.fragmentLength
            let range =
                (isAtStart ? 0 : words[first].range.lowerBound)..<(isAtEnd ? bytes.count : words[last].range.upperBound)
            let inside = marked[next...].prefix { $0 <= last }
            cuts.append(Cut(range: range, marked: Array(inside)))
            next += inside.count
            floor = last + 1
        }
        guard cuts.count > maxFragments else { return cuts }
        let best = cuts.indices.sorted {
            cuts[$0].marked.count == cuts[$1].marked.count ? $0 < $1 : cuts[$0].marked.count > cuts[$1].marked.count
        }
        return best.prefix(maxFragments).sorted().map { cuts[$0] }
    }

    private func render(_ cut: Cut, _ words: [TextAnalyzer.Word], _ bytes: [UInt8]) -> String {
        var fragment: [UInt8] = []
        var offset = cut.range.lowerBound
        for index in cut.marked {
            let range = words[index].range
            fragment += bytes[offset..<range.lowerBound]
            fragment += "<em>".utf8
            fragment += bytes[range]
            fragment += "</em>".utf8
            offset = range.upperBound
        }
        fragment += bytes[offset..<cut.range.upperBound]
        return String(decoding: fragment, as: UTF8.self)
    }
}
