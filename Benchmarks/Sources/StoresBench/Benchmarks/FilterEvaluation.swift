import StoresCore

/// How many simple comparisons one core makes over metadata as it is: dictionaries of ten fields.
enum FilterEvaluation: Benchmark {
    static let name = "filter-eval"
    static let summary = "simple comparisons a second of a compiled filter, one core"

    static func run(_ bench: Bench) async throws -> [Figure] {
        let data = try bench.data()
        let field = Filter.field("installedKiB")
        let filters: [(String, Filter)] = [
            ("text equals", .field("section") == "libs"),
            ("number is greater", field > 100),
            ("is one of three", Filter.field("section").in(["libs", "rust", "perl"])),
            ("text starts with", Filter.field("version").startsWith("1.")),
            ("field is missing", .field("nothing") == "x"),
        ]
        var figures: [Figure] = []
        for (name, filter) in filters {
            let compiled = CompiledFilter(filter)
            let rounds = 10
            let times = try await Timing.interleaved(
                repetitions: 15,
                [
                    {
                        await Timing.seconds {
                            var matches = 0
                            for _ in 0..<rounds {
                                for metadata in data.metadata where compiled.matches(metadata) { matches += 1 }
                            }
                            keep(matches)
                        }
                    }
                ])
            figures.append(
                Figure(
                    Self.name, "\(name), over \(data.count.formatted) records",
                    value: Spread(times[0].map { Double(rounds * data.count) / $0 / 1e6 }), unit: "million/s",
                    target: .atLeast(5)))
        }
        return figures
    }
}
