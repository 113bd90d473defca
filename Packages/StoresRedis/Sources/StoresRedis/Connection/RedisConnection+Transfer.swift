import StoresCore
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// How bytes go out and come in. All of it in the reactor's role.
extension RedisConnection {
    /// Sends everything there is, as far as the socket takes it.
    ///
    /// - Parameter last: Looks at the state when nothing is left, or when the socket takes no more.
    func sendAll(_ stream: RedisStream, hasSent: inout Bool, _ last: (inout State, _ isBlocked: Bool) -> Void) {
        var unparked: [Continuation] = []
        while true {
            let isBlocked = sent < sending.count && !sendInHand(stream)
            let isDone = state.withLock { state -> Bool in
                if !isBlocked {
                    if state.pipeline.hasParked { unparked += state.pipeline.unpark() }
                    if state.pipeline.hasUnsent {
                        state.isSending = true
                        sending = state.pipeline.takeUnsent(spare: spare)
                        unsent.store(0, ordering: .relaxed)
                        spare = []
                        sent = 0
                        return false
                    }
                    state.isSending = false
                }
                last(&state, isBlocked)
                return true
            }
            if isDone { break }
            hasSent = true
        }
        for continuation in unparked { continuation.resume(returning: .again) }
    }

    /// - Returns: Whether all that was in hand has gone out.
    @discardableResult
    func sendInHand(_ stream: RedisStream) -> Bool {
        while sent < sending.count {
            let result = sending.withUnsafeBytes { stream.write(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
            switch result {
            case .bytes(let count):
                sent += count
                // A server that takes what it is sent is alive.
                heardAt = nil
            case .wouldBlock, .closed: return false
            case .failed(let number):
                fail(lost(stream, "writing failed", RedisSystemError(number: number)))
                return false
            }
        }
        // A buffer that once was large is not kept for ever.
        if sending.capacity <= 1 << 20 {
            spare = sending
            spare.removeAll(keepingCapacity: true)
        }
        sending = []
        sent = 0
        return true
    }

    func flush(_ stream: RedisStream) {
        guard case .failed(let number) = stream.flush() else { return }
        fail(lost(stream, "writing failed", RedisSystemError(number: number)))
    }

    /// - Parameters:
    ///   - rounds: How often it reads: a few times only, since others want to be served as well.
    ///   - most: How many bytes each time.
    /// - Returns: Whether anything came, be it the end.
    @discardableResult
    func receive(_ stream: RedisStream, rounds: Int = 16, most: Int = .max) -> Bool {
        let buffer = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(most))
        for round in 0..<(stream.isSecure ? .max : rounds) {
            // What was read may have ended it.
            if case .disconnected = step { return true }
            switch stream.read(into: buffer) {
            case .wouldBlock: return round > 0
            case .closed:
                fail(lost(stream, "the server closed the connection", nil))
                return true
            case .failed(let number):
                fail(lost(stream, "reading failed", RedisSystemError(number: number)))
                return true
            case .bytes(let count):
                heardAt = nil
                do throws(RedisProtocolError) {
                    try reader?.feed(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    try deliver()
                } catch {
                    fail(.redisLost("what the server sent is no reply", error))
                    return true
                }
                if count < buffer.count, !stream.isSecure { return true }
            }
        }
        return true
    }

    func deliver() throws(RedisProtocolError) {
        guard case .ready = step else { return try greeted() }
        while let value = try reader?.next() { values.append(value) }
        guard !values.isEmpty else { return }
        var isUnexpected = false
        var isReadOnly = false
        state.withLock { state in
            if !isBorrowed { state.isWaking = true }
            for value in values {
                if source.mayChange, let error = value.error, error.isCode("READONLY") { isReadOnly = true }
                switch state.pipeline.receive(value) {
                case .nobody: break
                case .unexpected: isUnexpected = true
                case .answer(let continuation, .one(let value)): answers.append((continuation, .one(value)))
                case .answer(let continuation, .several(let values)): answers.append((continuation, .several(values)))
                }
            }
        }
        // Before anybody is told: who holds a value alone may change it in place.
        values.removeAll(keepingCapacity: true)
        answers.reverse()
        if isTurning, answers.count > RedisHandover.first { handover.put(&answers) }
        while let (continuation, outcome) = answers.popLast() { continuation.resume(returning: outcome) }
        if isUnexpected { throw RedisProtocolError() }
        if isReadOnly { fail(.redisLost("the server is a replica by now", nil)) }
    }

    /// Why the connection ended.
    private func lost(_ stream: RedisStream, _ message: String, _ error: RedisSystemError?) -> StoreError {
        if let refusal = stream.refusal { return .redisNotSecured(refusal, configuration) }
        // The alert that gives the reason may be lost with the connection.
        guard stream.isSecure, case .greeting = step else { return .redisLost(message, error) }
        return .redisNotSecured(
            "the server ended it after the handshake, and may want a certificate", configuration, isFinal: false)
    }
}
