import Testing

@testable import StoresKafka

@Suite struct RoomTests {
    @Test func whoFindsNoRoomWaitsInOrder() {
        var room = KafkaRoom(maxMessages: 2, maxBytes: 100)
        func enter(_ id: UInt, _ bytes: Int) -> Bool { room.enter(id, bytes: bytes) }
        func leave(_ bytes: Int) -> [UInt] { room.leave(bytes: bytes) }
        #expect(enter(1, 10) && enter(2, 10))
        #expect(!enter(3, 10) && !enter(4, 10))
        #expect(leave(10) == [3])
        #expect(leave(10) == [4])
        #expect(leave(10) == [] && leave(10) == [])
        #expect(room.messages == 0 && room.bytes == 0)
    }

    @Test func nobodyOvertakesOneWhoWaits() {
        var room = KafkaRoom(maxMessages: 10, maxBytes: 100)
        func enter(_ id: UInt, _ bytes: Int) -> Bool { room.enter(id, bytes: bytes) }
        func leave(_ bytes: Int) -> [UInt] { room.leave(bytes: bytes) }
        #expect(enter(1, 60))
        #expect(!enter(2, 60))
        #expect(!enter(3, 1), "a small one waits behind a large one")
        #expect(leave(60) == [2, 3])
    }

    @Test func whatIsLargerThanAllTheRoomGoesAlone() {
        var room = KafkaRoom(maxMessages: 10, maxBytes: 100)
        func enter(_ id: UInt, _ bytes: Int) -> Bool { room.enter(id, bytes: bytes) }
        func leave(_ bytes: Int) -> [UInt] { room.leave(bytes: bytes) }
        #expect(enter(1, 1000))
        #expect(!enter(2, 1))
        #expect(leave(1000) == [2])
    }

    @Test func whoLeavesTheLineMakesWay() {
        var room = KafkaRoom(maxMessages: 10, maxBytes: 100)
        func enter(_ id: UInt, _ bytes: Int) -> Bool { room.enter(id, bytes: bytes) }
        func leave(_ bytes: Int) -> [UInt] { room.leave(bytes: bytes) }
        #expect(enter(1, 60))
        #expect(!enter(2, 60) && !enter(3, 30))
        let (wasWaiting, admitted) = room.abandon(2)
        #expect(wasWaiting && admitted == [3])
        let (gone, again) = (room.abandon(1), room.abandon(2))
        #expect(!gone.wasWaiting, "it is on its way")
        #expect(!again.wasWaiting)
    }

    @Test func noneIsForgottenOverALongTime() {
        var room = KafkaRoom(maxMessages: 3, maxBytes: 1000)
        func enter(_ id: UInt, _ bytes: Int) -> Bool { room.enter(id, bytes: bytes) }
        func leave(_ bytes: Int) -> [UInt] { room.leave(bytes: bytes) }
        var last: UInt = 0
        for id in 1...1000 as ClosedRange<UInt> {
            if enter(id, 1) {
                last = id
            }
            if id % 2 == 0 {
                for admitted in leave(1) {
                    #expect(admitted == last + 1)
                    last = admitted
                }
            }
        }
        while room.messages > 0 {
            for admitted in leave(1) {
                #expect(admitted == last + 1)
                last = admitted
            }
        }
        #expect(last == 1000 && room.waitingCount == 0)
    }
}
