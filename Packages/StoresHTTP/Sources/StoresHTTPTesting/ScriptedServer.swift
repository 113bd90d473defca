#if HTTP
import NIOCore
import NIOPosix
import Synchronization

/// A server that answers with prepared bytes, for what real servers do wrong: replies that are slow, cut off, endless,
/// no HTTP or no JSON.
///
/// ```swift
/// try await ScriptedServer.with({ request in
///     request.path == "/v1/meta" ? [.reply("200 OK", [], version)] : [.reply("500 Internal Server Error")]
/// }) { server in … server.url … }
/// ```
public final class ScriptedServer: Sendable {
    public enum Step: Sendable {
        case send([UInt8])
        /// Sends this again and again until the client leaves.
        case flood([UInt8])
        case close
    }

    /// What a client has sent.
    public struct Request: Sendable {
        /// On its connection, from 0.
        public let number: Int
        /// Head and body.
        public let text: String

        /// `POST /v1/graphql`; empty for what is no HTTP.
        public var line: String {
            text.prefix { $0 != "\r\n" }.split(separator: " ").prefix(2).joined(separator: " ")
        }
        public var method: String { String(line.prefix { $0 != " " }) }
        /// With its query.
        public var path: String { String(line.drop { $0 != " " }.dropFirst()) }
        public var body: String {
            text.split(separator: "\r\n\r\n", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
        }
    }

    private let channel: any Channel
    private let seen: Log

    /// Everything that came so far.
    public var log: [Request] { seen.requests.withLock { $0 } }
    /// The heads and bodies of all requests, one after the other.
    public var requests: String { log.map(\.text).joined() }
    public var port: Int { channel.localAddress?.port ?? 0 }
    public var url: String { "http://127.0.0.1:\(port)" }

    private init(_ channel: any Channel, _ seen: Log) {
        self.channel = channel
        self.seen = seen
    }

    /// - Parameter answer: The steps after each request; without any, it waits for ever.
    public static func with<T>(
        _ answer: @escaping @Sendable (Request) -> [Step], _ body: (ScriptedServer) async throws -> T
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
        let server = ScriptedServer(channel, log)
        do {
            let result = try await body(server)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }
}

private final class Log: Sendable {
    let requests = Mutex<[ScriptedServer.Request]>([])
}

private final class Answerer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: @Sendable (ScriptedServer.Request) -> [ScriptedServer.Step]
    private let log: Log
    private var count = 0
    private var pending = ByteBuffer()

    init(_ answer: @escaping @Sendable (ScriptedServer.Request) -> [ScriptedServer.Step], _ log: Log) {
        self.answer = answer
        self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        pending.writeImmutableBuffer(unwrapInboundIn(data))
        guard Self.isWhole(pending.readableBytesView) else { return }
        let request = ScriptedServer.Request(number: count, text: String(buffer: pending))
        pending.clear()
        log.requests.withLock { $0.append(request) }
        for step in answer(request) {
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
    private static func isWhole(_ bytes: ByteBufferView) -> Bool {
        let head = String(decoding: bytes.prefix(16 << 10), as: UTF8.self)
        guard head.contains("HTTP/1.1") else { return !bytes.isEmpty }
        guard let end = head.firstRange(of: "\r\n\r\n") else { return false }
        let length = head[..<end.lowerBound].firstMatch(of: /(?i)content-length: ([0-9]+)/).flatMap { Int($0.1) } ?? 0
        return bytes.count - head[..<end.upperBound].utf8.count >= length
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

private func flood(_ bytes: [UInt8], _ channel: any Channel) {
    channel.writeAndFlush(ByteBuffer(bytes: bytes)).whenSuccess {
        if channel.isActive { flood(bytes, channel) }
    }
}

extension ScriptedServer.Step {
    /// A whole reply with its length.
    public static func reply(_ status: String, _ headers: [String] = [], _ body: String = "") -> ScriptedServer.Step {
        let head = ["HTTP/1.1 \(status)", "content-length: \(body.utf8.count)"] + headers
        return .send(Array((head.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8))
    }

    public static func text(_ text: String) -> ScriptedServer.Step { .send(Array(text.utf8)) }
}
#endif
