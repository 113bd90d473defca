import ArgumentParser
import StoresCore

struct SessionTransaction: TierVerb {
    static let tier = Tier.session
    static let configuration = CommandConfiguration(
        commandName: "transaction", abstract: "All operations on stdin, or none.",
        discussion: """
            In, at most one for each key:
              {"op":"set","key",…}  as session set --lines
              {"op":"delete","key","ifMatch"?}
              {"op":"check","key","ifMatch"|"ifAbsent"}
            Out, in order: {"key","etag","expiresAt"?}, {"key","deleted":true}, {"key","checked":true}.

            stores session transaction < operations.jsonl
            """)

    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        var operations: [SessionOperation] = []
        var lines = JSONLines(console.input)
        while let batch = try await lines.batch(whole: true) {
            for line in batch { operations.append(try Self.operation(line)) }
        }
        let outcomes = try await stores.session.transaction(operations)
        for (operation, outcome) in zip(operations, outcomes) {
            switch outcome {
            case .set(let receipt): try await console.emit(receipt.jsonValue(operation.key))
            case .deleted(let wasThere):
                try await console.emit(["key": .string(operation.key), "deleted": .bool(wasThere)])
            case .checked: try await console.emit(["key": .string(operation.key), "checked": true])
            }
        }
    }

    private static func operation(_ line: JSONLines.Line) throws(StoreError) -> SessionOperation {
        var fields = try JSONFields(line)
        let operation: SessionOperation
        switch try fields.requiredString("op") {
        case "set": operation = .set(try SessionWrite(&fields))
        case "delete":
            operation = .delete(
                key: try fields.requiredString("key"), condition: try SessionCondition(&fields))
        case "check":
            operation = .check(key: try fields.requiredString("key"), condition: try SessionCondition(&fields))
        default: throw fields.error("op is set, delete or check")
        }
        try fields.finish()
        return operation
    }
}
