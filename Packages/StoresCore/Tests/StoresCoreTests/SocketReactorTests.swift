import Synchronization
import Testing

@_spi(Sockets) @testable import StoresCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

@Suite("The reactor of sockets")
struct SocketReactorTests {
    /// Reads from one end of a pipe.
    private final class Reader: SocketReactorMember {
        struct State {
            var bytes: [UInt8] = []
            var asked = 0
            var reads = true
            var wakeAt: MonotonicInstant?
            var waiting: [(until: @Sendable (State) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
        }

        let ends: (read: Int32, write: Int32)
        let state = Mutex(State())

        init() {
            var ends: [Int32] = [0, 0]
            precondition(pipe(&ends) == 0)
            self.ends = (ends[0], ends[1])
        }

        deinit {
            close(ends.read)
            close(ends.write)
        }

        func prepare(_ now: MonotonicInstant) -> SocketInterest {
            change { state in
                state.asked += 1
                return SocketInterest(
                    descriptor: ends.read, reads: state.reads, wakeAt: state.wakeAt.map { max($0, now) })
            }
        }

        func becameReady(canRead: Bool, canWrite: Bool) {
            var byte: UInt8 = 0
            guard canRead, read(ends.read, &byte, 1) == 1 else { return }
            change { $0.bytes.append(byte) }
        }

        func send(_ byte: UInt8) {
            var byte = byte
            #expect(write(ends.write, &byte, 1) == 1)
        }

        /// Changes the state, and resumes who waited for what is so now.
        @discardableResult
        func change<T>(_ body: (inout State) -> T) -> T {
            let (result, ready) = state.withLock { state in
                let result = body(&state)
                let now = state
                let ready = state.waiting.filter { $0.until(now) }.map(\.continuation)
                state.waiting.removeAll { $0.until(now) }
                return (result, ready)
            }
            for continuation in ready { continuation.resume() }
            return result
        }

        func wait(until condition: @escaping @Sendable (State) -> Bool) async {
            await withCheckedContinuation { continuation in
                change { $0.waiting.append((condition, continuation)) }
            }
        }
    }

    private func with(_ body: (SocketReactor, Reader) async throws -> Void) async throws {
        let reactor = try SocketReactor(label: "test")
        let reader = Reader()
        reactor.join(reader)
        try await body(reactor, reader)
        await reactor.stop()
    }

    @Test("What can be read is told, one member beside another")
    func reads() async throws {
        try await with { reactor, first in
            let second = Reader()
            reactor.join(second)
            first.send(1)
            second.send(2)
            await first.wait { $0.bytes == [1] }
            await second.wait { $0.bytes == [2] }
            first.send(3)
            await first.wait { $0.bytes == [1, 3] }
        }
    }

    @Test("A member that does not want to read is left alone until it does")
    func interest() async throws {
        try await with { reactor, reader in
            // Counted before it is woken, or there may be no other time to wait for.
            let asked = reader.change { state in
                state.reads = false
                return state.asked
            }
            reactor.wake()
            await reader.wait { $0.asked > asked }
            reader.send(1)
            reactor.wake()
            await reader.wait { $0.asked > asked + 1 }
            #expect(reader.state.withLock { $0.bytes } == [])
            reader.change { $0.reads = true }
            reactor.wake()
            await reader.wait { $0.bytes == [1] }
        }
    }

    @Test("A member is asked again when it said")
    func wakeAt() async throws {
        try await with { reactor, reader in
            reader.change { $0.wakeAt = .now + .milliseconds(20) }
            reactor.wake()
            await reader.wait { $0.wakeAt.map { $0 <= .now } ?? false }
        }
    }

    @Test("Who has left is not asked any more, and is let go")
    func leaves() async throws {
        let reactor = try SocketReactor(label: "test")
        weak var gone: Reader?
        do {
            let reader = Reader()
            gone = reader
            reactor.join(reader)
            await reader.wait { $0.asked > 0 }
            reactor.leave(reader)
        }
        await reactor.stop()
        #expect(gone == nil)
    }

    @Test("Jobs run before the end, and those that come later run at once")
    func jobs() async throws {
        let reactor = try SocketReactor(label: "test")
        let count = Atomic<Int>(0)
        for _ in 0..<100 { reactor.post { count.add(1, ordering: .relaxed) } }
        await reactor.stop()
        #expect(count.load(ordering: .relaxed) == 100)
        reactor.post { count.add(1, ordering: .relaxed) }
        #expect(count.load(ordering: .relaxed) == 101)
        await reactor.stop()
    }
}
