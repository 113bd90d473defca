import Foundation
import StoresCore
import Testing

@testable import StoresCommand

/// The executable as a process: signals, pipes, exit codes.
@Suite(.serialized) struct ProcessTests {
    /// What two runs of the demo leave in sqlite and files, read by the library.
    static func traces(_ folder: TemporaryFolder) async throws -> DemoTests.Traces {
        let environment = try StoreEnvironment(process: [:], directory: folder.path, tiers: Tier.stores)
        return try await Stores.withOpen(registry: LinkedAdapters.registry(), environment: environment.variables) {
            try await DemoTests.traces($0)
        }
    }

    @Test(arguments: [SIGKILL, SIGINT])
    func theDemoGoesOnWhereItWasStopped(_ signal: Int32) async throws {
        let whole = try TemporaryFolder()
        let stopped = try TemporaryFolder()
        for folder in [whole, stopped] { try DemoDocuments.write(12, to: folder) }
        let arguments = ["demo", "--json", "--verbose", "--ask", "which generation?", "--ask", "what rises?"]
        let reference = try Program(arguments, in: whole)
        _ = reference.restOfErrors()
        #expect(reference.wait() == 0)

        // Stopped three times, each time further on.
        for stop in 1...3 {
            let program = try Program(arguments, in: stopped)
            var seen = 0
            while seen < stop * 2, let line = program.errorLine() {
                if line.contains("/") && line.contains("Docs/page") { seen += 1 }
            }
            program.signal(signal)
            _ = program.restOfErrors()
            #expect(program.wait() == (signal == SIGKILL ? -SIGKILL : 130))
        }
        let last = try Program(arguments, in: stopped)
        _ = last.restOfErrors()
        let report = try JSONReader.value(from: last.restOfOutput())
        #expect(last.wait() == 0)
        #expect(report["run"]?["number"] == 1 && report["run"]?["resumed"] == true)
        #expect(report["documents"]?["indexed"] == 12)
        let expected = try await Self.traces(whole)
        #expect(expected.vectors.count == 48 && expected.events.count == 16)
        #expect(expected.difference(from: try await Self.traces(stopped)) == [])
    }

    @Test func aReaderThatGoesAwayEndsItQuietly() async throws {
        let folder = try TemporaryFolder()
        let tool = CommandLineTool(
            environment: [:], directory: folder.path,
            input: Input(
                (0..<20_000).map { #"{"key":"k\#($0)","text":"v","expiry":"never"}"# }.joined(separator: "\n")),
            output: Output(), errors: Output())
        #expect(await tool.run(["session", "set", "--lines"]) == 0)
        let program = try Program(["session", "scan"], in: folder)
        #expect(program.line() != nil)
        try program.closeOutput()
        #expect(program.restOfErrors() == "")
        #expect(program.wait() == 141)
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "there is no /dev/full"))
    func aFullDiskIsToldEvenAtTheEnd() async throws {
        let folder = try TemporaryFolder()
        let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        let errors = Output()
        let tool = CommandLineTool(
            environment: ["STORE_SESSION": "memory"], directory: folder.path, input: Input(""),
            output: Output(descriptor: full.fileDescriptor), errors: errors)
        #expect(await tool.run(["session", "set", "k", "--text", "v", "--never", "--json-errors"]) == 5)
        #expect(try JSONReader.value(from: errors.text)["code"] == "unavailable", "\(errors.text)")
    }

    @Test func exitCodesAndErrorsOfTheProcess() throws {
        let folder = try TemporaryFolder()
        let missing = try Program(["session", "get", "none", "--json-errors"], in: folder)
        let error = try JSONReader.value(from: missing.restOfErrors())
        #expect(missing.wait() == 3 && missing.restOfOutput() == "")
        #expect(error["code"] == "notFound" && error["tier"] == "session" && error["adapter"] == "sqlite")
        #expect(error["resource"] == "none" && error["retryable"] == false)
        let usage = try Program(["session"], in: folder)
        _ = usage.restOfOutput()
        #expect(usage.wait() == 0)
        let wrong = try Program(["session", "set", "k"], in: folder)
        _ = wrong.restOfErrors()
        #expect(wrong.wait() == 2)
    }

    /// A program that sends a record and waits for its answer gets it, before the end of the input.
    @Test func anotherProgramMayTalkToIt() throws {
        let folder = try TemporaryFolder()
        let program = try Program(
            ["vector", "upsert", "--collection", "c", "--dimensions", "2", "--acknowledge"], in: folder)
        for number in 1...3 {
            try program.send("{\"id\":\"\(number)\",\"vector\":[1,\(number)]}\n")
            #expect(program.line() == "{\"id\":\"\(number)\",\"ok\":true}")
        }
        try program.closeInput()
        #expect(program.restOfOutput().contains("\"succeeded\":3"))
        #expect(program.wait() == 0)
    }

    @Test func aTailEndsWhenItIsInterrupted() throws {
        let folder = try TemporaryFolder()
        let tail = try Program(["event", "tail", "--from", "start"], in: folder)
        #expect(tail.line() == "{\"caughtUp\":true}")
        let append = try Program(["event", "append", "s", "--expect", "any"], in: folder)
        try append.send("{\"id\":\"1\",\"type\":\"t\"}\n")
        try append.closeInput()
        _ = append.restOfOutput()
        #expect(append.wait() == 0)
        #expect(tail.line()?.contains("\"stream\":\"s\"") == true)
        tail.signal(SIGINT)
        #expect(tail.wait() == 0)
    }
}
