import Testing

@testable import StoresKafka

@Suite struct SlotsTests {
    @Test func whoComesLateFindsNobodyElse() {
        var slots = KafkaSlots<String>()
        let first = slots.insert("first")
        #expect(first != 0 && slots[first] == "first" && slots.count == 1)
        let removed = slots.remove(first)
        #expect(removed == "first" && slots.count == 0)
        let second = slots.insert("second")
        #expect(second != first && slots[first] == nil)
        let late = slots.remove(first)
        #expect(late == nil && slots[second] == "second")
    }

    @Test func placesAreUsedAgain() {
        var slots = KafkaSlots<Int>()
        var ids: [UInt] = []
        for round in 0..<1000 {
            ids.append(slots.insert(round))
            if ids.count > 10 {
                let removed = slots.remove(ids.removeFirst())
                #expect(removed == round - 10)
            }
        }
        #expect(slots.count == 10 && slots.all.sorted() == Array(990..<1000))
        #expect(Set(ids.map { $0 & 0xFFFF_FFFF }).allSatisfy { $0 <= 10 })
        let rest = slots.removeAll()
        #expect(rest.count == 10 && slots.count == 0 && slots[ids[0]] == nil)
    }

    @Test(arguments: [0, 1, .max, 1 << 32] as [UInt])
    func aNumberOfNobodyIsNobody(_ id: UInt) {
        var slots = KafkaSlots<Int>()
        let removed = slots.remove(id)
        #expect(slots[id] == nil && removed == nil)
    }
}
