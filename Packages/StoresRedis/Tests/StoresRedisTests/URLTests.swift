import StoresCore
import Testing

@testable import StoresRedis

@Suite struct URLTests {
    private func parse(_ text: String) throws -> RedisURL { try RedisURL(text, variable: "REDIS_URL") }

    @Test func forms() throws {
        let full = try parse("redis://ada:p%40ss%2Fw@db.example:7000/3")
        #expect(full.addresses == [.tcp(host: "db.example", port: 7000)])
        #expect(full.user == "ada" && full.password == "p@ss/w" && full.database == 3)
        #expect(try parse("redis://:pw@h").password == "pw")
        #expect(try parse("redis://:pw@h").user == nil)
        #expect(try parse("redis://h").addresses == [.tcp(host: "h", port: 6379)])
        #expect(try parse("redis://").addresses == [.tcp(host: "127.0.0.1", port: 6379)])
        #expect(try parse("redis://[::1]:7000").addresses == [.tcp(host: "::1", port: 7000)])
        #expect(try parse("redis://a:1,b:2,c").addresses.map(\.description) == ["a:1", "b:2", "c:6379"])
        #expect(try parse("rediss://h").isSecure && parse("rediss+sentinel://h/m").isSecure)
        #expect(try !parse("redis://h").isSecure)
        let socket = try parse("unix://:pw@/run/redis.sock?db=2")
        #expect(socket.addresses == [.unix(path: "/run/redis.sock")] && socket.password == "pw" && socket.database == 2)
        let sentinels = try parse("redis+sentinel://:pw@one,two:5000/main/4")
        #expect(sentinels.primary == "main" && sentinels.database == 4)
        #expect(sentinels.addresses.map(\.description) == ["one:26379", "two:5000"])
        #expect(try parse("redis://:a@b@h").password == "a@b")
    }

    @Test(arguments: [
        "h:6379", "http://h", "redis://h:0", "redis://h:70000", "redis://h:x", "redis://h/one", "redis://h/1/2",
        "redis://h?db=x", "redis://h?password=secret", "redis://%zz:secret@h", "redis://user@h", "redis://a,,b",
        "redis+sentinel://h", "unix://relative", "redis://h/-1", "",
    ])
    func refused(_ text: String) {
        let error = #expect(throws: StoreError.self) { try parse(text) }
        #expect(error?.code == .invalidArgument)
        #expect(!"\(String(reflecting: error))".contains("secret"))
    }

    @Test("TLS that can't be is refused before any I/O, without the URL's secrets")
    func tlsIsRefusedBeforeAnything() async throws {
        var registry = AdapterRegistry()
        registry.register(StoresRedis.self)
        let linked = registry
        for (settings, word) in [
            (["REDIS_TLS_CA": "/nonexistent.pem"], "REDIS_TLS_CA"),
            (["REDIS_TLS_CERT": "/nonexistent.pem"], "REDIS_TLS_KEY"),
            (["REDIS_TLS_CERT": "/nonexistent.pem", "REDIS_TLS_KEY": "/nonexistent.key"], "no certificate"),
        ] {
            var environment = settings
            environment["STORE_SESSION"] = "redis"
            environment["REDIS_URL"] = "rediss://:secret@h:6380/0"
            let all = environment
            let error = await #expect(throws: StoreError.self) {
                _ = try await Stores.open(registry: linked, environment: all)
            }
            let text = String(reflecting: error)
            #expect(text.contains(word) && !text.contains("secret"), "\(text)")
        }
    }

    @Test("Without OpenSSL a URL that asks for TLS is refused, with what to install")
    func noOpenSSL() {
        #expect(RedisOpenSSL.load(["libno-such-library.so"]) == nil)
        let error = #expect(throws: StoreError.self) {
            _ = try RedisTLS(authority: nil, certificate: nil, key: nil, variable: { "REDIS_" + $0 }, library: nil)
        }
        #expect(error?.code == .unsupported && error?.remedy?.contains("libssl3") == true)
    }
}
