#if HTTP
import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// A server that answers each connection's requests with prepared bytes, whatever is asked.
final class ScriptedServer: Sendable {
    enum Step: Sendable {
        case send([UInt8])
        /// Sends this again and again until the client leaves.
        case flood([UInt8])
        case close
    }

    private let channel: any Channel
    private let seen = Mutex<[String]>([])

    /// The requests' heads and bodies.
    var requests: String { seen.withLock { $0.joined() } }
    var port: Int { channel.localAddress?.port ?? 0 }
    var url: String { "http://127.0.0.1:\(port)" }

    private init(_ channel: any Channel) { self.channel = channel }

    /// - Parameter answer: The steps after each request, by its number on the connection,
    ///   from 0.
    static func with<T>(
        _ answer: @escaping @Sendable (Int) -> [Step], _ body: (ScriptedServer) async throws -> T
    ) async throws -> T {
        let log = Log()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answerer(answer, log))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = ScriptedServer(channel)
        log.server.withLock { $0 = server }
        do {
            let result = try await body(server)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }

    fileprivate func saw(_ text: String) { seen.withLock { $0.append(text) } }
}

private final class Log: Sendable {
    let server = Mutex<ScriptedServer?>(nil)
}

private final class Answerer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: @Sendable (Int) -> [ScriptedServer.Step]
    private let log: Log
    private var count = 0
    private var pending = ""

    init(_ answer: @escaping @Sendable (Int) -> [ScriptedServer.Step], _ log: Log) {
        self.answer = answer
        self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        pending += String(buffer: unwrapInboundIn(data))
        guard Self.isWhole(pending) else { return }
        log.server.withLock { $0 }?.saw(pending)
        pending = ""
        for step in answer(count) {
            switch step {
            case .send(let bytes):
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            case .flood(let bytes): flood(bytes, context.channel)
            case .close: context.close(promise: nil)
            }
        }
        count += 1
    }

    /// A head, and as much of a body as it announces. What is no request (TLS, say) is answered as it comes.
    private static func isWhole(_ text: String) -> Bool {
        guard text.contains("HTTP/1.1") else { return !text.isEmpty }
        guard let end = text.range(of: "\r\n\r\n") else { return false }
        let length = text.firstMatch(of: /(?i)content-length: ([0-9]+)/).flatMap { Int($0.1) } ?? 0
        return text[end.upperBound...].utf8.count >= length
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

private func flood(_ bytes: [UInt8], _ channel: any Channel) {
    channel.writeAndFlush(ByteBuffer(bytes: bytes)).whenSuccess {
        if channel.isActive { flood(bytes, channel) }
    }
}

extension ScriptedServer.Step {
    static func reply(_ status: String, _ headers: [String] = [], _ body: String = "") -> ScriptedServer.Step {
        let head = ["HTTP/1.1 \(status)", "content-length: \(body.utf8.count)"] + headers
        return .send(Array((head.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8))
    }

    static func text(_ text: String) -> ScriptedServer.Step { .send(Array(text.utf8)) }
}
#endif
