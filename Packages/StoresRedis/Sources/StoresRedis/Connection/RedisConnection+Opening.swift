@_spi(Sockets) import StoresCore
import Synchronization

/// How a connection comes and goes. All of it but `close` in the reactor's role.
extension RedisConnection {
    // MARK: Opening

    func resolved(_ result: Result<[RedisSocketAddress], StoreError>, _ number: Int) {
        guard number == attempt, isResolving else { return }
        switch result {
        case .success(let addresses): connect(addresses, after: nil)
        case .failure(let error): fail(error)
        }
    }

    func connect(_ addresses: [RedisSocketAddress], after failure: RedisSystemError?) {
        var failure = failure
        for (index, address) in addresses.enumerated() {
            do throws(RedisSystemError) {
                let socket = try RedisSocket(connectingTo: address)
                step = .connecting(socket, rest: Array(addresses[(index + 1)...]))
                // One that is silent must not use up the time of the others.
                let now = MonotonicInstant.now
                nextAddressAt = giveUpAt.map { now + now.duration(to: $0) / (addresses.count - index) }
                return
            } catch {
                failure = error
            }
        }
        fail(.redisUnreachable(failure, configuration))
    }

    func secure(_ socket: RedisSocket) {
        nextAddressAt = nil
        guard let tls = configuration.tls else { return greet(RedisStream(socket, nil)) }
        guard let session = RedisTLSSession(tls, name: socket.name) else {
            return fail(.redisNotSecured("no session could be made", configuration))
        }
        secure(RedisStream(socket, session))
    }

    func secure(_ stream: RedisStream) {
        switch stream.handshake() {
        case .done: greet(stream)
        case .waits: step = .securing(stream)
        case .closed: fail(.redisNotSecured("the server closed the connection", configuration))
        case .failed(let reason): fail(.redisNotSecured(reason, configuration))
        }
    }

    func greet(_ stream: RedisStream) {
        guard let reader = RedisReplyReader() else {
            return fail(StoreError(.internal, "no memory for a reader of replies", applied: .no))
        }
        self.reader = reader
        let handshake = RedisHandshake(configuration, wantsPrimary: source.mayChange)
        sending = handshake.bytes
        sent = 0
        step = .greeting(stream, handshake)
        sendInHand(stream)
    }

    func greeted() throws(RedisProtocolError) {
        while case .greeting(let stream, var handshake) = step, let value = try reader?.next() {
            do throws(StoreError) {
                let isReady = try handshake.receive(value)
                step = isReady ? .ready(stream) : .greeting(stream, handshake)
            } catch {
                return fail(error)
            }
        }
        guard case .ready(let stream) = step else { return }
        backoff.succeeded()
        notBefore = nil
        giveUpAt = nil
        let waiting = state.withLock { state -> [Continuation] in
            guard state.phase != .closed else { return [] }
            state.phase = .ready
            state.socket = stream.isSecure ? nil : stream.socket
            state.isSending = false
            state.solo = RedisSolo()
            return state.pipeline.unpark()
        }
        for continuation in waiting { continuation.resume(returning: .again) }
    }

    // MARK: Ending

    /// Gives the socket up. Who waits is told, and the next call opens it again, not before the back-off has passed.
    func fail(_ error: StoreError) {
        var generator = SystemRandomNumberGenerator()
        let wasReady = if case .ready = step { true } else { false }
        notBefore = MonotonicInstant.now + (wasReady ? .zero : backoff.failed(using: &generator))
        disconnect()
        let (left, parked) = state.withLock { state -> ([RedisPipeline<Continuation>.Left], [Continuation]) in
            state.socket = nil
            state.isSending = false
            if state.phase != .closed { state.phase = .idle }
            return (state.pipeline.breakOff(), state.pipeline.unpark())
        }
        for left in left {
            left.waiter.resume(returning: .failure(error.filling(applied: left.applied.storeApplied)))
        }
        // Those who only waited for room have lost nothing: the connection is opened anew for them.
        for continuation in parked {
            continuation.resume(returning: wasReady ? .again : .failure(error.filling(applied: .no)))
        }
    }

    func disconnect() {
        handover.pass(.max)
        step = .disconnected
        reader = nil
        sending = []
        sent = 0
        heardAt = nil
        giveUpAt = nil
        nextAddressAt = nil
        attempt += 1
    }

    /// For good. Who waits is told.
    func close() async {
        let (left, parked) = state.withLock { state -> ([RedisPipeline<Continuation>.Left], [Continuation]) in
            state.phase = .closed
            state.socket = nil
            return (state.pipeline.breakOff(), state.pipeline.unpark())
        }
        for left in left {
            left.waiter.resume(returning: .failure(.redisClosed(applied: left.applied.storeApplied)))
        }
        for continuation in parked { continuation.resume(returning: .failure(.redisClosed)) }
        await withUnsafeContinuation { continuation in
            reactor.post { [self] in
                role.withLock { _ in disconnect() }
                reactor.leave(self)
                continuation.resume()
            }
        }
    }
}
