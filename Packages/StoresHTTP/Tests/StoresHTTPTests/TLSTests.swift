#if HTTP
import Foundation
import StoresCore
import Synchronization
import Testing

@testable import StoresHTTP

/// TLS with an authority of one's own, and the protocol that is agreed on in it.
@Suite struct TLSTests {
    private static func withService<T>(
        _ url: String, authority: String?, _ body: (HTTPService) async throws -> T
    ) async throws -> T {
        let file = FileManager.default.temporaryDirectory.path + "/authority-\(UUID().uuidString).pem"
        if let authority { try authority.write(toFile: file, atomically: true, encoding: .utf8) }
        defer { try? FileManager.default.removeItem(atPath: file) }
        let service = HTTPService(
            HTTPConfiguration(
                endpoint: try HTTPEndpoint(url, variable: "TEST_URL"), system: "Test",
                certificateAuthorities: authority == nil ? nil : file))
        do {
            let result = try await body(service)
            await service.shutdown()
            return result
        } catch {
            await service.shutdown()
            throw error
        }
    }

    private static func send(_ service: HTTPService) async throws(StoreError) -> HTTPReply {
        try await service.send(HTTPCall(.get, ["x"]), context: CallContext(deadline: .after(.seconds(10))))
    }

    @Test(arguments: [([], ""), (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "h2")])
    func anAuthorityOfOnesOwnIsTrustedAndHTTP2IsSpokenWhereOffered(_ offered: [String], _ agreed: String) async throws {
        try await TLSServer.with(offering: offered) { server in
            try await Self.withService(server.url, authority: TLSServer.authority) { service in
                for _ in 0..<3 {
                    let reply = try await Self.send(service)
                    #expect(reply.status == 200 && reply.body == Array("{\"ok\":true}".utf8))
                }
            }
            // One connection for all three.
            #expect(server.protocols.withLock { $0 } == [agreed])
        }
    }

    @Test func anUnknownAuthorityIsNotTrusted() async throws {
        try await TLSServer.with(offering: []) { server in
            try await Self.withService(server.url, authority: nil) { service in
                let error = await #expect(throws: StoreError.self) { try await Self.send(service) }
                #expect(error?.code == .unavailable && error?.phase == .tls && error?.isRetryable == false)
            }
        }
    }

    @Test(arguments: ["", "no PEM"])
    func aFileWithoutCertificatesIsToldBeforeAnythingIsSent(_ authority: String) async throws {
        try await Self.withService("https://localhost:1", authority: authority) { service in
            let error = await #expect(throws: StoreError.self) { try await Self.send(service) }
            #expect(error?.code == .invalidArgument && error?.phase == .configuration && error?.applied == .no)
        }
    }
}
#endif
