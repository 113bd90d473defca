#if HTTP
import StoresCore
import StoresHTTP

/// Comparisons of fields that are not declared, as terms.
///
/// Weaviate compares numbers of a property that the schema knows, and a property for each field that some record has
/// would cost every tenant an index. So a number is written as the sixteen hexadecimal digits of an integer of its
/// order, and each of their beginnings is a term: `o0_size:4.`, `o0_size:40.`, … What is less than a bound is then
/// what starts with the bound's first digits and goes on with a lower one: at most 240 terms, any of which may be
/// there.
///
/// Source: U. Schindler, M. Diepenbroek, "Generic XML-based framework for metadata portals", Computers & Geosciences
/// 34 (2008), section 4.2: the trie ranges that Lucene compared numbers by.
enum WeaviateOrder {
    /// The terms of a value.
    static func terms(_ key: String, _ value: Double) -> [String] {
        let digits = digits(value)
        return (1...digits.count).map { term(key, digits[..<$0]) }
    }

    /// The terms of which a value that compares so has at least one.
    static func terms(_ key: String, _ comparison: TermFilter.Comparison, _ bound: Double) -> [String] {
        let digits = digits(bound)
        let itself = term(key, digits[...])
        switch comparison {
        case .equal: return [itself]
        case .less: return beside(key, digits) { $0 < $1 }
        case .lessOrEqual: return beside(key, digits) { $0 < $1 } + [itself]
        case .greater: return beside(key, digits) { $0 > $1 }
        case .greaterOrEqual: return beside(key, digits) { $0 > $1 } + [itself]
        }
    }

    /// What shares some of the first digits, and then has one that is lower, or higher.
    private static func beside(
        _ key: String, _ digits: [UInt8], _ isWanted: (UInt8, UInt8) -> Bool
    ) -> [String] {
        digits.indices.flatMap { place in
            hex.filter { isWanted($0, digits[place]) }.map { term(key, digits[..<place] + [$0]) }
        }
    }

    private static func digits(_ value: Double) -> [UInt8] {
        let bits = UInt64(bitPattern: value.sortableBits) ^ 1 << 63
        return stride(from: 60, through: 0, by: -4).map { hex[Int(bits >> UInt64($0) & 15)] }
    }

    /// A key has no colon.
    private static func term(_ key: String, _ digits: ArraySlice<UInt8>) -> String {
        WeaviateCodec.term("\(key):\(String(decoding: digits, as: UTF8.self))")
    }

    private static let hex = Array("0123456789abcdef".utf8)
}
#endif
