import Foundation

/// `stores-bench [--json] [--no-gate] [--list] [name …]`
@main
struct StoresBench {
    static func main() async {
        do {
            exit(try await run(Array(CommandLine.arguments.dropFirst())))
        } catch {
            FileHandle.standardError.write(Data("stores-bench: \(error)\n".utf8))
            exit(2)
        }
    }

    /// - Returns: 0, or 1 when a target was missed.
    private static func run(_ arguments: [String]) async throws -> Int32 {
        if arguments.first == "--child" {
            try await Children.run(Array(arguments.dropFirst()))
            return 0
        }
        var names: [String] = []
        var (json, gate) = (false, true)
        for argument in arguments {
            switch argument {
            case "--json": json = true
            case "--no-gate": gate = false
            case "--list":
                for benchmark in benchmarks { print("\(benchmark.name): \(benchmark.summary)") }
                return 0
            default:
                guard benchmarks.contains(where: { $0.name == argument }) else {
                    throw BenchError(
                        "no benchmark \(argument); there are \(benchmarks.map { $0.name }.joined(separator: ", "))")
                }
                names.append(argument)
            }
        }
        let bench = Bench()
        let machine = Machine()
        var figures: [Figure] = []
        for benchmark in benchmarks where names.isEmpty || names.contains(benchmark.name) {
            FileHandle.standardError.write(Data("\(benchmark.name) …\n".utf8))
            figures += try await benchmark.run(bench)
        }
        let report = Report(machine: machine, data: bench.dataSource, figures: figures)
        print(json ? report.json : report.markdown)
        for figure in report.missed {
            FileHandle.standardError.write(
                Data("missed: \(figure.benchmark), \(figure.name): \(Report.number(figure.value.median))\n".utf8))
        }
        return gate && !report.missed.isEmpty ? 1 : 0
    }
}
