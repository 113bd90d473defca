import StoresCore
import Testing

@testable import StoresHTTP

@Suite struct JSONPullTests {
    private struct Reply: Equatable {
        var names: [String] = []
        var count: Int64?
        var ratio: Double?
        var flag: Bool?
    }

    private static func read(_ text: String) throws -> Reply {
        try JSONPull.read(Array(text.utf8)) { pull throws(StoreError) in
            var reply = Reply()
            try pull.object { pull, key throws(StoreError) in
                switch key {
                case "names":
                    reply.names = try pull.list { pull throws(StoreError) in try pull.string() }
                case "count": reply.count = try pull.optional { pull throws(StoreError) in try pull.int() }
                case "ratio": reply.ratio = try pull.double()
                case "flag": reply.flag = try pull.bool()
                default: try pull.skip()
                }
            }
            return reply
        }
    }

    @Test func fieldsInAnyOrderAndUnknownOnes() throws {
        let reply = try Self.read(
            """
             { "x": {"deep": [1, {"y": null}, "\\"", true]} , "count" : 9007199254740993, "names":["a","\\u00e9\\ud83d\\ude00\\n",""],
             "flag":false,"ratio":-1.5e3 }
            """)
        #expect(reply == Reply(names: ["a", "é😀\n", ""], count: 9_007_199_254_740_993, ratio: -1500, flag: false))
        #expect(try Self.read("{\"count\":null}").count == nil)
        #expect(try Self.read("{\"count\":1e2}").count == 100)
    }

    @Test(arguments: [
        "", "{", "{}}", "[]", "{\"names\":[\"a]}", "{\"names\":[\"\\x\"]}", "{\"names\":[\"\\ud800\"]}",
        "{\"count\":1.5}",
        "{\"flag\":1}", "{\"x\" 1}", "{\"x\":1,}", "{\"x\":}", "{x:1}", "{\"ratio\":1e999}", "{\"names\":[\"\u{1}\"]}",
        "{\"x\":tru}", "{\"x\":-}", "{\"x\":\"a}", "{\"x\":\"a\\\"", "{\"x\":\"\u{1}\"}", "{\"x\":{\"y\":1,}}",
        "{\"x\":{\"y\" 1}}", "{\"x\":{1:1}}", "{\"x\":\"\\", "{\"count\":99999999999999999999}",
    ])
    func whatIsNoReplyIsCorruptAtAPlace(_ text: String) {
        let error = #expect(throws: StoreError.self) { try Self.read(text) }
        #expect(error?.code == .corrupt && error?.message.contains("at byte") == true)
    }

    @Test func bytesThatAreNoTextAndTooManyLevelsAreRefused() {
        let deep = String(repeating: "[", count: 100_000)
        for bytes in [
            Array("{\"names\":[\"".utf8) + [0xFF, 0xFE] + Array("\"]}".utf8), Array(("{\"x\":" + deep).utf8),
        ] {
            #expect(throws: StoreError.self) { try Self.read(String(decoding: [], as: UTF8.self)) }
            let error = #expect(throws: StoreError.self) {
                try JSONPull.read(bytes) { pull throws(StoreError) in
                    try pull.object { pull, _ throws(StoreError) in
                        _ = try pull.list { pull throws(StoreError) in
                            if pull.peek() == UInt8(ascii: "[") { try pull.skip() } else { _ = try pull.string() }
                        }
                    }
                }
            }
            #expect(error?.code == .corrupt)
        }
    }
}
