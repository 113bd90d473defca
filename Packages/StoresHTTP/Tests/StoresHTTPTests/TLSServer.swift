#if HTTP
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization

/// A server with TLS, whose certificate is of an authority that no system trusts. It answers `{"ok":true}` in HTTP/1.1,
/// or in HTTP/2 (RFC 9113) to who agrees on that.
final class TLSServer: Sendable {
    /// The authority's certificate, in PEM.
    static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBNDCB3KADAgECAgEBMAoGCCqGSM49BAMCMBkxFzAVBgNVBAMMDlRlc3QgYXV0
        aG9yaXR5MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAZMRcwFQYD
        VQQDDA5UZXN0IGF1dGhvcml0eTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJYl
        kaVs6m3iUR1xwlI9kqA2hUVaaeEwC1LcJrQ1y5BahbCmB/rKzDlAMc4ySLsS9zTL
        9bYOBadJ472nuaPCbGijEzARMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID
        RwAwRAIgflvCCZFVHVKQo5MDPvhMBpgztWXAcYH5A7jqjRHm9GsCIBhNUYVvLSUH
        UGiJaxCaoWm31dOCojRLBCN8I9pYlqD9
        -----END CERTIFICATE-----
        """

    /// For `localhost` and 127.0.0.1, signed by the authority; for tests, and trusted nowhere.
    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBPDCB4qADAgECAgECMAoGCCqGSM49BAMCMBkxFzAVBgNVBAMMDlRlc3QgYXV0
        aG9yaXR5MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAUMRIwEAYD
        VQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAREqz8h36OI
        hIaw8jHplw+HnEhzsp4ryDR7CIYLaMZE+8JtAFr65KWl0ogXkvxmH84g5Ir8wmf+
        C9ttLbac9eiGox4wHDAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
        zj0EAwIDSQAwRgIhAIYYFfjB4UQzfpO+gbHHTKRTn594PZqQCFxFBRlMCZoYAiEA
        y//x18RkV2R0HDQoyiciMsvCaA5r6lBL6I/lq9vQ47c=
        -----END CERTIFICATE-----
        """

    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggq5+P0qM7g44DoOl
        +lv2Qr70Y1V852gf/PqMcaAOO4OhRANCAAREqz8h36OIhIaw8jHplw+HnEhzsp4r
        yDR7CIYLaMZE+8JtAFr65KWl0ogXkvxmH84g5Ir8wmf+C9ttLbac9eiG
        -----END PRIVATE KEY-----
        """

    /// What was agreed on, connection by connection: `h2`, or empty.
    let protocols = Mutex<[String]>([])
    private let channel: any Channel

    var url: String { "https://localhost:\(channel.localAddress?.port ?? 0)" }

    private init(_ channel: any Channel) { self.channel = channel }

    static func with<T>(offering protocols: [String], _ body: (TLSServer) async throws -> T) async throws -> T {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)))
        configuration.applicationProtocols = protocols
        let context = try NIOSSLContext(configuration: configuration)
        let log = Log()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    try channel.pipeline.syncOperations.addHandler(TLSAnswerer(log))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = TLSServer(channel)
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

    final class Log: Sendable {
        let server = Mutex<TLSServer?>(nil)
    }
}

private final class TLSAnswerer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    private static let body = Array("{\"ok\":true}".utf8)

    private let log: TLSServer.Log
    private var pending = ByteBuffer()
    private var isHTTP2 = false

    init(_ log: TLSServer.Log) { self.log = log }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
            isHTTP2 = negotiated == "h2"
            log.server.withLock { $0 }?.protocols.withLock { $0.append(negotiated ?? "") }
            if isHTTP2 { send(frame(4, 0, 0, []), context) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        pending.writeImmutableBuffer(unwrapInboundIn(data))
        guard isHTTP2 else {
            guard String(buffer: pending).contains("\r\n\r\n") else { return }
            pending.clear()
            let head = "HTTP/1.1 200 OK\r\ncontent-length: \(Self.body.count)\r\n\r\n"
            return send(Array(head.utf8) + Self.body, context)
        }
        if pending.readableBytesView.starts(with: Self.preface.utf8) {
            pending.moveReaderIndex(forwardBy: Self.preface.utf8.count)
        }
        while let head = pending.getBytes(at: pending.readerIndex, length: 9) {
            let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            guard pending.readableBytes >= 9 + length else { return }
            pending.moveReaderIndex(forwardBy: 9 + length)
            let stream = head[5...8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            switch (head[3], head[4] & 1) {
            // Settings, not yet acknowledged.
            case (4, 0): send(frame(4, 1, 0, []), context)
            // The headers of a request: status 200 of the static table, then the body as the stream's end.
            case (1, _): send(frame(1, 4, stream, [0x88]) + frame(0, 1, stream, Self.body), context)
            default: continue
            }
        }
    }

    private func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        let length = UInt32(payload.count)
        return [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags]
            + [24, 16, 8, 0].map { UInt8(stream >> $0 & 255) } + payload
    }

    private func send(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
#endif
