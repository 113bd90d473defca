/// The parts that run in a process of their own; see ``Child``.
enum Children {
    static func run(_ arguments: [String]) async throws {
        let rest = Array(arguments.dropFirst())
        let numbers: [Double]
        switch arguments.first {
        case "vector-memory-plain": numbers = try VectorMemory.plain()
        case "vector-memory-driver": numbers = try await VectorMemory.driver()
        case "artifact-stream": numbers = try await ArtifactStream.child(rest)
        #if Postgres
        case "postgres-stream": numbers = try await PostgresStream.child()
        #endif
        default: throw BenchError("no child \(arguments.first ?? "")")
        }
        print(numbers.map { "\($0)" }.joined(separator: " "))
    }
}
