import Synchronization

/// Where the library takes new ids from. Injected, so that tests are deterministic.
public protocol IDGenerator: Sendable {
    func next() -> String
}

/// Version 7 UUIDs (RFC 9562): they sort by creation time to the millisecond.
public struct UUIDGenerator: IDGenerator {
    private let clock: any StoreClock

    public init(clock: any StoreClock = SystemStoreClock()) {
        self.clock = clock
    }

    public func next() -> String {
        var random = SystemRandomNumberGenerator()
        let milliseconds = UInt64(clamping: clock.now.millisecondsSinceEpoch) & 0xFFFF_FFFF_FFFF
        let high = milliseconds << 16 | 0x7000 | random.next() & 0x0FFF
        let low = 0x8000_0000_0000_0000 | random.next() & 0x3FFF_FFFF_FFFF_FFFF
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, word) in [high, low].enumerated() {
            for nibble in 0..<16 {
                if index == 0 ? nibble == 8 || nibble == 12 : nibble == 0 || nibble == 4 {
                    text.append(UInt8(ascii: "-"))
                }
                text.append(digits[Int(word >> UInt64(60 - 4 * nibble) & 0xF)])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// `prefix-1`, `prefix-2`, …: for tests.
public final class SequentialIDGenerator: IDGenerator {
    private let prefix: String
    private let last = Atomic<UInt64>(0)

    public init(prefix: String = "id") {
        self.prefix = prefix
    }

    public func next() -> String {
        "\(prefix)-\(last.add(1, ordering: .relaxed).newValue)"
    }
}
