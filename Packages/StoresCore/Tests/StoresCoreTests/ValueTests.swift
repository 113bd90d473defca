import StoresCore
import Testing

@Suite struct ValueTests {
    @Test func `Equality is by UTF-8 bytes, and hashing agrees`() {
        let composed: Value = ["k": ["é"], "é": 1]
        let decomposed: Value = ["k": ["e\u{301}"], "é": 1]
        #expect(composed != decomposed)
        #expect(Value.object(["é": 1]) != .object(["e\u{301}": 1]))
        #expect(Value.string("é") != .string("e\u{301}"))
        #expect(Set<Value>(["é", "e\u{301}", "é"]).count == 2)
        #expect(FieldPath("é") != FieldPath("e\u{301}"))
        #expect(Set<FieldPath>(["é", "e\u{301}"]).count == 2)
        #expect(FieldPath(["a", "b"]) != FieldPath("ab"))
    }

    @Test func `Equality is structural`() {
        #expect(Value.int(1) != .double(1))
        #expect(Value.int(0) != .bool(false))
        #expect(Value.int(0) != .instant(Timestamp(millisecondsSinceEpoch: 0)))
        var generator = FilterGenerator(seed: 6)
        for _ in 0..<500 {
            let value = Value.object(generator.metadata())
            let copy = Value.object(
                Dictionary(uniqueKeysWithValues: Array(fields(value)).shuffled(using: &generator.random)))
            #expect(value == copy)
            #expect(value.hashValue == copy.hashValue)
        }
    }

    private func fields(_ value: Value) -> Metadata {
        if case .object(let fields) = value { fields } else { [:] }
    }

    @Test func `A dotted path splits at every dot byte`() {
        #expect(FieldPath(dotted: "a.b").segments == ["a", "b"])
        #expect(FieldPath(dotted: "a.\u{301}b").segments.count == 2)
        #expect(FieldPath(dotted: "a..b").problem != nil)
        #expect(FieldPath("a.b").value(in: ["a.b": 1]) == 1)
        #expect(FieldPath("K").value(in: ["\u{212A}": 1]) == nil)
    }
}
