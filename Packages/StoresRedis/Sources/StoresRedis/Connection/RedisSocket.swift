#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// What a read or a write of a socket came to.
enum RedisTransfer {
    case bytes(Int)
    case wouldBlock
    case closed
    case failed(errno: Int32)
}

/// An address as `connect` takes it.
struct RedisSocketAddress: Sendable {
    var family: Int32
    var bytes: [UInt8]
    /// What it was found by, for which the server's certificate is to be.
    var name: String
}

/// A non-blocking stream socket; closed when it is let go.
final class RedisSocket: Sendable {
    let descriptor: Int32
    let name: String

    /// Begins to connect. The socket is writable when that is done; then ask ``connectError``.
    init(connectingTo address: RedisSocketAddress) throws(RedisSystemError) {
        let descriptor = Self.makeStreamSocket(address.family)
        guard descriptor >= 0 else { throw RedisSystemError(number: errno) }
        self.descriptor = descriptor
        name = address.name
        Self.configure(descriptor, isTCP: address.family != AF_UNIX)
        let result = address.bytes.withUnsafeBytes { raw in
            raw.withMemoryRebound(to: sockaddr.self) { connect(descriptor, $0.baseAddress, socklen_t(raw.count)) }
        }
        guard result == 0 || errno == EINPROGRESS || errno == EINTR else { throw RedisSystemError(number: errno) }
    }

    deinit {
        close(descriptor)
    }

    /// 0 when it is connected.
    var connectError: Int32 {
        var number: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &size) == 0 else { return errno }
        return number
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> RedisTransfer {
        while true {
            #if canImport(Darwin)
            let count = send(descriptor, bytes.baseAddress, bytes.count, 0)
            #else
            let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            #endif
            if count >= 0 { return .bytes(count) }
            let number = errno
            if number == EINTR { continue }
            return number == EAGAIN || number == EWOULDBLOCK ? .wouldBlock : .failed(errno: number)
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> RedisTransfer {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .closed }
            let number = errno
            if number == EINTR { continue }
            return number == EAGAIN || number == EWOULDBLOCK ? .wouldBlock : .failed(errno: number)
        }
    }

    private static func makeStreamSocket(_ family: Int32) -> Int32 {
        #if canImport(Glibc)
        socket(family, Int32(SOCK_STREAM.rawValue), 0)
        #else
        socket(family, SOCK_STREAM, 0)
        #endif
    }

    private static func configure(_ descriptor: Int32, isTCP: Bool) {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        #if canImport(Darwin)
        setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, size)
        #endif
        guard isTCP else { return }
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
        setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, size)
    }

    // MARK: Addresses

    /// All addresses of a host, in the order in which they are to be tried. Blocks.
    static func resolve(_ address: RedisAddress) throws(RedisResolutionError) -> [RedisSocketAddress] {
        switch address {
        case .unix(let path):
            guard let address = unixAddress(path) else {
                throw RedisResolutionError(reason: "the path of a socket has at most 100 bytes")
            }
            return [address]
        case .tcp(let host, let port):
            var hints = addrinfo()
            #if canImport(Glibc)
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            #else
            hints.ai_socktype = SOCK_STREAM
            #endif
            var list: UnsafeMutablePointer<addrinfo>?
            let code = getaddrinfo(host, String(port), &hints, &list)
            guard code == 0 else { throw RedisResolutionError(reason: String(cString: gai_strerror(code))) }
            defer { freeaddrinfo(list) }
            var found: [RedisSocketAddress] = []
            var next = list
            while let info = next?.pointee {
                if let address = info.ai_addr {
                    let bytes = UnsafeRawBufferPointer(start: address, count: Int(info.ai_addrlen))
                    found.append(RedisSocketAddress(family: info.ai_family, bytes: Array(bytes), name: host))
                }
                next = info.ai_next
            }
            return found
        }
    }

    private static func unixAddress(_ path: String) -> RedisSocketAddress? {
        let text = Array(path.utf8)
        guard text.count <= 100, !text.contains(0) else { return nil }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: text) }
        return RedisSocketAddress(family: AF_UNIX, bytes: withUnsafeBytes(of: &address) { Array($0) }, name: path)
    }
}

/// The system's own error.
struct RedisSystemError: Error, Sendable, CustomStringConvertible {
    var number: Int32

    static var protocolError: RedisSystemError { RedisSystemError(number: EPROTO) }

    var description: String { String(cString: strerror(number)) }
}

/// A name that leads nowhere.
struct RedisResolutionError: Error, Sendable {
    var reason: String
}
