import Foundation
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A proxy on this machine, which forwards to a port of it and can be told to misbehave. Each direction of each
/// connection has a thread.
final class TestProxy: Sendable {
    enum Behavior: Sendable, Hashable {
        case forward
        /// Takes what comes and lets nothing through, either way.
        case swallow
        /// Ends the connection after so many more bytes of replies.
        case cut(after: Int)
    }

    private struct State {
        var behavior = Behavior.forward
        var descriptors: Set<Int32> = []
        var accepted = 0
    }

    let port: Int
    private let listener: Int32
    private let upstream: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - upstream: The port that is forwarded to.
    ///   - socket: Listen there instead of on a port.
    init(upstream: Int, socket path: String? = nil) throws {
        self.upstream = upstream
        let listener = Self.makeSocket(path == nil ? AF_INET : AF_UNIX)
        self.listener = listener
        if let path {
            unlink(path)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let size = socklen_t(MemoryLayout<sockaddr_un>.size)
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) }
            }
            port = 0
            guard bound == 0, listen(listener, 16) == 0 else { throw POSIXError(.EADDRINUSE) }
        } else {
            var address = Self.loopback(0)
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let bound = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    bind(listener, pointer, size) == 0 && listen(listener, 16) == 0
                        && getsockname(listener, pointer, &size) == 0
                }
            }
            port = Int(UInt16(bigEndian: address.sin_port))
            guard bound else { throw POSIXError(.EADDRINUSE) }
        }
        DispatchQueue(label: "proxy").async { [self] in accept() }
    }

    var behavior: Behavior {
        get { state.withLock { $0.behavior } }
        set { state.withLock { $0.behavior = newValue } }
    }

    /// How many connections there were so far.
    var accepted: Int { state.withLock { $0.accepted } }

    /// Ends every connection.
    func reset() {
        state.withLock { state in
            for descriptor in state.descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    func close() {
        shutdown(listener, Int32(SHUT_RDWR))
        reset()
    }

    private func accept() {
        while true {
            let client = Self.acceptSocket(listener)
            guard client >= 0 else { break }
            let server = Self.makeSocket(AF_INET)
            var address = Self.loopback(upstream)
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            _ = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(server, $0, size) }
            }
            state.withLock { state in
                state.descriptors.formUnion([client, server])
                state.accepted += 1
            }
            let group = DispatchGroup()
            DispatchQueue(label: "proxy-up").async(group: group) { [self] in pump(client, server, areReplies: false) }
            DispatchQueue(label: "proxy-down").async(group: group) { [self] in pump(server, client, areReplies: true) }
            group.notify(queue: .global()) { [self] in
                state.withLock { $0.descriptors.subtract([client, server]) }
                Self.closeSocket(client)
                Self.closeSocket(server)
            }
        }
        Self.closeSocket(listener)
    }

    private func pump(_ source: Int32, _ target: Int32, areReplies: Bool) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            let (forwarded, ends) = state.withLock { state -> (Int, Bool) in
                switch state.behavior {
                case .forward: return (count, false)
                case .swallow: return (0, false)
                case .cut(let rest):
                    guard areReplies else { return (count, false) }
                    guard count >= rest else {
                        state.behavior = .cut(after: rest - count)
                        return (count, false)
                    }
                    state.behavior = .forward
                    return (rest, true)
                }
            }
            var sent = 0
            while sent < forwarded {
                let written = buffer.withUnsafeBytes {
                    send(target, $0.baseAddress.map { $0 + sent }, forwarded - sent, Self.flags)
                }
                guard written > 0 else { break }
                sent += written
            }
            if ends { break }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(target, Int32(SHUT_RDWR))
    }

    #if canImport(Darwin)
    private static let flags: Int32 = 0
    #else
    private static let flags = Int32(MSG_NOSIGNAL)
    #endif

    private static func makeSocket(_ family: Int32) -> Int32 {
        #if canImport(Glibc)
        socket(family, Int32(SOCK_STREAM.rawValue), 0)
        #else
        socket(family, SOCK_STREAM, 0)
        #endif
    }

    private static func acceptSocket(_ listener: Int32) -> Int32 {
        #if canImport(Darwin)
        Darwin.accept(listener, nil, nil)
        #elseif canImport(Musl)
        Musl.accept(listener, nil, nil)
        #else
        Glibc.accept(listener, nil, nil)
        #endif
    }

    private static func closeSocket(_ descriptor: Int32) {
        #if canImport(Darwin)
        _ = Darwin.close(descriptor)
        #elseif canImport(Musl)
        _ = Musl.close(descriptor)
        #else
        _ = Glibc.close(descriptor)
        #endif
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
