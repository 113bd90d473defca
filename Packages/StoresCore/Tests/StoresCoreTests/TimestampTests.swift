import StoresCore
import Testing

@Suite struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (1_767_225_600_000, "2026-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (253_402_300_800_000, "+010000-01-01T00:00:00.000Z"), (-62_198_755_200_000, "-000001-01-01T00:00:00.000Z"),
            (.max, "+292278994-08-17T07:12:55.807Z"), (.min, "-292275055-05-16T16:47:04.192Z"),
        ] as [(Int64, String)])
    func `Text and milliseconds`(milliseconds: Int64, text: String) {
        let timestamp = Timestamp(millisecondsSinceEpoch: milliseconds)
        #expect(timestamp.description == text)
        #expect(Timestamp(text) == timestamp)
    }

    @Test func `Every instant reads back`() {
        var random = SeededGenerator(7)
        for _ in 0..<5000 {
            let shift = Int64.random(in: 0..<40, using: &random)
            let timestamp = Timestamp(millisecondsSinceEpoch: .random(in: .min ... .max, using: &random) >> shift)
            #expect(Timestamp(timestamp.description) == timestamp)
        }
    }

    @Test func `Offsets and fractions`() {
        #expect(Timestamp("2026-01-01T01:00:00+01:00") == Timestamp("2026-01-01"))
        #expect(Timestamp("2025-12-31T22:30:00.5-01:30")?.description == "2026-01-01T00:00:00.500Z")
        #expect(Timestamp("2026-01-01T00:00:00.123456789Z")?.millisecondsSinceEpoch == 1_767_225_600_123)
    }

    @Test(
        arguments: [
            "", "2026", "2026-13-01", "2026-02-30", "2025-02-29", "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z", "2026-01-01T00:00:00Z ",
            "+999999999-01-01", "-999999999-01-01T00:00:00Z", "+292278994-08-17T07:12:55.808Z",
        ])
    func `What is no time is refused`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func `Arithmetic saturates`() {
        #expect(Timestamp(millisecondsSinceEpoch: .max).advanced(by: .seconds(1)).millisecondsSinceEpoch == .max)
        #expect(Timestamp(millisecondsSinceEpoch: .min).advanced(by: .seconds(-1)).millisecondsSinceEpoch == .min)
        #expect(Timestamp(millisecondsSinceEpoch: 0).advanced(by: .microseconds(1)).millisecondsSinceEpoch == 1)
    }
}
