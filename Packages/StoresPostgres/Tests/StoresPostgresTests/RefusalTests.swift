import Foundation
import StoresCore
import Testing

@testable import StoresPostgres

#if canImport(Glibc)
import Glibc
#endif

/// What a server that works refuses, on each that is there: its own code and remedy, within the deadline.
@Suite(.enabled(if: !TestServer.urls.isEmpty, TestServer.skipped), .serialized)
struct RefusalTests {
    private static let password = "opensesame"

    /// A user of his own for the test, with a URL that names him.
    private func withUser(
        _ admin: PostgresBackend, _ url: String, _ options: String = "", _ body: (String, String) async throws -> Void
    ) async throws {
        let name = "user_\(UUID().uuidString.lowercased().prefix(8))"
        var parts = try #require(URLComponents(string: url))
        (parts.user, parts.password) = (name, Self.password)
        let own = try #require(parts.string)
        func run(_ sql: String) async throws {
            try await admin.pool.withConnection(deadline: .after(.seconds(20))) { lease throws(StoreError) in
                try await lease.script(sql)
            }
        }
        try await run("CREATE ROLE \(name) LOGIN PASSWORD '\(Self.password)' \(options)")
        let result: Result<Void, any Error>
        do { result = .success(try await body(name, own)) } catch { result = .failure(error) }
        try await run("DROP OWNED BY \(name); DROP ROLE \(name)")
        try result.get()
    }

    private func script(_ backend: PostgresBackend, _ sql: String) async throws {
        try await backend.pool.withConnection(deadline: .after(.seconds(20))) { lease throws(StoreError) in
            try await lease.script(sql)
        }
    }

    @Test(arguments: TestServer.urls)
    func aUserWithoutTheRightToCreateVerifiesAndWorks(_ url: String) async throws {
        try await TestServer.with(url: url) { admin in
            try await withUser(admin, url) { name, own in
                let schema = PostgresIdentifier.quoted(admin.pool.schema)
                try await script(
                    admin,
                    """
                    GRANT USAGE ON SCHEMA \(schema) TO \(name);
                    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \(schema) TO \(name);
                    GRANT USAGE ON ALL SEQUENCES IN SCHEMA \(schema) TO \(name)
                    """)
                let user = try TestServer.backend(schema: admin.pool.schema, schemaMode: .verify) { $0.url = own }
                try await user.start(context: TestServer.context())
                _ = try await PostgresEventDriver(backend: user).append(
                    [NewEvent(id: "1", type: "t")], to: "s", expected: .noStream, context: TestServer.context())
                let written = try await PostgresSessionDriver(backend: user).set(
                    [SessionWrite(key: "k", value: SessionValue("v"))], context: TestServer.context())
                #expect(throws: Never.self) { try written[0].get() }
                await user.shutdown()
                // The same user makes no schema.
                let maker = try TestServer.backend { $0.url = own }
                let error = await TestServer.error { try await maker.start(context: TestServer.context()) }
                #expect(error?.code == .permissionDenied && error?.phase == .schema && error?.remedy != nil)
                await maker.shutdown()
            }
        }
    }

    @Test(arguments: TestServer.urls)
    func aUserWithoutRightsIsToldSo(_ url: String) async throws {
        try await TestServer.with(url: url) { admin in
            try await withUser(admin, url) { name, own in
                try await script(
                    admin, "GRANT USAGE ON SCHEMA \(PostgresIdentifier.quoted(admin.pool.schema)) TO \(name)")
                let user = try TestServer.backend(schema: admin.pool.schema, schemaMode: .off) { $0.url = own }
                try await user.start(context: TestServer.context())
                let reading = await TestServer.error {
                    _ = try await PostgresSessionDriver(backend: user).get(["k"], context: TestServer.context())
                }
                let writing = await TestServer.error {
                    _ = try await PostgresEventDriver(backend: user).append(
                        [NewEvent(id: "1", type: "t")], to: "s", expected: .any, context: TestServer.context())
                }
                for error in [reading, writing] {
                    #expect(error?.code == .permissionDenied && error?.sqlState == "42501")
                    #expect(error?.remedy?.contains("grant") == true && error?.isRetryable == false)
                    #expect(error.map { !String(reflecting: $0).contains(Self.password) } == true)
                }
                #expect(writing?.applied == .no)
                await user.shutdown()
            }
        }
    }

    @Test(arguments: TestServer.urls)
    func tooManyConnectionsAreSaid(_ url: String) async throws {
        try await TestServer.with(url: url) { admin in
            try await withUser(admin, url, "CONNECTION LIMIT 1") { _, own in
                let user = try TestServer.backend(schemaMode: .off) { $0.url = own }
                try await user.start(context: TestServer.context())
                let start = ContinuousClock.now
                let error = await TestServer.error {
                    try await user.pool.transaction(deadline: .after(.seconds(5))) { lease throws(StoreError) in
                        _ = try await lease.query("SELECT 1")
                    }
                }
                #expect(ContinuousClock.now - start < .seconds(5))
                #expect(error?.code == .unavailable && error?.sqlState == "53300")
                #expect(error?.remedy?.contains("POSTGRES_POOL_SIZE") == true && error?.applied == .no)
                // What is connected goes on.
                _ = try await user.pool.query("SELECT 1", .read, deadline: .after(.seconds(5)))
                await user.shutdown()
            }
        }
    }

    @Test(arguments: TestServer.urls)
    func whatIsTooLargeForTheServerIsRefused(_ url: String) async throws {
        try await TestServer.with(url: url) { backend in
            let sql = "SELECT 1" + String(repeating: " + 1", count: 200_000)
            let complex = await TestServer.error {
                _ = try await backend.pool.query(sql, .read, isPrepared: false, deadline: .after(.seconds(20)))
            }
            #expect(complex?.code == .tooLarge && complex?.sqlState == "54001" && complex?.remedy != nil)
            // A key that no index takes, since it can't be made smaller.
            let key = String((0..<9000).map { _ in Character(UnicodeScalar(UInt8.random(in: 33...126))) })
            let long = await TestServer.error {
                let written = try await PostgresSessionDriver(backend: backend).set(
                    [SessionWrite(key: key, value: SessionValue("v"))], context: TestServer.context())
                _ = try written[0].get()
            }
            #expect(long?.code == .tooLarge && long?.sqlState == "54000" && long?.applied == .no)
            _ = try await backend.pool.query("SELECT 1", .read, deadline: .after(.seconds(5)))
        }
    }

    @Test(arguments: TestServer.urls)
    func moreDimensionsThanAnIndexTakesAreRefused(_ url: String) async throws {
        try await TestServer.with([.vector], url: url) { backend in
            let driver = PostgresVectorDriver(backend: backend)
            func ensure(_ dimensions: Int, _ options: [String: String]) async throws {
                _ = try await driver.ensureCollection(
                    VectorCollectionSpec(
                        name: "c\(dimensions)", dimensions: dimensions, metric: .cosine, options: options),
                    mode: .create, context: TestServer.context())
            }
            for (dimensions, options) in [(2001, [:]), (4001, ["quantization": "halfvec"])] {
                let error = await TestServer.error { try await ensure(dimensions, options) }
                #expect(error?.code == .invalidArgument && error?.remedy?.contains("index = none") == true)
            }
            try await ensure(2000, [:])
            try await ensure(4000, ["quantization": "halfvec"])
            try await ensure(16_000, ["index": "none"])
        }
    }

    @Test(arguments: TestServer.urls)
    func aNULIsRefusedWhereverItStands(_ url: String) async throws {
        try await TestServer.with([.memory, .event], url: url) { backend in
            let context = TestServer.context()
            let facts = try await PostgresMemoryDriver(backend: backend).put(
                ["bad\0", "good"].map {
                    FactPut(draft: FactDraft(id: "f\($0.utf8.count)", scope: Scope(["s"]), content: $0))
                }, context: context)
            let refused = #expect(throws: StoreError.self) { try facts[0].get() }
            #expect(refused?.code == .invalidArgument)
            #expect(throws: Never.self) { try facts[1].get() }
            let event = await TestServer.error {
                _ = try await PostgresEventDriver(backend: backend).append(
                    [NewEvent(id: "1", type: "t", data: [], metadata: ["k": "\0"])], to: "s", expected: .any,
                    context: context)
            }
            #expect(event?.code == .invalidArgument)
        }
    }

    #if canImport(Glibc)
    /// Whether this process may mount a file system.
    private static let canMount: Bool = {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        guard mount("tmpfs", directory, "tmpfs", 0, "size=2m") == 0 else { return false }
        return umount2(directory, Int32(MNT_DETACH)) == 0
    }()

    /// The stores' tables lie on a small disk, as a tablespace.
    @Test(
        .enabled(if: canMount, "a disk of one's own needs mount(2), which needs root"), arguments: TestServer.urls)
    func aFullDiskIsSaidAndWhatWasStoredStands(_ url: String) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try #require(mount("tmpfs", directory, "tmpfs", 0, "size=24m") == 0, "errno \(errno)")
        defer { umount2(directory, Int32(MNT_DETACH)) }
        try await TestServer.with([], url: url) { admin in
            let rows = try await admin.pool.query("SHOW data_directory", .read, deadline: .after(.seconds(5)))
            let row = try #require(rows.first)
            let data = try row.text(0)
            let attributes = try FileManager.default.attributesOfItem(atPath: data)
            let owner = try #require(attributes[.ownerAccountID] as? Int)
            try #require(chown(directory, uid_t(owner), gid_t(bitPattern: -1)) == 0, "errno \(errno)")
            let space = "small_\(UUID().uuidString.lowercased().prefix(8))"
            try await script(admin, "CREATE TABLESPACE \(space) LOCATION '\(directory)'")
            let backend = try TestServer.backend {
                $0.url = url
                $0.parameters["options"] = "-c default_tablespace=\(space)"
            }
            try await backend.start(context: TestServer.context())
            try await fill(backend)
            await TestServer.drop(backend)
            try await script(admin, "DROP TABLESPACE \(space)")
        }
    }

    private func fill(_ backend: PostgresBackend) async throws {
        let driver = PostgresEventDriver(backend: backend)
        var generator = SystemRandomNumberGenerator()
        var kept: Int64 = 0
        var full: StoreError?
        while full == nil, kept < 100 {
            let data = (0..<(128 << 10)).flatMap { _ in withUnsafeBytes(of: generator.next(), Array.init) }
            let event = NewEvent(id: "\(kept)", type: "t", data: data)
            full = await TestServer.error {
                _ = try await driver.append([event], to: "s", expected: .any, context: TestServer.context())
            }
            if full == nil { kept += 1 }
        }
        #expect(full?.code == .unavailable && full?.sqlState == "53100")
        #expect(full?.applied == .no && full?.isRetryable == false)
        #expect(full?.remedy?.contains("space") == true)
        let slice = try await driver.read(
            "s", from: nil, direction: .forward, limit: 1000, context: TestServer.context(.seconds(30)))
        #expect(slice.events.count == Int(kept) && slice.lastRevision == kept - 1 && kept > 2)
    }
    #endif
}
