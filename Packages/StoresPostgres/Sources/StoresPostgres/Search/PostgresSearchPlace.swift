import StoresCore

/// The place behind a page of results: the last hit's score and id, and the weights that the first page ranked by, so
/// that all pages of a search rank alike, whatever is written meanwhile.
struct PostgresSearchPlace: Sendable, Equatable {
    var score: Double
    var id: String
    /// In the order of ``PostgresRanking/weightNames``.
    var weights: [Double]

    init(score: Double, id: String, weights: [Double]) {
        (self.score, self.id, self.weights) = (score, id, weights)
    }

    var cursor: Cursor {
        let numbers = ([score] + weights).map { String($0.bitPattern, radix: 16) }.joined(separator: ",")
        return CursorCodec.encode([Array(id.utf8), Array(numbers.utf8)])
    }

    /// - Parameter weights: How many the query has.
    /// - Throws: `invalidArgument` for a cursor of another query.
    init(_ cursor: Cursor, weights count: Int) throws(StoreError) {
        let parts = try CursorCodec.bytes(cursor, parts: 2...2)
        var numbers: [Double] = []
        for part in parts[1].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard let bits = UInt64(String(decoding: part, as: UTF8.self), radix: 16) else {
                throw CursorCodec.refused
            }
            numbers.append(Double(bitPattern: bits))
        }
        guard numbers.count == count + 1, let id = String(validating: parts[0], as: UTF8.self),
            numbers.allSatisfy(\.isFinite)
        else { throw CursorCodec.refused }
        self.init(score: numbers[0], id: id, weights: Array(numbers.dropFirst()))
    }
}
