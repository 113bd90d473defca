import StoresCore
import Testing

@testable import StoresCommand

/// The small parts: base64, lines, arguments, passages.
@Suite struct PieceTests {
    @Test func base64OfTheStandard() {
        // RFC 4648, section 10.
        let vectors = ["": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg==", "foobar": "Zm9vYmFy"]
        for (text, code) in vectors {
            #expect(Base64.encode(Array(text.utf8)) == code)
            #expect(Base64.decode(code) == Array(text.utf8))
        }
        #expect(Base64.decode("Zg") == Array("f".utf8))
        for wrong in ["Z", "Zh==", "Zg=", "Z g=", "Zm9v=", "Zm-_"] { #expect(Base64.decode(wrong) == nil, "\(wrong)") }
        let all = (0...255).map { UInt8($0) }
        #expect(Base64.decode(Base64.encode(all)) == all)
    }

    @Test func linesComeInBatchesWithTheirNumbers() async throws {
        var lines = JSONLines(Input("1\n\n  \n2\r\n3"))
        let first = try #require(try await lines.batch(upTo: 2))
        #expect(first.map(\.number) == [1, 4] && first.map(\.value) == [1, 2])
        let second = try #require(try await lines.batch(upTo: 2))
        #expect(second.map(\.number) == [5])
        #expect(try await lines.batch() == nil)
        var broken = JSONLines(Input("1\n{"))
        await #expect(throws: StoreError.self) { while try await broken.batch(upTo: 1) != nil {} }
    }

    @Test func linesThatBelongTogetherAreNotDivided() async throws {
        var divided = JSONLines(Input("1\n2\n3\n4"), batchBytes: 2, maxBytes: 3)
        #expect(try await divided.batch()?.count == 2)
        var whole = JSONLines(Input("1\n2\n3\n4"), batchBytes: 2, maxBytes: 3)
        #expect(try await whole.batch(upTo: 3, whole: true)?.count == 3)
        var large = JSONLines(Input("1\n2\n3\n4"), batchBytes: 2, maxBytes: 3)
        let error = await #expect(throws: StoreError.self) { _ = try await large.batch(whole: true) }
        #expect(error?.code == .tooLarge)
    }

    @Test func aVectorIsOfFloats() {
        #expect([Value.int(1), .double(-0.5)].floats == [1, -0.5])
        #expect([Value.double(1e300)].floats == nil)
        #expect([Value.string("1")].floats == nil)
    }

    @Test func durationsAndRanges() {
        #expect(DurationArgument(argument: "1.5s")?.duration == .milliseconds(1500))
        #expect(DurationArgument(argument: "2d")?.duration == .seconds(172_800))
        #expect(DurationArgument(argument: "7")?.duration == .seconds(7))
        for wrong in ["", "s", "-1s", "1x", "nan", "1e300d"] { #expect(DurationArgument(argument: wrong) == nil) }
        #expect(ByteRangeArgument(argument: "0-99")?.range == .bytes(offset: 0, length: 100))
        #expect(ByteRangeArgument(argument: "5-")?.range == .from(5))
        #expect(ByteRangeArgument(argument: "-5")?.range == .suffix(5))
        for wrong in ["", "-", "5", "9-3", "0-9223372036854775807", "a-b"] {
            #expect(ByteRangeArgument(argument: wrong) == nil, "\(wrong)")
        }
    }

    @Test func passagesFollowHeadings() {
        let text = "# One\n\nfirst\n\n## Two ##\nsecond\n```\n# no heading\n\n```\n\nThree\n=====\nthird\n"
        let passages = PassageSplitter.split(text, syntax: .markdown).passages
        #expect(passages.map(\.heading) == ["One", "One › Two", "Three"])
        #expect(passages.map(\.line) == [3, 6, 14])
        #expect(passages[1].text == "second\n```\n# no heading\n\n```")
        #expect(passages.map(\.ordinal) == [0, 1, 2])
        let rst = PassageSplitter.split(
            "Top\n===\n\na\n\nBelow\n-----\nb\n\nTop 2\n=====\nc", syntax: .restructuredText)
        #expect(rst.passages.map(\.heading) == ["Top", "Top › Below", "Top 2"])
        #expect(PassageSplitter.split("# a\nb", syntax: .plain).passages.map(\.text) == ["# a\nb"])
    }

    @Test func passagesAreNeitherLongNorOverlappingAndLoseNothing() {
        var text = ""
        for paragraph in 0..<50 {
            text += (0..<(paragraph * 7 % 60 + 1)).map { "word\(paragraph)x\($0)" }.joined(separator: " ") + "\n\n"
        }
        text += String(repeating: "x", count: 5000)
        let passages = PassageSplitter.split(text, syntax: .plain).passages
        #expect(passages.allSatisfy { $0.text.count <= 1010 })
        let words = { (text: String) in text.split(whereSeparator: \.isWhitespace).filter { $0.hasPrefix("word") } }
        #expect(passages.flatMap { words($0.text) } == words(text))
        #expect(passages.reduce(0) { $0 + $1.text.count { $0 == "x" } } == text.count { $0 == "x" })
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for passage in passages {
            let first = passage.text.prefix { !$0.isWhitespace }.prefix(10)
            #expect(lines[passage.line - 1].contains(first))
        }
    }
}
