import StoresCore
import Testing

@testable import StoresKafka

@Suite struct PositionTests {
    @Test func theOrderOfPositionsIsThatOfEvents() throws {
        let places = [
            KafkaPlace(partition: 0, record: 0, index: 0, of: 3), KafkaPlace(partition: 0, record: 0, index: 1, of: 3),
            KafkaPlace(partition: 0, record: 0, index: 2, of: 3), KafkaPlace(partition: 0, record: 1, index: 0, of: 1),
            KafkaPlace(partition: 0, record: 900, index: 0, of: 2),
            KafkaPlace(partition: 0, record: 900, index: 1, of: 2),
        ]
        for (one, next) in zip(places, places.dropFirst()) { #expect(one.position < next.position) }
        for place in places { #expect(try KafkaPlace(place.position) == place) }
        #expect(KafkaPlace(partition: 1, offset: 0xABCDEF, skip: 2).position == Position(1, 0xABCDEF, 2))
    }

    @Test(arguments: ["", "x", String(repeating: "f", count: 48), String(repeating: "0", count: 32)])
    func whatIsNoPositionIsRefused(_ text: String) {
        #expect(throws: StoreError.self) { try KafkaPlace(Position(rawValue: text)) }
    }

    @Test func positionsOfPartitionsCompareWhereTheyCan() throws {
        let one = try #require(KafkaPositions(rawValue: "3,5+1"))
        #expect(one.rawValue == "3,5+1")
        #expect(one.isBefore(try #require(KafkaPositions(rawValue: "3,6"))))
        #expect(one.isBefore(try #require(KafkaPositions(rawValue: "4,5+1"))))
        #expect(!one.isBefore(one))
        let other = try #require(KafkaPositions(rawValue: "9,5"))
        #expect(!one.isBefore(other) && !other.isBefore(one), "each is further somewhere")
        #expect(!one.isBefore(try #require(KafkaPositions(rawValue: "4,6,7"))))
        for text in ["", "x", "1,", "1+", "+1", "-1", "1+2+3", "1,2+-1", "0+2147483648", "9223372036854775807"] {
            #expect(KafkaPositions(rawValue: text) == nil)
        }
        #expect(KafkaPositions(rawValue: "0+2147483647")?.rawValue == "0+2147483647")
    }
}
