public import StoresCore

/// How many cases the oracle runs, and with which seeds: few by default, as many as the environment wants.
///
/// `STORES_ORACLE_CASES=10000 STORES_ORACLE_SEEDS=1,2,3` is what an adapter is accepted with; `scripts/test --oracle`
/// sets them.
public struct OracleSettings: Sendable, Hashable {
    /// Filters for each seed; at least 1.
    public var cases: Int
    /// At least one; the same seed makes the same cases.
    public var seeds: [UInt64]

    /// - Parameters:
    ///   - cases: 500 take seconds on a local store.
    public init(cases: Int = 500, seeds: [UInt64] = [1]) {
        self.cases = cases
        self.seeds = seeds
    }

    /// Those of the environment, and the defaults for what it does not say.
    ///
    /// - Parameter environment: `STORES_ORACLE_CASES` is a number, `STORES_ORACLE_SEEDS` numbers with commas between.
    /// - Throws: `invalidArgument` for what is none.
    public init(environment: [String: String]) throws(StoreError) {
        self.init()
        if let text = environment["STORES_ORACLE_CASES"], !text.isEmpty {
            guard let number = Int(text), number >= 1 else {
                throw .invalidArgument("STORES_ORACLE_CASES is a number, at least 1")
            }
            cases = number
        }
        if let text = environment["STORES_ORACLE_SEEDS"], !text.isEmpty {
            let words = text.split(separator: ",", omittingEmptySubsequences: false)
            seeds = words.compactMap { UInt64($0) }
            guard seeds.count == words.count else {
                throw .invalidArgument("STORES_ORACLE_SEEDS is numbers with commas between, such as 1,2,3")
            }
        }
    }
}
