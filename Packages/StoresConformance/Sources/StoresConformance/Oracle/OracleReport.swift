public import StoresCore

/// What an oracle run found.
public struct OracleReport: Sendable {
    /// A filter of which a store and the reference differ, shrunk.
    public struct Divergence: Sendable {
        /// The seed of the run and the number of the case within it.
        public let seed: UInt64
        public let number: Int
        /// The operation that differed: `query`, `count`, `scroll`, …
        public let operation: String
        /// In text form; `Filter(parsing:)` reads it.
        public let filter: String
        /// The records that are needed to see it, each as JSON.
        public let records: [String]
        public let expected: String
        public let actual: String
        /// What the adapter made of the filter, if the subject tells.
        public let native: String?
    }

    public let tier: Tier
    public let adapter: String
    public let seed: UInt64
    /// Filters that were asked.
    public let cases: Int
    /// Of them, how many the store refused as `unsupported` in at least one operation (F8): so much was not compared.
    public let refused: Int
    /// Of all, how many matched at least one record, but not all.
    public let selective: Int
    public let divergences: [Divergence]

    /// The least share of the filters that must have been compared for a run to prove anything.
    public static let leastCompared = 0.5

    /// Filters that every operation answered.
    public var compared: Int { cases - refused }

    /// No divergence, and enough compared.
    public var isPassing: Bool {
        divergences.isEmpty && cases > 0 && Double(compared) >= Double(cases) * Self.leastCompared
    }

    public var text: String {
        var lines = [
            "\(tier.rawValue) (\(adapter)): \(cases) filters from seed \(seed), \(selective) of them selective, "
                + (refused > 0 ? "\(refused) refused, " : "")
                + "\(divergences.count) divergence\(divergences.count == 1 ? "" : "s")"
        ]
        if divergences.isEmpty, !isPassing {
            lines.append("  too few were compared: \(compared) of \(cases)")
        }
        for divergence in divergences {
            lines.append(
                "  case \(divergence.number) of seed \(divergence.seed): \(divergence.operation) where \(divergence.filter)"
            )
            lines += divergence.records.map { "    record \($0)" }
            lines.append("    expected \(divergence.expected)")
            lines.append("    actual   \(divergence.actual)")
            if let native = divergence.native { lines.append("    native   \(native)") }
        }
        return lines.joined(separator: "\n")
    }

    public var json: String {
        let divergences = divergences.map { divergence -> Value in
            .object([
                "seed": .string(String(divergence.seed)), "number": .int(Int64(divergence.number)),
                "operation": .string(divergence.operation), "filter": .string(divergence.filter),
                "records": .array(divergence.records.map(Value.string)), "expected": .string(divergence.expected),
                "actual": .string(divergence.actual), "native": divergence.native.map(Value.string) ?? .null,
            ])
        }
        return Value.object([
            "passing": .bool(isPassing), "tier": .string(tier.rawValue), "adapter": .string(adapter),
            "seed": .string(String(seed)), "cases": .int(Int64(cases)),
            "refused": .int(Int64(refused)), "selective": .int(Int64(selective)),
            "divergences": .array(divergences),
        ]).json
    }
}
