import Testing

@testable import StoresRedis

@Suite struct ReaderTests {
    private func feed(_ reader: RedisReplyReader, _ bytes: some Sequence<UInt8>) throws -> [RedisValue] {
        let bytes = Array(bytes)
        try bytes.withUnsafeBytes { try reader.feed($0) }
        var values: [RedisValue] = []
        while let value = try reader.next() { values.append(value) }
        return values
    }

    private let wire =
        "+OK\r\n-ERR no\r\n:-7\r\n$-1\r\n$3\r\na\r\n\r\n*0\r\n*-1\r\n*3\r\n*2\r\n:1\r\n$0\r\n\r\n*1\r\n*0\r\n+x\r\n"
    private let values: [RedisValue] = [
        .status("OK"), .error(RedisErrorReply(text: "ERR no")), .integer(-7), .null, .bytes([97, 13, 10]), .array([]),
        .null, .array([.array([.integer(1), .bytes([])]), .array([.array([])]), .status("x")]),
    ]

    @Test("Every kind of reply, in one piece and byte by byte")
    func replies() throws {
        let whole = try #require(RedisReplyReader())
        #expect(try feed(whole, wire.utf8) == values)
        let piecemeal = try #require(RedisReplyReader())
        #expect(try wire.utf8.flatMap { try feed(piecemeal, CollectionOfOne($0)) } == values)
    }

    @Test("RESP3 where hiredis reads it", .enabled(if: RedisReplyReader.readsRESP3, "hiredis is older than 1.0"))
    func resp3() throws {
        let reader = try #require(RedisReplyReader())
        let text = "%1\r\n+a\r\n:1\r\n~2\r\n:1\r\n:2\r\n_\r\n#t\r\n,1.5\r\n>2\r\n+message\r\n+x\r\n:9\r\n"
        #expect(
            try feed(reader, text.utf8) == [
                .array([.status("a"), .integer(1)]), .array([.integer(1), .integer(2)]), .null, .boolean(true),
                .double(1.5), .integer(9),
            ])
    }

    @Test(
        "What is no reply is an error and not a trap",
        arguments: ["?\r\n", "*x\r\n", "$99999999999999999999\r\n", ":1x\r\n"])
    func nonsense(_ text: String) throws {
        let reader = try #require(RedisReplyReader())
        #expect(throws: RedisProtocolError.self) { try feed(reader, text.utf8) }
    }

    @Test("Commands are written as the protocol wants them")
    func commands() {
        var writer = RedisWriter()
        writer.command(5)
        writer.word("SET")
        writer.text("é")
        writer.text([0, 13, 10])
        writer.integer(.min)
        writer.integer(0)
        let text = "*5\r\n$3\r\nSET\r\n$2\r\né\r\n$3\r\n\u{0}\r\n\r\n$20\r\n-9223372036854775808\r\n$1\r\n0\r\n"
        #expect(String(decoding: writer.bytes, as: UTF8.self) == text)
    }

    @Test("A queue keeps its order through growth, changes and reuse")
    func queue() {
        var queue = RedisQueue<Int>()
        var expected: [Int] = []
        for number in 0..<5000 {
            queue.append(number)
            expected.append(number)
            if number % 3 != 0 {
                let first = queue.withFirst { $0 }
                #expect(first == expected.removeFirst())
                queue.dropFirst()
            }
        }
        queue.update { element in
            element += 1
            return element > 4900
        }
        expected = expected.map { $0 < 4901 ? $0 + 1 : $0 }
        let rest = queue.removeAll()
        let none = queue.withFirst { $0 }
        #expect(rest == expected && queue.isEmpty && none == nil)
    }

    @Test func backoff() {
        var backoff = RedisBackoff()
        var generator = SystemRandomNumberGenerator()
        let delays = (0..<50).map { _ in backoff.failed(using: &generator) }
        #expect(delays.allSatisfy { $0 >= .zero && $0 <= RedisBackoff.cap })
        #expect(delays[0] <= RedisBackoff.base)
        #expect(Set(delays.dropFirst(10)).count > 30, "no jitter")
        backoff.succeeded()
        #expect(backoff.failed(using: &generator) <= RedisBackoff.base)
    }

    @Test func information() {
        let redis = RedisServer(info: "# Server\r\nredis_version:7.0.15\r\nredis_mode:cluster\r\nrole:master\r\n")
        #expect(
            redis.flavor == .redis && redis.version == "7.0.15" && redis.mode == "cluster" && redis.role == "master")
        let valkey = RedisServer(info: "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\n")
        #expect(valkey.flavor == .valkey && valkey.version == "8.0.1")
        let keydb = RedisServer(info: "redis_version:6.3.4\r\nexecutable:/usr/bin/keydb-server\r\n")
        #expect(keydb.flavor == .keydb && keydb.isSupported && redis.isSupported && valkey.isSupported)
        #expect(!RedisServer(info: "redis_version:6.0.16\r\n").isSupported)
        #expect(!RedisServer(info: "redis_version:5.0.3\r\n").isSupported)
    }
}
