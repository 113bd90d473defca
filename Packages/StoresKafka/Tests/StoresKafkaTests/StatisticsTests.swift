import Testing

@testable import StoresKafka

@Suite struct StatisticsTests {
    @Test func whatLibrdkafkaSaysBecomesNumbers() {
        let text = """
            {"name": "swift-backend-stores#producer-1", "msg_cnt": 3, "msg_size": 4096, "txmsgs": 10, "rxmsgs": 0,
             "brokers": {"a": {"rtt": {"avg": 1500}}, "b": {"rtt": {"avg": 2500}}, "c": {}}}
            """
        let found = KafkaStatistics(text)
        #expect(found?.client == "swift-backend-stores#producer-1")
        #expect(found?.queuedMessages == 3 && found?.queuedBytes == 4096 && found?.sentMessages == 10)
        #expect(found?.roundTrip == 0.0025)
    }

    @Test(arguments: ["", "[]", "{}", "{\"name\": 1}", "{"])
    func anythingElseIsNothing(_ text: String) {
        #expect(KafkaStatistics(text) == nil)
    }
}
