internal import Dispatch
import StoresCore
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Sentinels, which are asked for the primary's address whenever a connection is opened: one question at a time, whose
/// answer all have who wait, and each time another sentinel first, since one that is cut off from its peers may go on
/// naming a primary of the past.
final class RedisSentinels: RedisAddressSource {
    private struct State {
        var waiting: [@Sendable (Result<[RedisSocketAddress], StoreError>) -> Void] = []
        var isAsking = false
        var first = 0
    }

    private let state = Mutex(State())
    private let addresses: [RedisAddress]
    private let password: String?
    private let primary: String
    private let endpoint: String
    private let tls: RedisTLS?
    /// For one sentinel.
    private let timeout: Duration

    // It asks and resolves in a thread of its own, where waiting holds up nobody.
    private let queue = DispatchQueue(label: "stores.redis.sentinels")

    var mayChange: Bool { true }

    init(_ configuration: RedisConfiguration, primary: String) {
        addresses = configuration.addresses
        password = configuration.sentinelPassword
        endpoint = configuration.endpoint
        tls = configuration.tls
        self.primary = primary
        timeout = min(.seconds(1), configuration.connectTimeout / max(1, addresses.count))
    }

    func find(_ found: @escaping @Sendable (Result<[RedisSocketAddress], StoreError>) -> Void) {
        let isAsking = state.withLock { state in
            defer { state.isAsking = true }
            state.waiting.append(found)
            return state.isAsking
        }
        guard !isAsking else { return }
        queue.async { [self] in
            let result = ask()
            let waiting = state.withLock { state in
                defer { state.waiting = [] }
                state.isAsking = false
                return state.waiting
            }
            for found in waiting { found(result) }
        }
    }

    private func ask() -> Result<[RedisSocketAddress], StoreError> {
        var failure = StoreError(
            .unavailable, "no sentinel answers", remedy: "look at the sentinels that the URL names",
            endpoint: endpoint, applied: .no, phase: .tcp)
        let first = state.withLock { state in
            defer { state.first = (state.first + 1) % addresses.count }
            return state.first
        }
        for address in addresses[first...] + addresses[..<first] {
            do throws(StoreError) {
                return .success(try ask(address))
            } catch {
                failure = error
            }
        }
        return .failure(failure)
    }

    private func ask(_ address: RedisAddress) throws(StoreError) -> [RedisSocketAddress] {
        let deadline = Deadline.after(timeout)
        var writer = RedisWriter()
        if let password {
            writer.command(2)
            writer.word("AUTH")
            writer.text(password)
        }
        writer.command(3)
        writer.word("SENTINEL")
        writer.word("get-master-addr-by-name")
        writer.text(primary)
        let replies = try exchange(address, writer.bytes, count: password == nil ? 1 : 2, deadline)
        for reply in replies {
            if let error = reply.error { throw .redisHandshake(error) }
        }
        guard let parts = replies.last?.array, parts.count == 2, let host = parts[0].text, let port = parts[1].integer
        else {
            throw StoreError(
                .unavailable, "the sentinel \(address) knows no primary of the name that the URL ends with",
                remedy: "take the name from the sentinels' configuration: sentinel monitor NAME …",
                endpoint: endpoint, applied: .no, phase: .configuration)
        }
        return try resolve(.tcp(host: host, port: Int(clamping: port)))
    }

    private func resolve(_ address: RedisAddress) throws(StoreError) -> [RedisSocketAddress] {
        do throws(RedisResolutionError) {
            return try RedisSocket.resolve(address)
        } catch {
            throw .redisUnresolved(error, address)
        }
    }

    /// Sends the bytes, and waits for so many replies.
    private func exchange(_ address: RedisAddress, _ bytes: [UInt8], count: Int, _ deadline: Deadline)
        throws(StoreError) -> [RedisValue]
    {
        func lost(_ message: String) -> StoreError {
            StoreError(
                .unavailable, "the sentinel \(address) \(message)", endpoint: endpoint, applied: .no, phase: .tcp)
        }
        for candidate in try resolve(address) {
            let socket: RedisSocket
            do throws(RedisSystemError) { socket = try RedisSocket(connectingTo: candidate) } catch { continue }
            guard Self.wait(socket, POLLOUT, deadline), socket.connectError == 0 else { continue }
            let session = tls.flatMap { RedisTLSSession($0, name: socket.name) }
            guard (session == nil) == (tls == nil) else { throw lost("can't be asked over TLS") }
            let stream = RedisStream(socket, session)
            handshake: while true {
                switch stream.handshake() {
                case .done: break handshake
                case .waits: guard Self.wait(socket, POLLIN, deadline) else { throw lost("does not answer") }
                case .closed: throw lost("closed the connection")
                case .failed(let reason): throw lost("is not trusted: \(reason)")
                }
            }
            guard case .bytes(bytes.count) = bytes.withUnsafeBytes({ stream.write($0) }),
                let reader = RedisReplyReader()
            else { continue }
            var replies: [RedisValue] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while replies.count < count {
                let transfer = buffer.withUnsafeMutableBytes { stream.read(into: $0) }
                if case .wouldBlock = transfer {
                    guard Self.wait(socket, POLLIN, deadline) else { throw lost("does not answer") }
                    continue
                }
                guard case .bytes(let count) = transfer else { throw lost("closed the connection") }
                do throws(RedisProtocolError) {
                    try reader.feed(buffer[..<count])
                    while let value = try reader.next() { replies.append(value) }
                } catch {
                    throw lost("sends what is no reply")
                }
            }
            return replies
        }
        throw lost("can't be reached")
    }

    private static func wait(_ socket: RedisSocket, _ events: some BinaryInteger, _ deadline: Deadline) -> Bool {
        var polled = pollfd(fd: socket.descriptor, events: Int16(events), revents: 0)
        while true {
            let count = poll(&polled, 1, deadline.remainingMilliseconds)
            if count > 0 { return true }
            if count == 0 || errno != EINTR { return false }
        }
    }
}
