import Foundation
import StoresCore
import Testing

@testable import StoresRedis

/// KeyDB speaks Redis 6.2, and was not to be had: no command is used that is later.
@Suite(.enabled(if: TestServer.all.contains { $0.name == "redis" }, "REDIS_URL names no server"))
struct CommandLevelTests {
    /// Every command of the scripts, and every word in capitals that is sent: commands, and what follows them.
    private static let words: (scripts: Set<String>, sent: Set<String>) = {
        var found: (scripts: Set<String>, sent: Set<String>) = ([], [])
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/StoresRedis")
        for case let file as URL in FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
            ?? .init()
        {
            guard file.pathExtension == "swift", let text = try? String(contentsOf: file, encoding: .utf8) else {
                continue
            }
            for match in text.matches(of: /redis\.p?call\(\s*'([A-Z]+)'/) { found.scripts.insert(String(match.1)) }
            for match in text.matches(of: /\.word\("([A-Z]+)"\)/) { found.sent.insert(String(match.1)) }
        }
        return found
    }()

    @Test("No command is later than Redis 6.2, as Redis itself documents them")
    func commands() async throws {
        let server = try #require(TestServer.all.first { $0.name == "redis" })
        var checked: Set<String> = []
        try await server.withStores { stores in
            // What is said of a container with all its subcommands is deeper than hiredis 0.14 reads.
            let parts = ["CLIENT": "CLIENT|SETNAME", "CLUSTER": "CLUSTER|SLOTS", "CONFIG": "CONFIG|GET"]
            for word in Self.words.scripts.union(Self.words.sent) {
                let command = parts[word] ?? word
                let reply = try await stores.session.withNative(RedisCommands.self) {
                    try await $0.send("COMMAND", "DOCS", command)
                }
                guard let since = Self.since(reply) else {
                    #expect(!Self.words.scripts.contains(word), "\(command) is no command")
                    continue
                }
                checked.insert(command)
                #expect(since.compare("6.2.99", options: .numeric) == .orderedAscending, "\(command) since \(since)")
            }
        }
        #expect(checked.count > 40, "\(checked.sorted())")
        #expect(checked.isSuperset(of: ["GET", "SET", "EVALSHA", "CLIENT|SETNAME", "CONFIG|GET", "XREAD", "ASKING"]))
    }

    /// `[name, [.., "since", version, ..]]`
    private static func since(_ reply: RedisCommands.Reply) -> String? {
        guard case .array(let parts) = reply, case .array(let fields)? = parts.last,
            let index = fields.firstIndex(of: .bytes(Array("since".utf8))), index + 1 < fields.count,
            case .bytes(let version) = fields[index + 1]
        else { return nil }
        return String(decoding: version, as: UTF8.self)
    }

    @Test("The options that came after 6.2 are not used")
    func options() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/StoresRedis")
        var seen = 0
        for case let file as URL in FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
            ?? .init()
        {
            guard file.pathExtension == "swift", let text = try? String(contentsOf: file, encoding: .utf8) else {
                continue
            }
            seen += 1
            // NX, XX, GT and LT came to EXPIRE with 7.0; SET, which has two of them longer, is sent without.
            for late in ["NX", "XX", "GT", "LT", "IFEQ", "EVAL_RO", "EVALSHA_RO"] {
                for quoted in ["'\(late)'", "word(\"\(late)\")"] {
                    #expect(!text.contains(quoted), "\(quoted) in \(file.lastPathComponent)")
                }
            }
        }
        #expect(seen > 20)
    }
}
