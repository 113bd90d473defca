#if HTTP
import AsyncHTTPClient
import Dispatch
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOSSL
public import StoresCore
import Synchronization

/// A server that speaks JSON over HTTP: one pool of connections, a limit on every body, a deadline on every call.
///
/// Retries are the core's: the client's own are off. HTTP/2 is used where the server offers it over TLS.
public final class HTTPService: Sendable {
    public let configuration: HTTPConfiguration

    private enum State {
        case idle
        case open(HTTPClient)
        case closed
    }
    private let state = Mutex<State>(.idle)

    public init(_ configuration: HTTPConfiguration) {
        self.configuration = configuration
    }

    deinit {
        // A client that goes without being shut down stops the process.
        if case .open(let client) = state.withLock({ $0 }) { client.shutdown { _ in } }
    }

    public var endpoint: String { configuration.endpoint.text }

    /// Closes the connections. Calls after it throw `unavailable`.
    public func shutdown() async {
        let open = state.withLock { state -> HTTPClient? in
            defer { state = .closed }
            if case .open(let client) = state { return client }
            return nil
        }
        guard let open else { return }
        await Self.settle(open)
        // It fails only when calls are in flight; those end with it.
        try? await open.shutdown()
    }

    /// Lets the client finish what it has begun.
    ///
    /// A reply may come while the client still has to note that its request was written whole, some turns of its
    /// loop later. Shut down in between, async-http-client 1.37 stops the process: "A connection that we don't know
    /// was released".
    private static func settle(_ client: HTTPClient) async {
        for _ in 0..<3 {
            for loop in client.eventLoopGroup.makeIterator() { try? await loop.submit {}.get() }
        }
    }

    /// Sends a request and reads the whole reply, whatever its status.
    ///
    /// A redirect is followed to the same scheme, host and port alone, since the headers carry keys: up to three
    /// times, and with a method that changes something only where the status keeps the method (307, 308).
    ///
    /// - Throws: `timeout`, `cancelled`, `unavailable` with the phase that was reached, `tooLarge` for a body over the
    ///   limits. `applied` is `.unknown` once a write may have reached the server.
    public func send(_ call: HTTPCall, context: CallContext) async throws(StoreError) -> HTTPReply {
        try context.check("\(configuration.system)", applied: call.isWrite ? .no : nil)
        if let body = call.body, body.count > configuration.maxRequestBytes {
            throw StoreError(
                .tooLarge,
                "the request has \(body.count) bytes; \(configuration.system) takes "
                    + "\(configuration.maxRequestBytes)",
                remedy: "send less in one call", applied: .no)
        }
        var url = configuration.endpoint.url(call.path, query: call.query)
        for _ in 0...3 {
            let reply = try await exchange(call, url, context)
            guard [301, 302, 303, 307, 308].contains(reply.status), let location = reply.headers["location"] else {
                return reply
            }
            guard call.method == .get || reply.status == 307 || reply.status == 308,
                let next = configuration.endpoint.sameServer(location)
            else {
                throw StoreError(
                    .unavailable,
                    "\(configuration.system) redirects to another place (status \(reply.status)), which is not "
                        + "followed",
                    remedy: "let the URL name the place itself", endpoint: location,
                    applied: call.isWrite ? .no : nil, isRetryable: false)
            }
            url = next
        }
        throw StoreError(
            .unavailable, "\(configuration.system) redirects more than three times", applied: .no, isRetryable: false)
    }

    private func exchange(_ call: HTTPCall, _ url: String, _ context: CallContext) async throws(StoreError) -> HTTPReply
    {
        let client = try client()
        var headers = HTTPHeaders(configuration.headers.map { ($0.name, $0.value) })
        headers.add(name: "accept", value: "application/json")
        headers.add(name: "accept-encoding", value: "gzip")
        if call.body != nil { headers.add(name: "content-type", value: "application/json") }
        do {
            let request = try HTTPClient.Request(
                url: url, method: HTTPMethod(rawValue: call.method.rawValue), headers: headers,
                body: call.body.map { .byteBuffer(ByteBuffer(bytes: $0)) })
            let nanoseconds = Int64(clamping: context.deadline.remaining.wholeMilliseconds) &* 1_000_000
            let task = client.execute(
                request: request,
                delegate: ResponseAccumulator(request: request, maxBodySize: configuration.maxReplyBytes),
                deadline: .now() + .nanoseconds(min(max(nanoseconds, 0), 86_400_000_000_000)))
            let response = try await withTaskCancellationHandler {
                try await task.get()
            } onCancel: {
                task.cancel()
            }
            var fields: [String: String] = [:]
            for (name, value) in response.headers where fields[name.lowercased()] == nil {
                fields[name.lowercased()] = value
            }
            return HTTPReply(
                status: Int(response.status.code), headers: fields,
                body: response.body.map { Array($0.readableBytesView) } ?? [])
        } catch {
            if Task.isCancelled { throw .cancelled(applied: call.isWrite ? .unknown : nil) }
            throw .transport(error, configuration, isWrite: call.isWrite)
        }
    }

    private func client() throws(StoreError) -> HTTPClient {
        do {
            return try state.withLock { state in
                switch state {
                case .open(let client): return client
                case .closed:
                    throw StoreError(
                        .unavailable, "the connection to \(configuration.system) was shut down",
                        remedy: "open the stores anew", applied: .no, isRetryable: false)
                case .idle:
                    let client = try makeClient()
                    state = .open(client)
                    return client
                }
            }
        } catch {
            throw .wrapping(error, "the HTTP client can't be made")
        }
    }

    private func makeClient() throws -> HTTPClient {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let path = configuration.certificateAuthorities {
            do {
                tls.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(path))]
            } catch {
                throw StoreError(
                    .invalidArgument, "no certificates can be read from \(path)",
                    remedy: "name a file of PEM certificates", applied: .no, phase: .configuration,
                    underlying: error)
            }
        }
        var settings = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        settings.timeout.connect = .milliseconds(Int64(clamping: configuration.connectTimeout.wholeMilliseconds))
        settings.decompression = .enabled(limit: .size(configuration.maxReplyBytes))
        settings.connectionPool.retryConnectionEstablishment = false
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = configuration.maxConnections
        // One loop of the process's own: a call that begins on one and has its connection on another changes threads
        // at every step.
        let loop = HTTPClient.defaultEventLoopGroup.next()
        return HTTPClient(eventLoopGroupProvider: .shared(loop), configuration: settings)
    }
}
#endif
