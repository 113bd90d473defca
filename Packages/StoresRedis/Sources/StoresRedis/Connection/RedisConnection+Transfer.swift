import StoresCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// How bytes go out and come in. All of it in the reactor's role.
extension RedisConnection {
    /// Those who were answered together mostly ask again at once: they get a moment to do so, and go out together.
    func gather() {
        defer { delivered = 0 }
        guard delivered >= 8 else { return }
        let end = ContinuousClock.now + Self.gathering
        repeat {
            sched_yield()
        } while state.withLock({ $0.pipeline.count }) < delivered / 2 && ContinuousClock.now < end
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

    func receive(_ stream: RedisStream) {
        // A few times only: others want to be served as well.
        for _ in 0..<(stream.isSecure ? .max : 16) {
            // What was read may have ended it.
            if case .disconnected = step { return }
            switch stream.read(into: buffer) {
            case .wouldBlock: return
            case .closed: return fail(lost(stream, "the server closed the connection", nil))
            case .failed(let number):
                return fail(lost(stream, "reading failed", RedisSystemError(number: number)))
            case .bytes(let count):
                heardAt = nil
                do throws(RedisProtocolError) {
                    try reader?.feed(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    try deliver()
                } catch {
                    return fail(.redisLost("what the server sent is no reply", error))
                }
                if count < buffer.count, !stream.isSecure { return }
            }
        }
    }

    func deliver() throws(RedisProtocolError) {
        guard case .ready = step else { return try greeted() }
        while let value = try reader?.next() { values.append(value) }
        guard !values.isEmpty else { return }
        delivered += values.count
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
