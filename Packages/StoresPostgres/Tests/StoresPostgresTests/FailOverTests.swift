import Foundation
import StoresCore
import Testing

@testable import StoresPostgres

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Several hosts; postgres15 with its hot standby, which the tests may start, promote and kill when the servers are
/// this run's own.
@Suite(.enabled(if: TestServer.url15 != nil, TestServer.skipped15), .serialized)
struct FailOverTests {
    static let isOurs = ServerProcess.services != nil && TestServer.certificates != nil
    static let notOurs: Comment = "BACKEND_SERVICES is not set: scripts/test StoresPostgres"

    /// The URL of the primary, with hosts and ports in its place.
    private func url(_ hosts: [(String, Int)]) throws -> String {
        let place = "127.0.0.1:\(try port())"
        let url = try #require(TestServer.url15)
        return url.replacing(
            place, with: hosts.map { "\($0.0):\($0.1)" }.joined(separator: ","))
    }

    private func port() throws -> Int {
        let parts = try TestServer.parts15()
        return try #require(parts.port)
    }

    /// Where the standby is; 15632 unless that was taken, which `scripts/services env` says.
    private func standbyPort() async throws -> Int {
        let process = Process()
        let services = try #require(ServerProcess.services)
        process.executableURL = URL(filePath: services)
        process.arguments = ["env", "postgres15-standby"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let value = try #require(text.split(separator: "=", maxSplits: 1).last)
        return try #require(URLComponents(string: value.trimmingCharacters(in: .whitespacesAndNewlines))?.port)
    }

    private func withStandby(_ body: (Int) async throws -> Void) async throws {
        #expect(try await ServerProcess.run("start", "postgres15-standby") == 0)
        let result: Result<Void, any Error>
        do { result = .success(try await body(try await standbyPort())) } catch { result = .failure(error) }
        try await ServerProcess.run("wipe", "postgres15-standby")
        #expect(try await ServerProcess.run("start", "postgres15") == 0)
        try result.get()
    }

    /// A host that takes connections and never says a word, as one behind a broken network.
    private func withSilentHost(_ body: (Int) async throws -> Void) async throws {
        #if canImport(Glibc)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, size) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, pointer, &size) == 0
            }
        }
        try #require(isBound)
        try await body(Int(UInt16(bigEndian: address.sin_port)))
    }

    @Test func aHostThatIsSilentIsPassedOver() async throws {
        try await withSilentHost { silent in
            let several = try url([("127.0.0.1", silent), ("127.0.0.1", try port())])
            let backend = try TestServer.backend { $0.url = several }
            let start = ContinuousClock.now
            let rows = try await backend.pool.query("SELECT 1::bigint", .read, deadline: .after(.seconds(8)))
            #expect(try rows.first?.int(0) == 1)
            // And from then on the one that answers comes first.
            try await backend.pool.transaction(deadline: .after(.seconds(3))) { lease throws(StoreError) in
                _ = try await lease.query("SELECT 1")
            }
            #expect(ContinuousClock.now - start < .seconds(8))
            await backend.shutdown()
            let alone = try url([("127.0.0.1", silent)])
            let nobody = try TestServer.backend { $0.url = alone }
            let error = await TestServer.error { try await nobody.start(context: TestServer.context(.seconds(2))) }
            #expect(error?.code == .unavailable && error?.phase != nil)
            await nobody.shutdown()
        }
    }

    @Test(.enabled(if: isOurs, notOurs))
    func aHotStandbyReadsAndRefusesWrites() async throws {
        try await TestServer.with(url: TestServer.url15) { primary in
            _ = try await PostgresEventDriver(backend: primary).append(
                [NewEvent(id: "1", type: "t")], to: "s", expected: .noStream, context: TestServer.context())
            try await withStandby { port in
                let alone = try url([("127.0.0.1", port)])
                let standby = try TestServer.backend(schema: primary.pool.schema, schemaMode: .verify) {
                    $0.url = alone
                }
                try await standby.start(context: TestServer.context())
                let driver = PostgresEventDriver(backend: standby)
                try await TestServer.until("it has followed") {
                    try await driver.read(
                        "s", from: nil, direction: .forward, limit: 9, context: TestServer.context()
                    ).events.count == 1
                }
                let status = try await standby.ping(context: TestServer.context())
                #expect(status.details["role"] == "replica")
                let error = await TestServer.error {
                    _ = try await driver.append(
                        [NewEvent(id: "2", type: "t")], to: "s", expected: .any, context: TestServer.context())
                }
                #expect(error?.code == .unavailable && error?.sqlState == "25006" && error?.applied == .no)
                #expect(error?.remedy?.contains("target_session_attrs") == true)
                await standby.shutdown()
                // Who wants to write finds no server in a list of standbys, and says why.
                let demanding = try TestServer.backend { $0.url = alone + "&target_session_attrs=read-write" }
                let refused = await TestServer.error { try await demanding.start(context: TestServer.context()) }
                #expect(refused?.code == .unavailable && refused?.phase == .open && refused?.remedy != nil)
                await demanding.shutdown()
            }
        }
    }

    /// The primary is killed, the standby promoted: the same store goes on, and has what was acknowledged.
    @Test(.enabled(if: isOurs, notOurs))
    func aFailOverIsFollowed() async throws {
        let admin = try TestServer.backend { $0.url = TestServer.url15 }
        try await admin.start(context: TestServer.context())
        try await withStandby { second in
            // A commit is acknowledged when the standby has it too.
            try await set(admin, "ALTER SYSTEM SET synchronous_standby_names = '*'")
            let both = try url([("127.0.0.1", try port()), ("127.0.0.1", second)])
            let store = try TestServer.backend(schema: admin.pool.schema) { $0.url = both }
            try await store.start(context: TestServer.context())
            let driver = PostgresEventDriver(backend: store)
            var acknowledged = 0
            for number in 0..<20 {
                try await append(number, driver, until: .now)
                acknowledged += 1
            }
            #expect(try await ServerProcess.run("kill", "postgres15") == 0)
            let alone = try url([("127.0.0.1", second)])
            let promoter = try TestServer.backend(schemaMode: .off) { $0.url = alone }
            _ = try await promoter.pool.query("SELECT pg_promote()", .write, deadline: .after(.seconds(30)))
            await promoter.shutdown()
            for number in 20..<40 {
                try await append(number, driver, until: .now.advanced(by: .seconds(60)))
                acknowledged += 1
            }
            let slice = try await driver.read(
                "s", from: nil, direction: .forward, limit: 100, context: TestServer.context())
            #expect(slice.events.map(\.id) == (0..<acknowledged).map(String.init))
            #expect(try await store.ping(context: TestServer.context()).details["role"] == "primary")
            await store.shutdown()
        }
        try await set(admin, "ALTER SYSTEM RESET synchronous_standby_names")
        await TestServer.drop(admin)
    }

    private func set(_ backend: PostgresBackend, _ sql: String) async throws {
        let deadline = Deadline.after(.seconds(20))
        // The first connection may be one to the server that was killed.
        try await TestServer.until("the server takes it") {
            await TestServer.error {
                _ = try await backend.pool.query(sql, .write, isPrepared: false, deadline: deadline)
                _ = try await backend.pool.query("SELECT pg_reload_conf()", .write, deadline: deadline)
            } == nil
        }
    }

    /// Repeats what a vanished server explains; the same event is appended once.
    private func append(_ number: Int, _ driver: PostgresEventDriver, until end: ContinuousClock.Instant) async throws {
        let event = NewEvent(id: "\(number)", type: "t")
        let expected: ExpectedRevision = number == 0 ? .noStream : .exact(Int64(number - 1))
        while true {
            let error = await TestServer.error {
                _ = try await driver.append([event], to: "s", expected: expected, context: TestServer.context())
            }
            guard let error else { return }
            try #require(error.isRetryable && ContinuousClock.now < end, "\(String(reflecting: error))")
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
