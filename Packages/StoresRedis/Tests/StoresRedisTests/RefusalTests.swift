@_spi(Sockets) import StoresCore
import Testing

@testable import StoresRedis

/// What servers answer when they refuse, without a server.
@Suite struct RefusalTests {
    @Test("An error inside of a script is told by its own code, also by servers before Redis 7")
    func scripts() {
        let frame = "ERR Error running script (call to f_5d1b): @user_script:20: @user_script: 20: "
        for (inner, code) in [
            ("-READONLY You can't write against a read only replica.", "READONLY"),
            ("-OOM command not allowed when used memory > 'maxmemory'.", "OOM"),
            ("WRONGTYPE Operation against a key holding the wrong kind of value", "WRONGTYPE"),
            ("-NOPERM this user has no permissions", "NOPERM"), ("attempt to index a nil value", "ERR"),
        ] {
            #expect(RedisErrorReply(text: frame + inner).code == code, "\(inner)")
        }
        #expect(StoreError.redis(RedisErrorReply(text: frame + "-READONLY x")).code == .unavailable)
        #expect(RedisErrorReply(text: "NOSCRIPT No matching script").code == "NOSCRIPT")
    }

    @Test("A refused handshake never repeats the password")
    func handshakeSecrets() {
        for text in [
            "ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'default' 's3cret'",
            "WRONGPASS invalid username-password pair s3cret", "NOPROTO s3cret",
        ] {
            let error = StoreError.redisHandshake(RedisErrorReply(text: text))
            #expect(!String(reflecting: error).contains("s3cret") && !error.message.isEmpty)
        }
    }

    @Test("A server that takes no connection is told from one that does not know CLIENT SETNAME")
    func greetings() throws {
        let configuration = try configuration(["REDIS_URL": "redis://127.0.0.1:1"])
        func receive(_ text: String) throws -> Bool {
            var handshake = RedisHandshake(configuration, wantsPrimary: false)
            return try handshake.receive(.error(RedisErrorReply(text: text)))
        }
        #expect(try receive("ERR unknown subcommand 'SETNAME'"))
        #expect(try receive("NOPERM this user has no permissions to run the 'client|setname' command"))
        let protected = #expect(throws: StoreError.self) { try receive("DENIED Redis is running in protected mode") }
        #expect(protected?.code == .permissionDenied)
        let full = #expect(throws: StoreError.self) { try receive("ERR max number of clients reached") }
        #expect(full?.code == .unavailable && full?.message.contains("clients") == true)
        let silent = #expect(throws: StoreError.self) { try receive("NOAUTH Authentication required.") }
        #expect(silent?.code == .unauthenticated)
    }

    @Test("Redirections name a node, also one that does not know its own host")
    func redirections() {
        func redirection(_ text: String) -> RedisRedirection? {
            RedisRedirection(RedisErrorReply(text: text), from: .tcp(host: "asked", port: 1))
        }
        #expect(redirection("MOVED 3999 host:6381") == .moved(slot: 3999, .tcp(host: "host", port: 6381)))
        #expect(redirection("MOVED 3999 :6381") == .moved(slot: 3999, .tcp(host: "asked", port: 6381)))
        #expect(redirection("ASK 1 ::1:6381") == .ask(.tcp(host: "::1", port: 6381)))
        #expect(redirection("TRYAGAIN Multiple keys request") == .again)
        #expect(redirection("ERR Script attempted to access a non local key in a cluster node script: x") == .again)
        #expect(redirection("MOVED x") == nil && redirection("WRONGTYPE x") == nil)
    }

    @Test("The place of a scan comes back out of its cursor; another cursor is refused")
    func scanPlaces() throws {
        var place = RedisScanPlace()
        #expect(try RedisScanPlace(place.cursor) == place)
        place.enter(.tcp(host: "::1", port: 7000), .first, map: .max)
        let isDone = place.advance(to: "42", process: "ab12")
        #expect(!isDone)
        #expect(try RedisScanPlace(place.cursor) == place)
        let isDoneThen = place.advance(to: "0", process: "ab12")
        #expect(isDoneThen && !place.isAtEnd)
        for parts in [
            ["", "", "x", "first", "0"], ["", "", "1", "second", "0"], ["host:x", "", "1", "first", "0"], ["1"],
        ] {
            let error = #expect(throws: StoreError.self) { try RedisScanPlace(CursorCodec.encode(parts)) }
            #expect(error?.code == .invalidArgument)
        }
        #expect(throws: StoreError.self) { try RedisScanPlace(Cursor(rawValue: "1:2")) }
    }

    @Test("A node tells where it moves slots to")
    func targets() {
        let nodes = """
            aa 127.0.0.1:7001@17001,host master - 0 1 2 connected 5461-10922
            bb 127.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5460 [93->-cc] [94-<-aa]
            cc 127.0.0.1:7002@17002 master - 0 1 3 connected
            """
        #expect(RedisClusterMap.targets(nodes) == [.tcp(host: "127.0.0.1", port: 7002)])
        #expect(RedisClusterMap.targets("").isEmpty)
    }

    @Test("Maps with the same owners have the same fingerprint")
    func fingerprints() throws {
        func map(_ split: Int64, _ hosts: [String]) throws -> RedisClusterMap {
            let ranges = [(0, split), (split + 1, 16383)]
            let value = RedisValue.array(
                zip(ranges, hosts).map { range, host in
                    .array([.integer(range.0), .integer(range.1), .array([.bytes(Array(host.utf8)), .integer(1)])])
                })
            return try #require(RedisClusterMap(value, askedAt: .tcp(host: "x", port: 1)))
        }
        let base = try map(100, ["a", "b"]).fingerprint
        #expect(try map(100, ["a", "b"]).fingerprint == base)
        #expect(try map(101, ["a", "b"]).fingerprint != base)
        #expect(try map(100, ["b", "a"]).fingerprint != base)
        #expect(try map(100, ["a", "c"]).fingerprint != base)
    }

    @Test("Braces in the prefix, which would choose the slot of every key, are refused")
    func braces() {
        for prefix in ["{}", "a{", "}b"] {
            let error = #expect(throws: StoreError.self) { try configuration(["REDIS_KEY_PREFIX": prefix]) }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test("A caller waits itself after a row of calls alone, and stops where replies take long")
    func solo() {
        var solo = RedisSolo()
        let now = MonotonicInstant.now
        for _ in 0..<8 {
            let (waits, _) = solo.enter(isAlone: true)
            #expect(!waits)
        }
        #expect(solo.prepare(now, hasCalls: true) == nil, "the reply of a call that nobody waits for")
        _ = solo.enter(isAlone: true)
        #expect(solo.prepare(now, hasCalls: false) != nil)
        let alone = solo.enter(isAlone: true)
        #expect(alone.waits)
        let isDone = solo.waited(.slept, isDone: true)
        #expect(!isDone && solo.isActive)
        // Somebody else comes: the thread watches again.
        let among = solo.enter(isAlone: false)
        #expect(!among.waits && among.wakes)
        #expect(!solo.isActive)
        for _ in 0..<8 { _ = solo.enter(isAlone: true) }
        #expect(solo.prepare(now, hasCalls: false) != nil)
        _ = solo.enter(isAlone: true)
        let mustWake = solo.waited(.inVain, isDone: false)
        #expect(mustWake, "nobody would read the reply")
        for _ in 0..<8 { _ = solo.enter(isAlone: true) }
        #expect(solo.prepare(now, hasCalls: false) == nil, "it is tried again at once")
        // Nobody calls: the connection is watched again.
        for _ in 0..<8 { _ = solo.enter(isAlone: true) }
        #expect(solo.prepare(now, hasCalls: false) != nil)
        #expect(solo.prepare(now, hasCalls: false) == nil)
    }

    private func configuration(_ environment: [String: String]) throws -> RedisConfiguration {
        try RedisConfiguration(
            Settings(RedisConfiguration.settings(.redis)) { environment[$0.variable] }, flavor: .redis)
    }
}
