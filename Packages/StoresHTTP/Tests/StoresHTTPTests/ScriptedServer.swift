#if HTTP
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

    /// The requests' heads and bodies, as far as each came in one piece with others.
    var requests: String { seen.withLock { $0.joined() } }
    var port: Int { channel.localAddress?.port ?? 0 }
    var url: String { "http://127.0.0.1:\(port)" }

    private init(_ channel: any Channel) { self.channel = channel }

    /// - Parameter answer: The steps after each piece that a client sends, by the number of the piece on its
    ///   connection, from 0.
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

    init(_ answer: @escaping @Sendable (Int) -> [ScriptedServer.Step], _ log: Log) {
        self.answer = answer
        self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        log.server.withLock { $0 }?.saw(String(buffer: buffer))
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
