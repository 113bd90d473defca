import StoresCore

/// Which caller gets which reply: the state of one connection, without the connection.
///
/// Commands are answered in the order in which they were written, so replies are matched by place alone. A caller that
/// leaves (cancelled, or past its deadline) leaves its place behind, and the reply that comes for it is dropped.
/// `Waiter` is whatever is told the outcome: a continuation, or in tests a number.
struct RedisPipeline<Waiter> {
    typealias Instant = MonotonicInstant

    /// One call: one command or several, whose replies come together.
    private struct Call {
        var ticket: UInt64
        /// Nil once its caller has left.
        var waiter: Waiter?
        var deadline: Instant
        var missing: Int
        /// The replies of a call of several commands.
        var replies: [RedisValue]
        var isSingle: Bool
        /// Where its bytes begin in all that was ever written.
        var start: UInt64
    }

    /// A caller that waits for the connection to be ready, or for room.
    private struct Parked {
        var ticket: UInt64
        /// Nil once its caller has left.
        var waiter: Waiter?
        var deadline: Instant
    }

    enum Reply {
        case one(RedisValue)
        case several([RedisValue])
    }

    /// Somebody who is to be told that nothing will come.
    struct Left {
        var waiter: Waiter
        /// Whether the server may have seen the command.
        var applied: Applied
    }

    enum Applied { case no, unknown }

    private var writer = RedisWriter()
    private var calls = RedisQueue<Call>()
    private var parked = RedisQueue<Parked>()
    /// How many bytes were handed to the socket's side so far.
    private var taken: UInt64 = 0
    /// Not after the earliest deadline of all that wait. It is left standing when that one is answered, since to find
    /// the next would cost each reply more than a needless look at the clock once in a while.
    private(set) var nextDeadline: Instant?

    var hasUnsent: Bool { !writer.bytes.isEmpty }
    var unsentBytes: Int { writer.bytes.count }
    /// Calls without a reply.
    var count: Int { calls.count }
    var hasCalls: Bool { !calls.isEmpty }
    var isIdle: Bool { calls.isEmpty && writer.bytes.isEmpty }
    var hasParked: Bool { !parked.isEmpty }

    // MARK: Callers

    /// Adds a call of `count` commands that `encode` writes.
    mutating func add(
        _ ticket: UInt64, _ waiter: Waiter, deadline: Instant, count: Int,
        _ encode: @Sendable (inout RedisWriter) -> Void
    ) {
        let start = taken + UInt64(writer.bytes.count)
        encode(&writer)
        calls.append(
            Call(
                ticket: ticket, waiter: waiter, deadline: deadline, missing: count, replies: [], isSingle: count == 1,
                start: start))
        note(deadline)
    }

    mutating func park(_ ticket: UInt64, _ waiter: Waiter, deadline: Instant) {
        parked.append(Parked(ticket: ticket, waiter: waiter, deadline: deadline))
        note(deadline)
    }

    /// Everybody who was parked, in order; they come back by themselves.
    mutating func unpark() -> [Waiter] { parked.removeAll().compactMap(\.waiter) }

    /// A caller leaves. Nil when it was told already.
    ///
    /// Its commands stay where they are, or the replies of the others would shift: also what is not sent yet will be.
    mutating func leave(_ ticket: UInt64) -> Left? {
        var left: Left?
        calls.update { call in
            guard call.ticket == ticket else { return false }
            left = call.waiter.map { Left(waiter: $0, applied: .unknown) }
            call.waiter = nil
            return true
        }
        guard left == nil else { return left }
        parked.update { waiting in
            guard waiting.ticket == ticket else { return false }
            left = waiting.waiter.map { Left(waiter: $0, applied: .no) }
            waiting.waiter = nil
            return true
        }
        return left
    }

    /// Those whose deadline has passed.
    mutating func expire(_ now: Instant) -> [Left] {
        guard let nextDeadline, nextDeadline <= now else { return [] }
        var left: [Left] = []
        var earliest: Instant?
        func pass(_ waiter: inout Waiter?, _ deadline: Instant, _ applied: Applied) {
            guard let found = waiter else { return }
            if deadline <= now {
                left.append(Left(waiter: found, applied: applied))
                waiter = nil
            } else {
                earliest = min(earliest ?? deadline, deadline)
            }
        }
        parked.update { waiting in
            pass(&waiting.waiter, waiting.deadline, .no)
            return false
        }
        calls.update { call in
            pass(&call.waiter, call.deadline, .unknown)
            return false
        }
        self.nextDeadline = earliest
        return left
    }

    // MARK: The wire

    /// What is to be written; `spare` becomes the buffer for what comes.
    mutating func takeUnsent(spare: consuming [UInt8]) -> [UInt8] {
        let bytes = writer.take(replacement: spare)
        taken += UInt64(bytes.count)
        return bytes
    }

    /// The first so many of the unsent bytes are on their way.
    mutating func sent(_ count: Int) {
        taken += UInt64(count)
        writer.dropFirst(count)
    }

    /// The unsent bytes, for a write that copies nothing.
    func withUnsent<T>(_ body: (UnsafeRawBufferPointer) -> T) -> T { writer.bytes.withUnsafeBytes(body) }

    enum Received {
        /// For this caller.
        case answer(Waiter, Reply)
        /// Part of a call, or for somebody who has left.
        case nobody
        /// Nobody asked.
        case unexpected
    }

    mutating func receive(_ value: RedisValue) -> Received {
        let result = calls.withFirst { call -> Received? in
            call.missing -= 1
            if call.isSingle {
                defer { call.waiter = nil }
                return call.waiter.map { .answer($0, .one(value)) } ?? .nobody
            }
            if call.waiter != nil { call.replies.append(value) }
            guard call.missing == 0 else { return nil }
            defer {
                call.waiter = nil
                call.replies = []
            }
            return call.waiter.map { .answer($0, .several(call.replies)) } ?? .nobody
        }
        switch result {
        case nil: return .unexpected
        case .some(nil): return .nobody
        case .some(let received?):
            calls.dropFirst()
            return received
        }
    }

    /// The connection is gone: nobody of those who wait will be answered. Parked callers stay.
    mutating func breakOff() -> [Left] {
        let taken = taken
        _ = writer.take()
        self.taken = 0
        return calls.removeAll().compactMap { call in
            call.waiter.map { Left(waiter: $0, applied: call.start < taken ? .unknown : .no) }
        }
    }

    private mutating func note(_ deadline: Instant) {
        nextDeadline = min(nextDeadline ?? deadline, deadline)
    }
}
