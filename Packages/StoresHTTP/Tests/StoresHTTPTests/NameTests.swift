import StoresCore
import Testing

@testable import StoresHTTP

@Suite struct NameTests {
    @Test func sha1IsThatOfTheStandard() {
        func hex(_ text: String) -> String {
            SHA1.digest(of: Array(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        // FIPS 180-4's examples, and the lengths around a block's end.
        #expect(hex("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(hex("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
        #expect(
            hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                == "84983e441c3bd26ebaae4aa1f95129e5e54670f1")
        #expect(hex(String(repeating: "a", count: 1000)) == "291e9a6c66994949b57ba5e650361e98fc36b1ba")
    }

    @Test func uuidsAreThoseOfOtherMakers() {
        // RFC 9562, appendix A.4: www.example.com in the namespace of domain names.
        let dns: [UInt8] = [
            0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8,
        ]
        #expect(
            UUIDv5.make(namespace: dns, name: "www.example.com".utf8) == "2ed6657d-e927-568b-95e1-2665a8aea6a2")
    }

    @Test func idsThatAreUUIDsStayAndNoneMeetsAnother() {
        let space = [UInt8](repeating: 7, count: 16)
        func uuid(_ id: String) -> String { UUIDv5.of(id: id, namespace: space) }
        let kept = ["7d444840-9dc0-41d1-b245-5ffdce74fad2", "0190163d-8694-739b-aea5-966c26f8ad91"]
        for id in kept { #expect(uuid(id) == id) }
        // A caller who takes the UUID that was made of another id for an id gets a record of its own.
        let made = uuid("a")
        let chain = ["a", made, uuid(made), uuid(uuid(made))]
        let others = [
            kept[0].uppercased(), "{\(kept[0])}", String(kept[0].filter { $0 != "-" }), kept[0] + " ", "",
            "00000000-0000-0000-0000-000000000000", "7d444840-9dc0-41d1-b245-5ffdce74fag2",
        ]
        let all = (kept + chain + others).map(uuid)
        #expect(Set(all).count == all.count)
        #expect(all.dropFirst(2).allSatisfy { Array($0.utf8)[14] == UInt8(ascii: "5") })
    }

    @Test func namesStayApart() {
        let names = ["a", "A", "a_", "_61", "a.b", "a_2eb", "é", "e\u{301}", "a-b", "", " ", "a/b", "日本"]
        #expect(Set(names.map(PlainName.escape)).count == names.count)
        #expect(PlainName.escape("docs-2026") == "docs-2026")
        #expect(PlainName.escape("a.b_é") == "a_2eb_5f_c3_a9")
    }

    @Test func versionsCompareByTheirFirstTwoNumbers() {
        #expect(ServerVersion("1.16.3-dev") == ServerVersion(1, 16) && ServerVersion("v2.0") == ServerVersion(2, 0))
        #expect(ServerVersion(1, 9) < ServerVersion(1, 16) && ServerVersion(1, 16) < ServerVersion(2, 0))
        for text in ["", "1", "x.1", "1.", ".1", "1.x", "1.99999999999999999999"] {
            #expect(ServerVersion(text) == nil, "\(text)")
        }
    }

    @Test func pathsAndQueriesAreData() throws {
        let endpoint = try HTTPEndpoint("http://Example.com:8000/base/", variable: "X_URL")
        #expect(endpoint.text == "http://example.com:8000/base")
        #expect(
            endpoint.url(["a/b", "..", ".", "?x#y", "é", "%2e"], query: [("q", "a&b=c d")])
                == "http://example.com:8000/base/a%2Fb/%2E%2E/%2E/%3Fx%23y/%C3%A9/%252e?q=a%26b%3Dc%20d")
        #expect(try HTTPEndpoint("https://[::1]", variable: "X").text == "https://[::1]:443")
        #expect(try HTTPEndpoint("https://h", variable: "X").port == 443)
    }

    @Test(arguments: [
        "", "localhost:8000", "ftp://h", "http://", "http://h:0", "http://h:99999", "http://h:x", "http://u:pw@h",
        "http://h/?a=b", "http://h#f", "http://h h", "http://é", "http://h\\x", "http://h/\u{7F}",
    ])
    func urlsThatAreNoneAreRefusedWithoutTheirSecrets(_ url: String) {
        let error = #expect(throws: StoreError.self) { try HTTPEndpoint(url, variable: "X_URL") }
        #expect(error?.code == .invalidArgument && error?.phase == .configuration)
        #expect(error?.description.contains("pw") == false && error?.description.contains("X_URL") == true)
    }

    @Test func redirectsStayOnTheServer() throws {
        let endpoint = try HTTPEndpoint("http://h:8000/p", variable: "X")
        #expect(endpoint.sameServer("/q?x=1") == "http://h:8000/q?x=1")
        #expect(endpoint.sameServer("http://h:8000/q?x=http://evil") == "http://h:8000/q?x=http://evil")
        for other in ["//evil/q", "http://evil/q", "https://h:8000/q", "http://h/q", "http://h:8000@evil/", "q"] {
            #expect(endpoint.sameServer(other) == nil, "\(other)")
        }
    }

    @Test func retryAfterIsSecondsOrADate() {
        let now = Timestamp(millisecondsSinceEpoch: 784_111_777_000 - 5000)
        #expect(RetryAfter.parse("3", now: now) == .seconds(3))
        #expect(RetryAfter.parse("Sun, 06 Nov 1994 08:49:37 GMT", now: now) == .seconds(5))
        #expect(RetryAfter.parse("Sun, 06 Nov 1893 08:49:37 GMT", now: now) == .zero)
        #expect(RetryAfter.parse("1e300", now: now) == .seconds(3600))
        for text in ["", "soon", "-1", "nan", "Sunday, 06-Nov-94 08:49:37 GMT"] {
            #expect(RetryAfter.parse(text, now: now) == nil, "\(text)")
        }
    }
}
