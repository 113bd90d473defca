/// A socket with or without TLS. Used by one at a time: the reactor's role, or a thread of its own.
final class RedisStream {
    let socket: RedisSocket
    private let session: RedisTLSSession?
    /// Why TLS ended, where it did: a server that wants a certificate says so only after the handshake.
    private(set) var refusal: String?
    private var output: [UInt8] = []
    private var sent = 0

    init(_ socket: RedisSocket, _ session: RedisTLSSession?) {
        self.socket = socket
        self.session = session
    }

    var descriptor: Int32 { socket.descriptor }
    /// What can be read may be here already, where `poll` does not see it: read until it would block.
    var isSecure: Bool { session != nil }
    /// Encrypted bytes wait for the socket.
    var hasOutput: Bool { sent < output.count }

    func handshake() -> RedisTLSSession.Progress {
        guard let session else { return .done }
        while true {
            let progress = session.handshake()
            if case .failed(let number) = flush() { return .failed(RedisSystemError(number: number).description) }
            guard case .waits = progress else { return progress }
            switch fill(session) {
            case .bytes: continue
            case .wouldBlock: return .waits
            case .closed: return .failed("the server closed the connection")
            case .failed(let number): return .failed(RedisSystemError(number: number).description)
            }
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> RedisTransfer {
        guard let session else { return socket.read(into: buffer) }
        while true {
            let (count, progress) = session.read(into: buffer)
            // TLS answers for itself from time to time.
            if case .failed(let number) = flush() { return .failed(errno: number) }
            switch progress {
            case .done: return .bytes(count)
            case .closed: return .closed
            case .failed(let reason):
                refusal = reason
                return .failed(errno: Self.protocolError)
            case .waits:
                let transfer = fill(session)
                guard case .bytes = transfer else { return transfer }
            }
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> RedisTransfer {
        guard let session else { return socket.write(bytes) }
        switch flush() {
        case .bytes: break
        case let other: return other
        }
        let (count, progress) = session.write(UnsafeRawBufferPointer(rebasing: bytes.prefix(1 << 16)))
        guard case .done = progress else { return .failed(errno: Self.protocolError) }
        if case .failed(let number) = flush() { return .failed(errno: number) }
        return .bytes(count)
    }

    /// Sends what is encrypted; `.bytes` when nothing is left.
    @discardableResult
    func flush() -> RedisTransfer {
        if let session, !hasOutput {
            output = session.takeOutput()
            sent = 0
        }
        while hasOutput {
            let transfer = output.withUnsafeBytes { socket.write(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
            guard case .bytes(let count) = transfer else { return transfer }
            sent += count
            if !hasOutput, let session {
                output = session.takeOutput()
                sent = 0
            }
        }
        return .bytes(0)
    }

    private func fill(_ session: RedisTLSSession) -> RedisTransfer {
        withUnsafeTemporaryAllocation(byteCount: 1 << 14, alignment: 1) { buffer in
            let transfer = socket.read(into: buffer)
            if case .bytes(let count) = transfer { session.receive(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
            return transfer
        }
    }

    private static var protocolError: Int32 { RedisSystemError.protocolError.number }
}
