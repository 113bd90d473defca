import Foundation
import StoresCore
import Testing

@testable import StoresRedis

/// KeyDB speaks Redis 6.2, and was not to be had: no command is used that is later.
@Suite(.enabled(if: TestServer.all.contains { $0.name == "redis" }, "REDIS_URL names no server"))
struct CommandLevelTests {
    /// Every command of the scripts, and those that are sent by themselves.
    private static let commands: Set<String> = {
        var found: Set<String> = [
            "GET", "SET", "HMGET", "XREAD", "XREVRANGE", "EVAL", "EVALSHA", "INFO", "AUTH", "HELLO", "SELECT", "ROLE",
            "ASKING",
        ]
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/StoresRedis")
        for case let file as URL in FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
            ?? .init()
        {
            guard file.pathExtension == "swift", let text = try? String(contentsOf: file, encoding: .utf8) else {
                continue
            }
            for match in text.matches(of: /redis\.p?call\(\s*'([A-Z]+)'/) { found.insert(String(match.1)) }
        }
        return found
    }()

    @Test("No command is later than Redis 6.2, as Redis itself documents them")
    func commands() async throws {
        let server = try #require(TestServer.all.first { $0.name == "redis" })
        #expect(Self.commands.count > 40, "\(Self.commands.sorted())")
        try await server.withStores { stores in
            for command in Self.commands {
                let reply = try await stores.session.withNative(RedisCommands.self) {
                    try await $0.send("COMMAND", "DOCS", command)
                }
                let since = try #require(Self.since(reply), "\(command) is no command")
                #expect(since.compare("6.2.99", options: .numeric) == .orderedAscending, "\(command) since \(since)")
            }
        }
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
            for late in ["'PEXPIRETIME'", "'IFEQ'", "'HEXPIRE'", "'XX'", "EVAL_RO", "EVALSHA_RO", "'FCALL'", "'LMPOP'"]
            {
                #expect(!text.contains(late), "\(late) in \(file.lastPathComponent)")
            }
        }
        #expect(seen > 20)
    }
}
