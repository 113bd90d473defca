#if os(macOS) || os(Linux)
import Foundation
public import StoresCore

/// A Python that has another client of a backend, for what that one reads and writes beside ours.
///
/// `scripts/test` makes one with what a package's `Tests/needs.json` lists, and names it in `TEST_PYTHON`.
public struct PythonClient: Sendable {
    public static let variable = "TEST_PYTHON"

    private let program: String
    private let start: String

    /// Nil where the environment names no Python.
    ///
    /// - Parameter start: What every script starts with: the client, opened.
    public init?(_ start: String = "", environment: [String: String]) {
        guard let program = environment[Self.variable], !program.isEmpty else { return nil }
        self.program = program
        self.start = start
    }

    /// What a script prints, as JSON; its errors go to ours.
    ///
    /// - Parameters:
    ///   - script: Its lines are data of the tests. `json` and `sys` are imported.
    ///   - arguments: `sys.argv[1:]` of it.
    /// - Throws: `internal` when it does not end with 0, `corrupt` when it prints no JSON.
    public func value(of script: String, _ arguments: [String] = []) throws(StoreError) -> Value {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["-c", "import json, sys\n\(start)\n\(script)"] + arguments
        let output = Pipe()
        process.standardOutput = output
        do {
            try process.run()
        } catch {
            throw StoreError(.internal, "\(program) does not start", underlying: error)
        }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw StoreError(.internal, "the script ended with status \(process.terminationStatus)")
        }
        return try JSONReader.value(from: Array(data))
    }
}
#endif
