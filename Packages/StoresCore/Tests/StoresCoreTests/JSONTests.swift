import StoresCore
import Testing

@Suite struct JSONTests {
    @Test func `Values read back as they were`() throws {
        var generator = FilterGenerator(seed: 8)
        for _ in 0..<2000 {
            let value = Value.object(generator.metadata())
            #expect(try JSONReader.value(from: value.json) == value)
        }
    }

    @Test func `Kinds stay apart and equal values give equal bytes`() throws {
        #expect(Value.array([1, 1.0, "1", true, nil]).json == "[1,1.0,\"1\",true,null]")
        #expect(Value.object(["b": 1, "a": 2, "B": 3]).json == #"{"B":3,"a":2,"b":1}"#)
        #expect(
            try JSONReader.value(from: #"{"$instant":"2026-01-01"}"#)
                == .instant(Timestamp(millisecondsSinceEpoch: 1_767_225_600_000)))
        #expect(try JSONReader.value(from: #"{"$instant":-5}"#) == .instant(Timestamp(millisecondsSinceEpoch: -5)))
        #expect(
            try JSONReader.value(from: " [ 1e2 , -0 , 12345678901234567890 , \"\\ud83d\\ude00\\u0000\" ] ")
                == [100.0, 0, 12345678901234567890.0, "😀\0"])
    }

    @Test(
        arguments: [
            "", "tru", "[1,]", "{\"a\"}", "{\"a\":1,}", "01", "1.", "1e", "-", "\"\\x\"", "\"\\ud800\"", "\"a",
            "\"\n\"",
            "1 2", "1e999", "{\"$instant\":\"noon\"}", "{\"$instant\":true}", "nan",
        ])
    func `What is no JSON is refused with its place`(text: String) {
        let error = #expect(throws: StoreError.self) { try JSONReader.value(from: text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("at byte") == true)
    }

    @Test func `Deep nesting is refused`() {
        #expect(throws: StoreError.self) { try JSONReader.value(from: String(repeating: "[", count: 1_000_000)) }
        #expect(throws: StoreError.self) { try JSONReader.value(from: String(repeating: "{\"a\":", count: 1_000_000)) }
    }

    @Test func `Invalid UTF-8 is refused`() {
        #expect(throws: StoreError.self) { try JSONReader.value(from: [0x22, 0xFF, 0x22]) }
    }
}
