import ArgumentParser
import StoresCore
import Testing

@testable import StoresCommand

@Suite struct ToolTests {
    @Test func everyErrorCodeHasItsExitCode() {
        let expected: [StoreError.Code: Int32] = [
            .notFound: 3, .alreadyExists: 4, .conflict: 4, .preconditionFailed: 4, .invalidArgument: 2, .unsupported: 6,
            .schemaMismatch: 4, .tooLarge: 9, .rateLimited: 5, .unauthenticated: 7, .permissionDenied: 7,
            .unavailable: 5, .timeout: 5, .cancelled: 130, .corrupt: 8, .internal: 1,
        ]
        for code in StoreError.Code.all {
            #expect(ExitStatus(StoreError(code, "")).rawValue == expected[code], "\(code)")
        }
        for status in ExitStatus.allCases { #expect(ExitStatus.help.contains("  \(status.rawValue) "), "\(status)") }
    }

    @Test func usageErrorsGoToStderrAndHelpToStdout() async throws {
        let tool = try Tool()
        let wrong = await tool.run("vektor")
        #expect(wrong.status == 2 && wrong.output.isEmpty && wrong.errors.contains("vektor"))
        let json = await tool.run("session", "get", "--json-errors")
        #expect(json.status == 2)
        #expect(try json.error()["code"] == "invalidArgument")
        let help = await tool.run("--help")
        #expect(help.status == 0 && help.errors.isEmpty && help.output.contains("EXIT CODES"))
    }

    /// What the helps show as examples is accepted by the parser.
    @Test func examplesOfTheHelpParse() throws {
        var examples = 0
        func check(_ command: any ParsableCommand.Type) throws {
            for line in command.configuration.discussion.split(separator: "\n") {
                guard let start = line.firstRange(of: "stores "),
                    line.hasPrefix("stores ") || line.contains("| stores ")
                        || line.hasPrefix("STORE_")
                else { continue }
                var words = Self.words(String(line[start.upperBound...]))
                words = Array(words.prefix { $0 != "<" && $0 != ">" && $0 != "|" })
                examples += 1
                #expect(throws: Never.self, "\(line)") { try StoresRoot.parseAsRoot(words) }
            }
            for child in command.configuration.subcommands { try check(child) }
        }
        try check(StoresRoot.self)
        #expect(examples > 50)
    }

    /// Every leaf is a verb, so that nothing parses and then does nothing.
    @Test func everyLeafIsAVerb() {
        func check(_ command: any ParsableCommand.Type) {
            let children = command.configuration.subcommands
            if children.isEmpty { #expect(command is any Verb.Type, "\(command)") }
            children.forEach(check)
        }
        check(StoresRoot.self)
    }

    @Test func unsetTiersAreKeptOnDiskAndProductionIsLeftAlone() async throws {
        let tool = try Tool()
        #expect(await tool.run("session", "set", "k", "--text", "v", "--never").errors.isEmpty)
        #expect(tool.folder.exists(".local-data/stores.sqlite"))
        let verbose = await tool.run("session", "get", "k", "--raw", "--verbose")
        #expect(verbose.output == "v" && verbose.errors.contains("STORE_SESSION = sqlite"))
        let production = try Tool(["STORE_ENV": "production"])
        let refused = await production.run("session", "get", "k")
        #expect(refused.status == 2 && refused.errors.contains("STORE_SESSION is not set"), "\(refused.errors)")
        let named = try Tool(["STORE_ENV": "production", "STORE_SESSION": "memory"])
        #expect(await named.run("session", "get", "k").status == 3)
    }

    @Test func theDotEnvFileIsReadAndRealVariablesWin() async throws {
        var tool = try Tool()
        try tool.folder.write(".env", "STORE_SESSION=nonsense\n")
        let unknown = await tool.run("session", "get", "k")
        #expect(unknown.status == 2 && unknown.errors.contains("nonsense"))
        tool.environment["STORE_SESSION"] = "memory"
        #expect(await tool.run("session", "get", "k").status == 3)
        try tool.folder.write(".env", "no equals sign\n")
        let broken = await tool.run("session", "get", "k")
        #expect(broken.status == 2 && broken.errors.contains(".env line 1"))
    }

    /// A verb of one tier neither needs nor meets the other tiers' backends.
    @Test func aVerbOpensItsOwnTierAlone() async throws {
        let tool = try Tool(["STORE_VECTOR": "nonsense", "STORE_SESSION": "memory"])
        #expect(await tool.run("session", "get", "k").status == 3)
        #expect(await tool.run("vector", "collections").status == 2)
    }

    @Test func aCancelledCommandIsAnErrorObject() async throws {
        let tool = try Tool()
        try DemoDocuments.write(1, to: tool.folder)
        for arguments in [["demo", "--json"], ["session", "get", "k", "--json-errors"]] {
            let result = await Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await tool.run(arguments)
            }.value
            #expect(result.status == 130, "\(arguments)")
            #expect(try result.error()["code"] == "cancelled", "\(arguments)")
        }
    }

    @Test func aDeadlineBoundsEachCall() async throws {
        let tool = try Tool(["STORE_SESSION": "memory"])
        let late = await tool.run("session", "get", "k", "--deadline", "0ms", "--json-errors")
        #expect(late.status == 5)
        #expect(try late.error()["code"] == "timeout")
        #expect(await tool.run("session", "get", "k", "--deadline", "soon").status == 2)
    }
}

extension ToolTests {
    /// Splits as a shell does, with quotes.
    static func words(_ line: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in line {
            if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if character == " " {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        return words
    }
}
