import Foundation
import StoresConformance
import StoresCore
import StoresRedis
import Testing

/// Servers that speak TLS, with certificates that the test makes.
@Suite(
    .serialized, .enabled(if: !Server.all.isEmpty, "no server whose program could be started: set REDIS_URL"),
    .enabled(if: Certificates.program != nil, "no openssl to make certificates with"))
struct TLSTests {
    @Test("Every case of the contracts holds over TLS", arguments: Server.all)
    func conformance(_ server: Server) async throws {
        let setting = try await Setting(server, serverName: "IP:127.0.0.1,DNS:localhost")
        for tier in [Tier.session, .event] {
            try await ConformanceSubject.with(
                StoresRedis.self, named: server.name, tiers: [tier], settings: setting.settings(host: "localhost")
            ) {
                let report = await Conformance.run($0)
                #expect(report.isPassing, "\(report.text)")
            }
        }
        // Large values go in pieces, both ways, among the others.
        try await setting.open(host: "127.0.0.1") { stores in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<32 {
                    group.addTask {
                        let value = SessionValue(String(repeating: "\(number) ", count: number % 4 == 0 ? 300_000 : 10))
                        for _ in 0..<4 {
                            try await stores.session.set("k\(number)", value, expiry: .never)
                            #expect(try await stores.session.get("k\(number)")?.value.bytes == value.bytes)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("A certificate of another authority, or for another host, is refused", arguments: Server.all)
    func untrusted(_ server: Server) async throws {
        let setting = try await Setting(server, serverName: "DNS:other.example")
        let host = await refusal { try await setting.open(host: "localhost") { _ in } }
        #expect(host.contains("hostname mismatch") && host.contains("tls"), "\(host)")
        let address = await refusal { try await setting.open(host: "127.0.0.1") { _ in } }
        #expect(address.contains("IP address mismatch"), "\(address)")
        let other = try Certificates()
        let authority = await refusal {
            try await setting.open(host: "localhost", ["TLS_CA": other.path("ca.pem")]) { _ in }
        }
        #expect(authority.contains("the server's certificate"), "\(authority)")
        let system = await refusal { try await setting.open(host: "localhost", ["TLS_CA": ""]) { _ in } }
        #expect(system.contains("the server's certificate"), "\(system)")
    }

    @Test("A server that asks for a certificate gets it, and refuses who has none", arguments: Server.all)
    func clientCertificate(_ server: Server) async throws {
        let setting = try await Setting(server, serverName: "DNS:localhost", asksForCertificate: true)
        let certificates = setting.certificates
        try await setting.open(
            host: "localhost",
            ["TLS_CERT": certificates.path("client.pem"), "TLS_KEY": certificates.path("client.key")]
        ) { stores in
            try await stores.session.set("a", SessionValue("1"), expiry: .never)
            #expect(try await stores.session.get("a")?.value.text == "1")
        }
        let none = await refusal { try await setting.open(host: "localhost") { _ in } }
        #expect(none.contains("TLS_CERT") && none.contains("tls"), "\(none)")
    }

    private func refusal(_ body: () async throws -> Void) async -> String {
        let start = ContinuousClock.now
        do {
            try await body()
            return "nothing was refused"
        } catch {
            #expect(start.duration(to: .now) < .seconds(5))
            return String(reflecting: error)
        }
    }
}

/// A server under TLS.
private struct Setting {
    let server: Server
    let servers: LocalServers
    let certificates: Certificates
    let port: Int

    init(_ server: Server, serverName: String, asksForCertificate: Bool = false) async throws {
        self.server = server
        servers = try #require(try await LocalServers(like: server))
        certificates = try Certificates()
        try certificates.make("server", serverName)
        try certificates.make("client", "DNS:client")
        port = LocalServers.ports(1)[0]
        try servers.start(
            port,
            [
                "port 0", "tls-port \(port)", "tls-cert-file \(certificates.path("server.pem"))",
                "tls-key-file \(certificates.path("server.key"))", "tls-ca-cert-file \(certificates.path("ca.pem"))",
                "tls-auth-clients \(asksForCertificate ? "yes" : "no")", "appendonly no",
            ])
        _ = try await servers.command(
            "-p", "\(port)", "--tls", "--cacert", certificates.path("ca.pem"), "--insecure", "--cert",
            certificates.path("client.pem"), "--key", certificates.path("client.key"), "ping")
    }

    func settings(host: String, _ more: [String: String] = [:]) -> [String: String] {
        var settings = ["URL": "rediss://\(host):\(port)", "TLS_CA": certificates.path("ca.pem")]
        settings.merge(more) { $1 }
        return Dictionary(uniqueKeysWithValues: settings.map { ("\(server.name.uppercased())_\($0)", $1) })
    }

    func open<T>(host: String, _ more: [String: String] = [:], _ body: (Stores) async throws -> T) async throws -> T {
        var registry = AdapterRegistry()
        registry.register(StoresRedis.self)
        let environment = settings(host: host, more).merging(["STORE_SESSION": server.name]) { $1 }
        return try await Stores.withOpen(registry: registry, environment: environment, body)
    }
}

/// A certificate authority in a folder of its own, and what it signs.
private final class Certificates: Sendable {
    static let program = ["/usr/bin/openssl", "/opt/homebrew/bin/openssl", "/usr/local/bin/openssl"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    struct Failure: Error {
        var arguments: [String]
    }

    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "stores-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try run(["-keyout", path("ca.key"), "-out", path("ca.pem"), "-subj", "/CN=Test authority"])
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    /// NAME.pem and NAME.key.
    func make(_ name: String, _ alternative: String) throws {
        try run([
            "-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-keyout", path("\(name).key"), "-out",
            path("\(name).pem"), "-subj", "/CN=\(name)", "-addext", "subjectAltName=\(alternative)", "-addext",
            "basicConstraints=CA:FALSE",
        ])
    }

    private func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.program ?? "")
        process.arguments =
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
            + arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(arguments: arguments) }
    }
}
