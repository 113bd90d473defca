import Foundation
import StoresConformance
import StoresCore
import StoresRedis
import Testing

/// A server that the environment names: `REDIS_URL`, `VALKEY_URL`.
struct Server: Sendable, CustomTestStringConvertible {
    var name: String
    var url: String

    var testDescription: String { name }
    /// With REDIS_PROTOCOL, where it is set, for all of them: RESP3 where hiredis reads it.
    var settings: [String: String] {
        var settings = ["\(name.uppercased())_URL": url]
        settings["\(name.uppercased())_PROTOCOL"] = ProcessInfo.processInfo.environment["REDIS_PROTOCOL"]
        return settings
    }

    static let all: [Server] = ["redis", "valkey", "keydb"].compactMap { name in
        ProcessInfo.processInfo.environment["\(name.uppercased())_URL"].map { Server(name: name, url: $0) }
    }
}

/// One test for each case of the contracts, on each server; each under a key prefix of its own.
@Suite(
    .enabled(
        if: !Server.all.isEmpty,
        "no server: set REDIS_URL or VALKEY_URL, as scripts/services env prints them"
    ))
struct RedisConformanceTests {
    @Test(arguments: Server.all, Conformance.cases(for: .session))
    func session(_ server: Server, _ test: ConformanceCase) async throws {
        try await keeps(server, test)
    }

    @Test(arguments: Server.all, Conformance.cases(for: .event))
    func event(_ server: Server, _ test: ConformanceCase) async throws {
        try await keeps(server, test)
    }

    /// With the retention that drops, E11; with one that does not come to it, all the rest, which must not notice.
    @Test(arguments: Server.all, Conformance.cases(for: .event))
    func retention(_ server: Server, _ test: ConformanceCase) async throws {
        try await keeps(server, test, ["EVENT_RETENTION": test.id.hasPrefix("E11.") ? "4" : "100000"])
    }

    private func keeps(_ server: Server, _ test: ConformanceCase, _ more: [String: String] = [:]) async throws {
        var settings = server.settings
        for (name, value) in more { settings["\(server.name.uppercased())_\(name)"] = value }
        settings["\(server.name.uppercased())_KEY_PREFIX"] = "test-\(UUID().uuidString):"
        try await ConformanceSubject.with(StoresRedis.self, named: server.name, tiers: [test.tier], settings: settings)
        {
            let report = await Conformance.run($0) { $0.id == test.id }
            #expect(report.isPassing, "\(report.text)")
        }
    }
}
