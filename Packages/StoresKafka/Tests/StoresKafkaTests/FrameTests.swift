import StoresCore
import Testing

@testable import StoresKafka

@Suite struct FrameTests {
    private static let events = [
        NewEvent(id: "1", type: "t", data: [0, 255, 7], contentType: "a/b", metadata: ["k": "", "é\n": "\u{1}"]),
        NewEvent(id: "é", type: "u"),
    ]

    @Test func whatIsEncodedDecodes() {
        let bytes = KafkaFrames.encode(Self.events)
        #expect(bytes.withUnsafeBytes { KafkaFrames.decode($0, count: 2) } == Self.events)
    }

    @Test func damagedFramesEndInNothing() {
        let bytes = KafkaFrames.encode(Self.events)
        for count in bytes.indices {
            #expect(bytes.prefix(count).withUnsafeBytes { KafkaFrames.decode($0, count: 2) } == nil)
        }
        for count in [-1, 0, 1, 3, .max] {
            #expect(bytes.withUnsafeBytes { KafkaFrames.decode($0, count: count) } == nil)
        }
        var outcomes = 0
        for place in bytes.indices {
            for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
                var changed = bytes
                changed[place] = value
                outcomes += 1
                _ = changed.withUnsafeBytes { KafkaFrames.decode($0, count: 2) }
            }
        }
        #expect(outcomes == bytes.count * 5)
    }

    @Test func anAppendOfOneIsAPlainMessage() {
        let record = KafkaRecord(
            stream: "s", events: [NewEvent(id: "1", type: "t", data: [1, 2])],
            recordedAt: Timestamp(millisecondsSinceEpoch: 5), hint: KafkaHint(offset: 3, revision: 4), foreign: nil)
        let encoded = KafkaEncodedRecord(record)
        let (key, headers, value) = encoded.withBytes { (Array($0), Array($1), Array($2)) }
        #expect(value == [1, 2] && key == Array("s".utf8))
        #expect(String(decoding: headers.filter { $0 >= 32 }, as: UTF8.self) == "time5after3:4id1typet")
        #expect(encoded.bytes == key.count + headers.count + value.count)
    }
}
