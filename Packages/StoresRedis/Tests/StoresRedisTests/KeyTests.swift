import Testing

@testable import StoresRedis

@Suite struct KeyTests {
    private let keys = RedisKeys(prefix: "p:", slotSegments: 1)

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test(
        "A key is readable, and comes back as it was",
        arguments: [
            ("user/42", "p:s:{user}/42"), ("user", "p:s:{user}"), ("/a", "p:s:{%}/a"), ("a}b/c}", "p:s:{a%7Db}/c}"),
            ("%25/x", "p:s:{%2525}/x"), ("{x}/y", "p:s:{{x%7D}/y"), ("é/*?[a]", "p:s:{é}/*?[a]"), ("%", "p:s:{%25}"),
        ])
    func spelling(_ key: String, _ spelled: String) {
        let bytes = keys.bytes(.entry, key)
        #expect(text(bytes) == spelled)
        #expect(keys.sessionKey(bytes) == key)
        var writer = RedisWriter()
        keys.write(.entry, key, to: &writer)
        #expect(text(writer.bytes) == "$\(bytes.count)\r\n\(spelled)\r\n")
    }

    @Test("Keys of one beginning share a slot, whatever it is made of")
    func slots() {
        for beginning in ["user", "", "a}b", "}", "{", "{}", "é%"] {
            let slots = Set(["", "/a", "/b}", "/{c}"].map { RedisKeys.slot(keys.bytes(.entry, beginning + $0)) })
            #expect(slots.count == 1, "\(beginning)")
            #expect(slots == [RedisKeys.slot(keys.bytes(.lease, beginning + "/lock"))])
        }
        #expect(RedisKeys.slot(Array("123456789".utf8)) == 0x31C3)
        // An empty tag is none: the whole key counts.
        #expect(RedisKeys.slot(Array("foo{}{bar}".utf8)) == 8363)
        #expect(RedisKeys.slot(Array("bar".utf8)) == 5061)
        #expect(
            RedisKeys.slot(Array("{user1000}.following".utf8)) == RedisKeys.slot(Array("{user1000}.followers".utf8)))
        let events = ["g", "i", "T"].map { RedisKeys.slot(keys.event($0)) } + [RedisKeys.slot(keys.event("s", "a}{b"))]
        #expect(Set(events).count == 1)
    }

    @Test("The range of a prefix has whole segments; its pattern escapes what is special to it")
    func ranges() throws {
        let range = keys.range("a*/[b]")
        #expect(range.exact.map(text) == "p:s:{a*}/[b]")
        #expect(text(range.start) == "p:s:{a*}/[b]/")
        #expect(text(range.pattern) == "p:s:{a\\*}/\\[b\\]*")
        #expect(text(keys.range(nil).pattern) == "p:s:{*")
        let two = RedisKeys(prefix: "", slotSegments: 2)
        #expect(text(two.bytes(.entry, "a/b/c")) == "s:{a/b}/c")
        #expect(two.sessionKey(two.bytes(.entry, "a/b/c")) == "a/b/c")
        let short = two.range("a")
        #expect(short.exact.map(text) == "s:{a}" && text(short.start) == "s:{a/" && text(short.pattern) == "s:{a*")
        #expect(short.probe == nil)
        let probe = try #require(two.range("a/b").probe)
        #expect(text(probe) == "p:{a/b}" && RedisKeys.slot(probe) == RedisKeys.slot(two.bytes(.entry, "a/b/c")))
        #expect(two.sessionKey(probe) == nil)
    }

    @Test func digests() {
        #expect(SHA1.hexadecimal([]) == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
        #expect(SHA1.hexadecimal(Array("abc".utf8)) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        let long = Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
        #expect(SHA1.hexadecimal(long) == "84983e441c3bd26ebaae4aa1f95129e5e54670f1")
        #expect(
            SHA1.hexadecimal([UInt8](repeating: 0x61, count: 1000)) == "291e9a6c66994949b57ba5e650361e98fc36b1ba")
    }

    @Test func etags() {
        let etags = RedisEtags()
        let made = (0..<1000).map { _ in etags.next() }
        #expect(Set(made).count == 1000)
        #expect(made.allSatisfy { $0.utf8.count == 15 && $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } })
        #expect(RedisEtags().next() != made[0])
    }
}
