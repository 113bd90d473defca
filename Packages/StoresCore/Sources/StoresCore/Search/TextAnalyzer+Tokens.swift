extension TextAnalyzer {
    /// A word of a text, as it is indexed.
    public struct Token: Sendable, Hashable {
        /// Lower-cased, and stemmed by `english`. Compare terms by their UTF-8 bytes.
        public var term: String
        /// Where the word stands in the text, as offsets into its UTF-8 bytes.
        public var range: Range<Int>

        public init(term: String, range: Range<Int>) {
            self.term = term
            self.range = range
        }
    }

    /// A word before stop words and stemming, and what becomes of it.
    struct Word {
        /// Lower-cased.
        var folded: String
        /// What is indexed; nil for a stop word.
        var term: String?
        var range: Range<Int>
    }

    /// The indexed words of a text, in order. Stop words leave no gap: the words on both sides of one are neighbours
    /// in a phrase.
    public func tokens(_ text: String) -> [Token] {
        var tokens: [Token] = []
        Self.forEachWord(text) { folded, isASCII, range in
            if let term = term(folded, isASCII: isASCII) { tokens.append(Token(term: term, range: range)) }
        }
        return tokens
    }

    /// The terms of ``tokens(_:)``: what an adapter stores for engines that would analyse the text differently.
    public func terms(_ text: String) -> [String] {
        var terms: [String] = []
        Self.forEachWord(text) { folded, isASCII, _ in
            if let term = term(folded, isASCII: isASCII) { terms.append(term) }
        }
        return terms
    }

    /// The UTF-8 bytes of each of the ``terms(_:)``, without a string for each.
    ///
    /// - Parameter body: Gets a term's bytes, and whether all of them are ASCII letters and digits.
    public func forEachTerm(_ text: String, _ body: (_ utf8: [UInt8], _ isASCII: Bool) -> Void) {
        Self.forEachWord(text) { folded, isASCII, _ in
            switch self {
            case .standard: body(folded, isASCII)
            case .english:
                if let term = term(folded, isASCII: isASCII) { body(Array(term.utf8), isASCII) }
            }
        }
    }

    /// Every word of a text, those that are dropped among them.
    func words(_ text: String) -> [Word] {
        var words: [Word] = []
        Self.forEachWord(text) { folded, isASCII, range in
            words.append(
                Word(
                    folded: String(decoding: folded, as: UTF8.self), term: term(folded, isASCII: isASCII), range: range)
            )
        }
        return words
    }

    /// The words that `english` drops: Lucene's default list.
    public static let englishStopWords: Set<String> = [
        "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not",
        "of", "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was",
        "will", "with",
    ]

    private static let longestStopWord = 5

    private func term(_ folded: [UInt8], isASCII: Bool) -> String? {
        switch self {
        case .standard: return String(decoding: folded, as: UTF8.self)
        case .english:
            let word = String(decoding: folded, as: UTF8.self)
            guard isASCII else { return word }
            if folded.count <= Self.longestStopWord, Self.englishStopWords.contains(word) { return nil }
            return PorterStemmer.stem(folded).map { String(decoding: $0, as: UTF8.self) } ?? word
        }
    }

    /// Hands out each word's lower-cased UTF-8, whether that is ASCII, and its place in the text.
    private static func forEachWord(
        _ text: String, _ body: (_ folded: [UInt8], _ isASCII: Bool, _ range: Range<Int>) -> Void
    ) {
        var text = text
        // Read once: a static is looked up anew at each use.
        let asciiFolds = asciiFolds
        text.withUTF8 { bytes in
            var word: [UInt8] = []
            var start = 0
            var isASCII = true
            var index = 0
            while index < bytes.count {
                let byte = bytes[index]
                if byte < 0x80 {
                    let folded = asciiFolds[Int(byte)]
                    if folded != 0 {
                        if word.isEmpty { start = index }
                        word.append(folded)
                    } else if !word.isEmpty {
                        body(word, isASCII, start..<index)
                        word.removeAll(keepingCapacity: true)
                        isASCII = true
                    }
                    index += 1
                    continue
                }
                let (scalar, length) = decode(bytes, at: index)
                let kind = ScalarKind(scalar)
                if kind == .letterOrNumber || kind == .mark && !word.isEmpty {
                    if word.isEmpty { start = index }
                    for byte in scalar.properties.lowercaseMapping.utf8 {
                        if byte >= 0x80 { isASCII = false }
                        word.append(byte)
                    }
                } else if !word.isEmpty {
                    body(word, isASCII, start..<index)
                    word.removeAll(keepingCapacity: true)
                    isASCII = true
                }
                index += length
            }
            if !word.isEmpty { body(word, isASCII, start..<bytes.count) }
        }
    }

    private enum ScalarKind {
        case letterOrNumber, mark, other

        init(_ scalar: Unicode.Scalar) {
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
                .letterNumber, .otherNumber:
                self = .letterOrNumber
            case .nonspacingMark, .spacingMark, .enclosingMark: self = .mark
            default: self = .other
            }
        }
    }

    /// For each ASCII byte its lower-cased form when it belongs to a word, else 0.
    private static let asciiFolds: [UInt8] = (0..<128).map { byte in
        switch UInt8(byte) {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"): UInt8(byte)
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt8(byte) | 0x20
        default: 0
        }
    }

    /// The scalar that starts at `index`. A `String`'s bytes are always valid UTF-8.
    private static func decode(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> (Unicode.Scalar, Int) {
        let lead = UInt32(bytes[index])
        let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        var value = lead & (0x7F >> UInt32(length))
        for next in bytes[(index + 1)..<min(index + length, bytes.count)] { value = value << 6 | UInt32(next & 0x3F) }
        return (Unicode.Scalar(value) ?? "\u{FFFD}", length)
    }
}
