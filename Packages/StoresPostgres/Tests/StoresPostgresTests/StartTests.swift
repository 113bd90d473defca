import Foundation
import StoresCore
import Testing

@testable import StoresPostgres

@Suite(.enabled(if: TestServer.url != nil, TestServer.skipped), .serialized)
struct StartTests {
    private func failure(_ change: (inout PostgresConfiguration) -> Void) async throws -> StoreError {
        let backend = try TestServer.backend(change: change)
        let start = ContinuousClock.now
        let error = await TestServer.error { try await backend.start(context: TestServer.context(.seconds(3))) }
        #expect(ContinuousClock.now - start < .seconds(3))
        await backend.shutdown()
        return try #require(error)
    }

    private func replaced(_ old: Substring, by new: String) throws -> String {
        try #require(TestServer.url).replacing(old, with: new)
    }

    @Test func aWrongPasswordIsUnauthenticatedAndNotShown() async throws {
        let parts = try #require(URLComponents(string: TestServer.url ?? ""))
        let password = try #require(parts.password)
        let url = try replaced(password[...], by: "opensesame")
        let error = try await failure { $0.url = url }
        #expect(error.code == .unauthenticated && error.phase == .authentication)
        #expect(!error.isRetryable && error.remedy != nil)
        #expect(!String(reflecting: error).contains("opensesame"))
    }

    @Test func aMissingDatabaseIsNotFound() async throws {
        let parts = try #require(URLComponents(string: TestServer.url ?? ""))
        try #require(TestServer.url?.hasSuffix(parts.path) == true)
        let url = String(try #require(TestServer.url).dropLast(parts.path.count)) + "/nowhere"
        let error = try await failure { $0.url = url }
        #expect(error.code == .notFound && error.phase == .open && error.sqlState == "3D000")
    }

    @Test func whereNobodyListensItIsUnavailable() async throws {
        let error = try await failure { $0.url = "postgres://a:b@127.0.0.1:1/c" }
        #expect(error.code == .unavailable && error.phase == .tcp)
        #expect(error.endpoint == "postgres://127.0.0.1:1/c")
    }

    @Test func aNameWithoutAddressIsADNSFailure() async throws {
        let error = try await failure { $0.url = "postgres://a:b@nowhere.invalid/c" }
        #expect(error.code == .unavailable && error.phase == .dns)
    }

    @Test func encryptionThatTheServerHasNotIsATLSFailure() async throws {
        let url = try #require(TestServer.url) + "?sslmode=require"
        let hasTLS = TestServer.url?.contains("sslmode") ?? false
        guard !hasTLS else { return }
        let error = try await failure { $0.url = url }
        #expect(error.code == .unavailable && error.phase == .tls)
    }

    @Test func aReadOnlyServerSaysSo() async throws {
        let error = try await failure { $0.parameters["options"] = "-c default_transaction_read_only=on" }
        #expect(error.sqlState == "25006" && error.phase == .schema)
        #expect(error.remedy?.contains("target_session_attrs") == true)
    }

    @Test func twoProcessesThatStartTogetherMakeOneSchema() async throws {
        let schema = TestServer.schema()
        let backends = try (0..<6).map { _ in try TestServer.backend(schema: schema, poolSize: 2) }
        await withTaskGroup(of: StoreError?.self) { group in
            for backend in backends {
                group.addTask { await TestServer.error { try await backend.start(context: TestServer.context()) } }
            }
            for await error in group { #expect(error == nil, "\(String(describing: error))") }
        }
        for backend in backends.dropFirst() { await backend.shutdown() }
        await TestServer.drop(backends[0])
    }

    @Test func verifyingCreatesNothing() async throws {
        let schema = TestServer.schema()
        let verifying = try TestServer.backend(schema: schema, schemaMode: .verify)
        let missing = await TestServer.error { try await verifying.start(context: TestServer.context()) }
        #expect(missing?.code == .notFound && missing?.phase == .schema)
        let creating = try TestServer.backend(schema: schema)
        try await creating.start(context: TestServer.context())
        try await verifying.start(context: TestServer.context())
        await verifying.shutdown()
        _ = try await creating.pool.query(
            "UPDATE schema_versions SET version = 1000 WHERE part = 'event'", .write, deadline: .after(.seconds(9)))
        let newer = try TestServer.backend(schema: schema)
        let error = await TestServer.error { try await newer.start(context: TestServer.context()) }
        #expect(error?.code == .schemaMismatch && error?.remedy?.contains("update StoresPostgres") == true)
        await newer.shutdown()
        await TestServer.drop(creating)
    }

    @Test func aSchemasNameIsData() async throws {
        let schema = "odd \"name'; --\(TestServer.schema())"
        let backend = try TestServer.backend(schema: schema)
        try await backend.start(context: TestServer.context())
        let session = try #require(backend.session)
        let results = try await session.set(
            [SessionWrite(key: "k", value: SessionValue("v"))], context: TestServer.context())
        #expect(try results.first?.get() != nil)
        await TestServer.drop(backend)
    }

    @Test func afterShutdownNothingWorks() async throws {
        let backend = try TestServer.backend()
        try await backend.start(context: TestServer.context())
        await TestServer.drop(backend)
        let error = await TestServer.error { _ = try await backend.ping(context: TestServer.context()) }
        #expect(error?.code == .unavailable && error?.isRetryable == false)
    }
}
