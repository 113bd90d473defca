import ArgumentParser
import StoresCore

/// How verbs that write many records answer.
struct BulkOptions: ParsableArguments {
    @Flag(help: "A line {\"id\":…,\"ok\":true} for every record, and not only for those that failed.")
    var acknowledge = false
}

/// The answer to many writes: a line `{"id","error"}` for each that failed, at the end
/// `{"succeeded":n,"failed":n}`; and the exit code of the first failure.
struct BulkOutput {
    let console: Console
    let acknowledge: Bool
    private(set) var succeeded = 0
    private(set) var failed = 0
    private var isSearchable: Bool?
    private var first: StoreError?

    init(_ console: Console, _ options: BulkOptions) {
        self.console = console
        acknowledge = options.acknowledge
    }

    mutating func add(_ result: BulkResult, isSearchable: Bool? = nil) async throws {
        succeeded += result.succeeded.count
        failed += result.failed.count
        first = first ?? result.failed.first?.error
        if let isSearchable { self.isSearchable = (self.isSearchable ?? true) && isSearchable }
        for failure in result.failed {
            try await console.emit(["id": .string(failure.id), "error": failure.error.jsonValue])
        }
        guard acknowledge else { return }
        for id in result.succeeded { try await console.emit(["id": .string(id), "ok": true]) }
        // A program may wait for these before it sends more.
        try await console.output.flush()
    }

    func finish() async throws {
        try await console.emit([
            "succeeded": .int(Int64(succeeded)), "failed": .int(Int64(failed)),
            "searchable": isSearchable.map(Value.bool),
        ])
        if let first { throw VerbExit(status: ExitStatus(first)) }
    }
}
