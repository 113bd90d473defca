import StoresCore
import Testing

@Suite struct DurationTests {
    @Test(
        arguments: [
            (.zero, 0), (.nanoseconds(1), 1), (.nanoseconds(-1), -1), (.seconds(30), 30_000_000_000),
            (.seconds(-30), -30_000_000_000), (.nanoseconds(Int64.max), .max), (.nanoseconds(Int64.min), .min),
            (.nanoseconds(Int64.max) + .nanoseconds(1), .max), (.nanoseconds(Int64.min) - .nanoseconds(1), .min),
            (.nanoseconds(Int64.max) + Duration(attoseconds: 1), .max),
            (.nanoseconds(Int64.max) - .nanoseconds(1), .max - 1),
            (.nanoseconds(Int64.min) - Duration(attoseconds: 1), .min),
            (.nanoseconds(Int64.min) + .nanoseconds(1), .min + 1),
            (.seconds(Int64.max), .max), (.seconds(Int64.min), .min), (Duration(attoseconds: .max), .max),
            (Duration(attoseconds: .min), .min), (Duration(attoseconds: 1), 1), (Duration(attoseconds: -1), 0),
            (Duration(attoseconds: 1_000_000_001), 2), (Duration(attoseconds: -1_000_000_001), -1),
        ] as [(Duration, Int64)])
    func nanosecondsAreRoundedUpAndSaturate(_ duration: Duration, _ nanoseconds: Int64) {
        #expect(duration.wholeNanoseconds == nanoseconds)
    }

    /// The parts of 64 bits against a division of 128.
    @Test func nanosecondsAreThoseOfTheLongDivision() {
        var generator = SeededGenerator(0x6E61_6E6F)
        for bits in 0..<127 {
            for _ in 0..<200 {
                let magnitude = Int128.random(in: 0...(.max >> Int128(126 - bits)), using: &generator)
                for attoseconds in [magnitude, -magnitude] {
                    let (whole, part) = attoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
                    #expect(
                        Duration(attoseconds: attoseconds).wholeNanoseconds
                            == Int64(clamping: whole + (part > 0 ? 1 : 0)), "\(attoseconds) as")
                }
            }
        }
    }
}
