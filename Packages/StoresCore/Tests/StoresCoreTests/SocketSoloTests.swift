import Dispatch
import Testing

@_spi(Sockets) @testable import StoresCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

@Suite("Who waits for a lone answer")
struct SocketSoloTests {
    /// Requests that are alone, until one's task is to wait.
    private func untilItWaits(_ solo: inout SocketSolo) -> Int {
        for count in 1...10_000 where solo.enter() { return count }
        return .max
    }

    @Test("A task waits itself after a row of requests that were alone")
    func row() {
        var solo = SocketSolo(patience: .microseconds(200), spin: .microseconds(50))
        let first = untilItWaits(&solo)
        #expect(first == 8)
        #expect(solo.isActive)
        let next = untilItWaits(&solo)
        #expect(next == 1)
        solo.end()
        #expect(!solo.isActive)
        let again = untilItWaits(&solo)
        #expect(again == 8)
    }

    @Test("Waits in vain make the next ones rarer, and one answer makes up for them")
    func misses() {
        var solo = SocketSolo(patience: .microseconds(200), spin: .microseconds(50))
        _ = untilItWaits(&solo)
        var pauses: [Int] = []
        for _ in 0..<4 {
            solo.waited(.inVain)
            solo.end()
            pauses.append(untilItWaits(&solo))
        }
        #expect(pauses == [10, 12, 16, 24])
        solo.waited(.slept)
        solo.waited(.inVain)
        solo.end()
        let pause = untilItWaits(&solo)
        #expect(pause == 10)
    }

    @Test("It looks for the answer without sleeping only where answers come that soon")
    func spin() {
        var solo = SocketSolo(patience: .microseconds(200), spin: .microseconds(50))
        #expect(solo.spin > .zero)
        solo.waited(.slept)
        var sleeps = 0
        while solo.spin == .zero, sleeps < 100 {
            solo.waited(.slept)
            sleeps += 1
        }
        #expect(sleeps == 2)
        solo.waited(.slept)
        solo.waited(.slept)
        #expect(solo.spin == .zero)
        for _ in 0..<3 { solo.waited(.slept) }
        #expect(solo.spin > .zero)
        solo.waited(.saw)
        #expect(solo.spin > .zero)
    }

    @Test("It sees what can be read at once, sleeps until it can, and gives up in time")
    func waiting() async throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let read = ends[0]
        #expect(!SocketSolo.canRead(read))
        let solo = SocketSolo(patience: .milliseconds(2), spin: .microseconds(1))
        let start = ContinuousClock.now
        #expect(solo.wait(for: read) == .inVain)
        #expect(start.duration(to: .now) >= .milliseconds(2))
        #expect(SocketSolo.wait(for: -1, .milliseconds(1), looking: .zero) == .inVain)
        #expect(SocketSolo.wait(for: .max, .milliseconds(1), looking: .zero) == .inVain)
        // In a thread of its own, or it might wait for the writer, which waits for it.
        async let slept = withUnsafeContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(returning: SocketSolo.wait(for: read, .milliseconds(900), looking: .zero))
            }
        }
        var byte: UInt8 = 1
        #expect(write(ends[1], &byte, 1) == 1)
        #expect(await slept != .inVain)
        #expect(SocketSolo.canRead(read))
        #expect(solo.wait(for: read) == .saw)
    }
}
