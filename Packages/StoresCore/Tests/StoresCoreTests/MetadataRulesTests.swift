import StoresCore
import Testing

@Suite struct MetadataRulesTests {
    private func refusal(_ metadata: Metadata, declared: [FieldDefinition] = []) -> StoreError? {
        do throws(StoreError) {
            try MetadataRules.validate(metadata, declared: declared, record: "r1")
            return nil
        } catch {
            return error
        }
    }

    private func nested(_ depth: Int) -> Metadata {
        var value = Value.int(1)
        for level in 1..<depth { value = level % 2 == 0 ? .array([value]) : .object(["k": value]) }
        return ["f": value]
    }

    @Test func `Generated metadata is valid`() {
        var generator = FilterGenerator(seed: 5)
        for _ in 0..<500 { #expect(refusal(generator.metadata()) == nil) }
        #expect(refusal([:]) == nil)
    }

    @Test func `What no backend could keep is refused, naming record and field`() {
        let wrong: [(Metadata, String)] = [
            (["a": .double(.nan)], "not finite at a"), (["a": ["b": [1, .double(.infinity)]]], "not finite at a.b"),
            (["$instant": 1], "$instant"), (["a": [["$instant": "x"]]], "$instant at a"), (["": 1], "empty key"),
            (["a": ["b\0": 1]], "NUL at a"), ([String(repeating: "k", count: 513): 1], "513 bytes"),
            (nested(33), "32 levels"), (["a": .string(String(repeating: "x", count: 1 << 20))], "1048576 bytes"),
            (["a": .array(Array(repeating: 123_456, count: 100_000))], "1048576 bytes"),
        ]
        for (metadata, text) in wrong {
            let error = refusal(metadata)
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains(text) == true, "\(error?.message ?? "accepted: \(text)")")
            #expect(error?.message.contains("\"r1\"") == true)
            #expect(error?.resource == "r1")
        }
        #expect(refusal(nested(32)) == nil)
        #expect(refusal([String(repeating: "k", count: 512): 1, "$Instant": 1]) == nil)
        #expect(refusal(["a": .string(String(repeating: "x", count: 1_000_000))]) == nil)
    }

    @Test func `Declared types`() {
        let declared = [
            FieldDefinition("i", .int), FieldDefinition("d", .double), FieldDefinition("ss", .stringArray),
            FieldDefinition("is", .intArray), FieldDefinition(FieldPath(["o", "t"]), .instant),
        ]
        let instant = Value.instant(Timestamp(millisecondsSinceEpoch: 0))
        let fine: [Metadata] = [
            [:], ["i": nil, "d": nil, "o": nil], ["i": 1, "d": 1, "ss": [], "is": [1]], ["d": 1.5, "ss": ["x"]],
            ["o": ["t": instant]], ["o": 1], ["x": "anything"],
        ]
        for metadata in fine { #expect(refusal(metadata, declared: declared) == nil) }
        let wrong: [(Metadata, String)] = [
            (["i": 1.5], "field i is declared int; got double"), (["i": "1"], "got string"),
            (["i": [1]], "got array of int"),
            (["d": true], "field d"), (["ss": "x"], "field ss"), (["ss": ["x", 1]], "array of string, int"),
            (["is": [1.5]], "array of double"), (["o": ["t": 0]], "field o.t is declared instant; got int"),
            (["ss": [nil]], "array of null"),
        ]
        for (metadata, text) in wrong {
            #expect(refusal(metadata, declared: declared)?.message.contains(text) == true, "\(text)")
        }
    }
}
