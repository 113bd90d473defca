import StoresCore
import Testing

@testable import StoresMongo

@Suite struct BSONTests {
    @Test("What is written reads back")
    func roundTrip() throws {
        let document: BSONDocument = [
            "a": .double(-0.5), "b": "text\u{0}with é", "c": ["x": 1, "y": [true, .null, .int32(-7)]],
            "d": .binary([0, 255, 1]), "e": .date(-1), "f": .int64(.min), "": "",
        ]
        let bytes = document.encoded
        #expect(try bytes.withUnsafeBytes { try BSONDocument(decoding: $0) } == document)
    }

    @Test("No part of a document, and no document with a changed byte, ends in more than an error")
    func damaged() throws {
        let bytes = (["a": ["b": [1, "x", .binary([1, 2])]], "c": .date(1)] as BSONDocument).encoded
        for count in bytes.indices {
            #expect(throws: StoreError.self) {
                try bytes.prefix(count).withUnsafeBytes { try BSONDocument(decoding: $0) }
            }
        }
        var outcomes = 0
        for place in bytes.indices {
            for value in [0, 1, 0x0F, 0x13, 0x7F, 0xFF] as [UInt8] {
                var changed = bytes
                changed[place] = value
                outcomes += 1
                _ = try? changed.withUnsafeBytes { try BSONDocument(decoding: $0) }
            }
        }
        #expect(outcomes == bytes.count * 6)
    }

    @Test(
        "Names of fields come back, and are neither operators nor paths",
        arguments: [
            "", "%", "$where", "a.b", "%24", "%2", "a$b", "é\u{1}", "$", ".", "%25", "a%2Eb",
        ])
    func fieldNames(_ name: String) {
        let field = MongoKey.fieldName(name)
        #expect(MongoKey.name(field).utf8.elementsEqual(name.utf8))
        #expect(!field.isEmpty && !field.hasPrefix("$") && !field.contains("."))
    }
}
