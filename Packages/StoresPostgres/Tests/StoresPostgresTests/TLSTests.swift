import Foundation
import StoresCore
import Testing

@testable import StoresPostgres

/// TLS and certificates on the server that POSTGRES15_URL names; POSTGRES15_TLS is the folder of its certificates.
@Suite(.enabled(if: TestServer.certificates != nil && TestServer.url15 != nil, TestServer.skipped15))
struct TLSTests {
    /// The server's URL with other parameters, and another user where one is named, who has no password.
    private func url(_ parameters: [String: String], user: String? = nil) throws -> String {
        var parts = try TestServer.parts15()
        parts.queryItems = parameters.sorted { $0.key < $1.key }.map { URLQueryItem(name: $0.key, value: $0.value) }
        if let user {
            parts.user = user
            parts.password = nil
        }
        return try #require(parts.string)
    }

    private func file(_ name: String) throws -> String {
        let folder = try #require(TestServer.certificates)
        return "\(folder)/\(name)"
    }

    /// Whom the server takes the session for, and whether it is encrypted.
    private func session(_ url: String) async throws -> (user: String, isEncrypted: Bool) {
        let backend = try TestServer.backend { $0.url = url }
        do {
            let rows = try await backend.pool.query(
                "SELECT current_user::text, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", .read,
                deadline: .after(.seconds(10)))
            await backend.shutdown()
            let row = try #require(rows.first)
            return (try row.text(0), try row.bool(1))
        } catch {
            await backend.shutdown()
            throw error
        }
    }

    private func failure(_ url: String) async throws -> StoreError {
        let start = ContinuousClock.now
        let found = await TestServer.error { _ = try await session(url) }
        let error = try #require(found)
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(error.remedy != nil && error.applied == .no)
        let parts = try TestServer.parts15()
        let password = try #require(parts.password)
        #expect(!String(reflecting: error).contains(password))
        return error
    }

    @Test(arguments: [("require", false), ("verify-ca", true), ("verify-full", true)])
    func theSessionIsEncrypted(_ mode: String, _ isVerified: Bool) async throws {
        var parameters = ["sslmode": mode]
        if isVerified { parameters["sslrootcert"] = try file("ca.crt") }
        let found = try await session(url(parameters))
        #expect(found.isEncrypted && found.user == "backend")
    }

    @Test(arguments: ["verify-ca", "verify-full"], ["other-ca.crt", "missing.crt"])
    func aServerThatNobodyVouchesForIsRefused(_ mode: String, _ root: String) async throws {
        let error = try await failure(url(["sslmode": mode, "sslrootcert": file(root)]))
        #expect(error.code == .unavailable && error.phase == .tls)
        #expect(error.remedy?.contains("sslrootcert") == true)
    }

    @Test func anotherNameThanTheCertificatesIsRefusedByVerifyFullAlone() async throws {
        let plain = try url(["sslrootcert": file("ca.crt")])
        var parts = try #require(URLComponents(string: plain))
        let address = parts.host
        parts.queryItems?.append(URLQueryItem(name: "hostaddr", value: address))
        parts.host = "db.example"
        let common = try #require(parts.string)
        #expect(try await session(common + "&sslmode=verify-ca").isEncrypted)
        let error = try await failure(common + "&sslmode=verify-full")
        #expect(error.code == .unavailable && error.phase == .tls)
    }

    @Test func aClientsCertificateTakesThePlaceOfAPassword() async throws {
        let known = try url(
            [
                "sslmode": "verify-full", "sslrootcert": file("ca.crt"), "sslcert": file("certified.crt"),
                "sslkey": file("certified.key"),
            ], user: "certified")
        #expect(try await session(known).user == "certified")
        // The server's own is no client's: it names somebody else.
        for certificate in [[:], ["sslcert": try file("server.crt"), "sslkey": try file("server.key")]] {
            let parameters = certificate.merging(["sslmode": "require"]) { $1 }
            let error = try await failure(url(parameters, user: "certified"))
            #expect(error.code == .unauthenticated && error.sqlState == "28000")
            #expect(error.remedy?.contains("sslcert") == true && !error.isRetryable)
        }
    }

    @Test func anUnencryptedSessionIsNotLetIn() async throws {
        let error = try await failure(url(["sslmode": "disable"]))
        #expect(error.code == .unauthenticated && error.sqlState == "28000")
        #expect(error.remedy?.contains("sslmode") == true)
    }
}
