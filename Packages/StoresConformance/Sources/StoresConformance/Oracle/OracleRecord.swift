import StoresCore

/// A generated record, of whichever tier.
struct OracleRecord: Sendable {
    var id: String
    var vector: [Float]
    var metadata: Metadata

    /// A few words, for search by text.
    var words: String
}
