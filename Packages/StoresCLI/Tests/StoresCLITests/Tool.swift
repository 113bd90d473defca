import StoresCommand
import StoresCore
import Testing

/// The command line in a folder of its own, run inside the test's process; sqlite and files are its stores.
struct Tool {
    let folder: TemporaryFolder
    var environment: [String: String] = [:]

    init(_ environment: [String: String] = [:]) throws {
        folder = try TemporaryFolder()
        self.environment = environment
    }

    struct Result {
        var status: Int32
        var output: String
        var errors: String

        /// The lines of the output as JSON.
        func values() throws -> [Value] {
            try output.split(separator: "\n").map { try JSONReader.value(from: String($0)) }
        }

        /// The only line of the output, as an object.
        func object() throws -> Metadata {
            let all = try values()
            guard all.count == 1, case .object(let fields) = all[0] else {
                throw StoreError(.internal, "expected one object, got: \(output) \(errors)")
            }
            return fields
        }

        /// The error as JSON.
        func error() throws -> Metadata {
            guard case .object(let fields) = try JSONReader.value(from: errors) else {
                throw StoreError(.internal, "no object: \(errors)")
            }
            return fields
        }
    }

    func run(_ arguments: String..., input: String = "") async -> Result {
        await run(arguments, input: Input(input))
    }

    func run(_ arguments: [String], input: Input = Input("")) async -> Result {
        let output = Output()
        let errors = Output()
        let tool = CommandLineTool(
            environment: environment, directory: folder.path, input: input, output: output, errors: errors)
        let status = await tool.run(arguments)
        return Result(status: status, output: output.text, errors: errors.text)
    }
}

extension Value {
    subscript(_ name: String) -> Value? {
        if case .object(let fields) = self { fields[name] } else { nil }
    }
}
