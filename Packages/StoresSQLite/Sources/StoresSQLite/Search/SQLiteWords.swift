#if SQLite
import StoresCore

/// Analysed words as FTS5 keeps them, and FTS5 expressions made of them.
///
/// FTS5 has no say in what a word is: it indexes words that ``TextAnalyzer`` found. An ASCII word stands as it is;
/// any other as `_` and the hexadecimal digits of its UTF-8 bytes. FTS5's own `ascii` tokenizer keeps both whole,
/// so the file can be read without this library. Since nothing but `[a-z0-9_]` ever goes into an expression, no
/// text of a user can be read as syntax.
enum SQLiteWords {
    static let tokenizer = "tokenize = \"ascii tokenchars '_'\""

    /// Stands between texts that are no neighbours, so that no phrase spans them. No word is encoded like it.
    static let gap = "__"

    static func encode(_ word: String) -> String {
        isPlain(word) ? word : "_" + hexadecimal(word)
    }

    /// As FTS5 stores one text.
    static func encode(_ words: [String]) -> String {
        words.map(encode).joined(separator: " ")
    }

    /// ``encode(_:)`` of a text's terms, at the end of `bytes`.
    static func append(termsOf text: String, to bytes: inout [UInt8]) {
        var isFirst = true
        TextAnalyzer.standard.forEachTerm(text) { word, isPlain in
            if !isFirst { bytes.append(UInt8(ascii: " ")) }
            isFirst = false
            if isPlain {
                bytes.append(contentsOf: word)
            } else {
                bytes.append(contentsOf: encode(String(decoding: word, as: UTF8.self)).utf8)
            }
        }
    }

    /// Any of the words.
    static func any(_ words: [String]) -> String {
        var seen: Set<String> = []
        return words.map(encode).filter { seen.insert($0).inserted }.map { "\"\($0)\"" }.joined(separator: " OR ")
    }

    /// The words one after the other, as a quoted phrase.
    static func phrase(_ words: [String]) -> String { "\"\(encode(words))\"" }

    /// Words that start with `start`, after `before`: an ASCII start may continue in an encoded word.
    static func prefix(_ start: String) -> String {
        let encoded = "\"_\(hexadecimal(start))\" *"
        return isPlain(start) ? "(\"\(start)\" * OR \(encoded))" : encoded
    }

    private static func isPlain(_ word: String) -> Bool {
        !word.isEmpty
            && word.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: false
                }
            }
    }

    private static func hexadecimal(_ word: String) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: word.utf8.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
#endif
