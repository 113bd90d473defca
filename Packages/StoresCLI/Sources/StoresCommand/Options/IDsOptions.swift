import ArgumentParser
import StoresCore

/// Ids or keys from the command line, or in streams from stdin.
struct IDsOptions: ParsableArguments {
    @Option(
        name: .customLong("ids"), parsing: .upToNextOption,
        help: "Ids; \"-\" reads them from stdin, a JSON string a line.")
    var ids: [String] = []

    var isEmpty: Bool { ids.isEmpty }

    /// Calls the body with batches of ids.
    func forEachBatch(_ input: Input, _ body: ([String]) async throws -> Void) async throws {
        try await IDBatches.forEach(ids, input, body)
    }
}

enum IDBatches {
    static func forEach(_ ids: [String], _ input: Input, _ body: ([String]) async throws -> Void) async throws {
        guard ids == ["-"] else {
            for start in stride(from: 0, to: ids.count, by: 500) {
                try await body(Array(ids[start..<min(start + 500, ids.count)]))
            }
            return
        }
        var lines = JSONLines(input)
        while let batch = try await lines.batch() {
            try await body(
                batch.map { line in
                    guard case .string(let id) = line.value else {
                        throw StoreError.invalidArgument("stdin line \(line.number): expected a JSON string")
                    }
                    return id
                })
        }
    }
}
