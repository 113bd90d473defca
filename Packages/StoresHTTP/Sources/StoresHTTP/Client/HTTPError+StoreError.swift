#if HTTP
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix
import NIOSSL
import StoresCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

extension StoreError {
    /// An error of the HTTP client as a `StoreError`: the one place where they are translated.
    static func transport(_ error: any Error, _ configuration: HTTPConfiguration, isWrite: Bool) -> StoreError {
        let system = configuration.system
        let started: Applied? = isWrite ? .unknown : nil
        let notStarted: Applied? = isWrite ? .no : nil
        func unreachable(_ what: String, _ phase: Phase, isRetryable: Bool = true) -> StoreError {
            StoreError(
                .unavailable, "\(system) \(what)", endpoint: configuration.endpoint.text, applied: notStarted,
                isRetryable: isRetryable, phase: phase, underlying: error)
        }
        switch error {
        case let error as StoreError: return error
        case is CancellationError: return .cancelled(applied: started)
        case let error as NIOConnectionError:
            let isUnknown = error.connectionErrors.isEmpty && (error.dnsAError != nil || error.dnsAAAAError != nil)
            return isUnknown
                ? unreachable("has a host name that does not resolve", .dns)
                : unreachable("does not take connections", .tcp)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            return unreachable(
                "failed to agree on TLS; the certificate may be unknown or of another host", .tls, isRetryable: false)
        case is ResponseAccumulator.ResponseTooBigError, is NIOHTTPDecompression.DecompressionError:
            return StoreError(
                .tooLarge,
                "the reply of \(system) was cut off: it has more than \(configuration.maxReplyBytes) bytes, or can't "
                    + "be decompressed",
                remedy: "ask for less in one call", applied: started, underlying: error)
        case let error as HTTPClientError: return client(error, configuration, started, unreachable)
        case ChannelError.connectTimeout: return unreachable("does not take connections in time", .tcp)
        case let error as IOError where refusals.contains(error.errnoCode):
            return unreachable("does not take connections", .tcp)
        default:
            return StoreError(
                .unavailable, "the connection to \(system) broke", endpoint: configuration.endpoint.text,
                applied: started, underlying: error)
        }
    }

    /// What connecting fails with, and nothing later.
    private static let refusals: Set<CInt> = [
        ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN, EADDRNOTAVAIL,
    ]

    private static func client(
        _ error: HTTPClientError, _ configuration: HTTPConfiguration, _ started: Applied?,
        _ unreachable: (String, Phase, Bool) -> StoreError
    ) -> StoreError {
        let system = configuration.system
        switch error {
        case .cancelled, .requestStreamCancelled: return .cancelled(applied: started)
        case .deadlineExceeded, .readTimeout, .writeTimeout:
            return .timeout("the call to \(system)", applied: started, underlying: error)
        case .getConnectionFromPoolTimeout:
            return .timeout("waiting for a connection to \(system)", applied: started, underlying: error)
        case .connectTimeout: return unreachable("does not take connections in time", .tcp, true)
        case .tlsHandshakeTimeout: return unreachable("does not finish the TLS handshake in time", .tls, true)
        case .alreadyShutdown:
            return StoreError(
                .unavailable, "the connection to \(system) was shut down", remedy: "open the stores anew",
                applied: started, isRetryable: false, underlying: error)
        case .invalidURL, .emptyHost, .emptyScheme, .invalidHeaderFieldNames([]), .invalidHeaderFieldValues([]):
            return StoreError(
                .invalidArgument, "the request to \(system) can't be made: a header or the URL is not valid",
                remedy: "look at the URL and the key for characters that do not belong there", applied: .no)
        default:
            return StoreError(
                .unavailable, "the connection to \(system) broke", endpoint: configuration.endpoint.text,
                applied: started, underlying: error)
        }
    }
}
#endif
