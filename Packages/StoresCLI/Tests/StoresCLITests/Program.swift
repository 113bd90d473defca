import Foundation
import StoresCore
import Synchronization

/// The built executable `stores`, as a process.
final class Program: Sendable {
    private let process = Process()
    private let output = Pipe()
    private let errors = Pipe()
    private let input = Pipe()

    static var path: String {
        get throws {
            // Beside the test bundle, wherever the tests were built.
            var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            while folder.path != "/" {
                let candidate = folder.appendingPathComponent("stores").path
                if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
                folder.deleteLastPathComponent()
            }
            throw StoreError(.notFound, "the executable stores is not beside the tests")
        }
    }

    init(_ arguments: [String], in folder: TemporaryFolder, environment: [String: String] = [:]) throws {
        process.executableURL = URL(fileURLWithPath: try Self.path)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.environment = ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = input
        try process.run()
    }

    func send(_ text: String) throws { try input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }
    func closeInput() throws { try input.fileHandleForWriting.close() }
    func signal(_ number: Int32) { kill(process.processIdentifier, number) }
    func closeOutput() throws { try output.fileHandleForReading.close() }

    /// The next line on stdout, or nil at its end; blocks its thread.
    func line() -> String? { Self.line(output.fileHandleForReading) }
    /// The next line on stderr.
    func errorLine() -> String? { Self.line(errors.fileHandleForReading) }

    private static func line(_ handle: FileHandle) -> String? {
        var bytes: [UInt8] = []
        while let data = try? handle.read(upToCount: 1), let byte = data.first {
            if byte == 0x0A { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    func restOfOutput() -> String { Self.rest(output) }
    func restOfErrors() -> String { Self.rest(errors) }

    private static func rest(_ pipe: Pipe) -> String {
        String(decoding: (try? pipe.fileHandleForReading.readToEnd()) ?? Data(), as: UTF8.self)
    }

    /// The exit code; minus the signal for a process that one has ended.
    func wait() -> Int32 {
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }
}
