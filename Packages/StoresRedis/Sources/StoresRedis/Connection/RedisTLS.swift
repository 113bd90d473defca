import StoresCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Whom a connection trusts, and who it says it is: a context of OpenSSL, made once for all connections.
///
/// `@unchecked Sendable`: OpenSSL allows a context to be used from many threads, and nothing changes it after `init`.
final class RedisTLS: @unchecked Sendable {
    let library: RedisOpenSSL
    let context: OpaquePointer

    /// - Parameters:
    ///   - authority: A file of certificates that are trusted; nil for those of the system.
    ///   - certificate: A file of the client's own certificate and those above it, with `key`.
    init(
        authority: String?, certificate: String?, key: String?, variable: (String) -> String,
        library: RedisOpenSSL? = .shared
    ) throws(StoreError) {
        func refusal(_ code: StoreError.Code, _ message: String, _ remedy: String) -> StoreError {
            StoreError(code, message, remedy: remedy, applied: .no, phase: .configuration)
        }
        guard let library, let context = library.SSL_CTX_new(library.TLS_client_method()) else {
            throw refusal(
                .unsupported, "\(variable("URL")) asks for TLS, and this system has no OpenSSL (libssl.so.3)",
                "apt-get install libssl3, or let a proxy on this machine, such as stunnel, speak TLS")
        }
        self.library = library
        self.context = context
        // SSL_CTRL_SET_MIN_PROTO_VERSION: TLS 1.2; SSL_VERIFY_PEER.
        _ = library.SSL_CTX_ctrl(context, 123, 0x0303, nil)
        library.SSL_CTX_set_verify(context, 1, nil)
        let isTrusting =
            authority.map { library.SSL_CTX_load_verify_locations(context, $0, nil) }
            ?? library.SSL_CTX_set_default_verify_paths(context)
        guard isTrusting == 1 else {
            throw refusal(
                .invalidArgument, "\(variable("TLS_CA")) is no readable file of certificates (\(library.reason))",
                "name a PEM file, or leave it out to trust the system's authorities")
        }
        guard (certificate == nil) == (key == nil) else {
            throw refusal(
                .invalidArgument, "\(variable("TLS_CERT")) and \(variable("TLS_KEY")) go together", "set both, or none")
        }
        guard let certificate, let key else { return }
        // 1: PEM.
        guard library.SSL_CTX_use_certificate_chain_file(context, certificate) == 1,
            library.SSL_CTX_use_PrivateKey_file(context, key, 1) == 1,
            library.SSL_CTX_check_private_key(context) == 1
        else {
            throw refusal(
                .invalidArgument,
                "\(variable("TLS_CERT")) and \(variable("TLS_KEY")) are no certificate with its key (\(library.reason))",
                "name PEM files, of a key without a passphrase")
        }
    }

    deinit {
        library.SSL_CTX_free(context)
    }
}

/// One side of a TLS connection between two buffers: what was received goes in and plain bytes come out, and the other
/// way round. Confined to who reads and writes the socket.
final class RedisTLSSession {
    enum Progress {
        case done
        /// The peer is to say something.
        case waits
        case closed
        case failed(String)
    }

    private let tls: RedisTLS
    private let session: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer

    /// - Parameter name: Host name or address, which the server's certificate is to be for.
    /// - Returns: Nil when there is no memory for it.
    init?(_ tls: RedisTLS, name: String) {
        let library = tls.library
        guard let session = library.SSL_new(tls.context) else { return nil }
        guard let incoming = library.BIO_new(library.BIO_s_mem()), let outgoing = library.BIO_new(library.BIO_s_mem())
        else {
            library.SSL_free(session)
            return nil
        }
        self.tls = tls
        self.session = session
        self.incoming = incoming
        self.outgoing = outgoing
        library.SSL_set_bio(session, incoming, outgoing)
        library.SSL_set_connect_state(session)
        var address = in6_addr()
        let isAddress = inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1
        let isSet: CInt
        if isAddress {
            isSet = library.X509_VERIFY_PARAM_set1_ip_asc(library.SSL_get0_param(session), name)
        } else {
            // SSL_CTRL_SET_TLSEXT_HOSTNAME
            var text = Array(name.utf8CString)
            _ = text.withUnsafeMutableBytes { library.SSL_ctrl(session, 55, 0, $0.baseAddress) }
            isSet = library.SSL_set1_host(session, name)
        }
        // Never a session that would take any name.
        guard isSet == 1 else { return nil }
    }

    deinit {
        tls.library.SSL_free(session)
    }

    func handshake() -> Progress {
        tls.library.ERR_clear_error()
        let result = tls.library.SSL_do_handshake(session)
        return result == 1 ? .done : progress(result)
    }

    /// - Returns: How many plain bytes came out.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> (count: Int, Progress) {
        tls.library.ERR_clear_error()
        let count = tls.library.SSL_read(session, buffer.baseAddress, CInt(clamping: buffer.count))
        return count > 0 ? (Int(count), .done) : (0, progress(count))
    }

    /// - Returns: How many plain bytes were taken.
    func write(_ bytes: UnsafeRawBufferPointer) -> (count: Int, Progress) {
        tls.library.ERR_clear_error()
        let count = tls.library.SSL_write(session, bytes.baseAddress, CInt(clamping: bytes.count))
        return count > 0 ? (Int(count), .done) : (0, progress(count))
    }

    /// What the socket received.
    func receive(_ bytes: UnsafeRawBufferPointer) {
        _ = tls.library.BIO_write(incoming, bytes.baseAddress, CInt(clamping: bytes.count))
    }

    /// Bytes for the socket.
    func takeOutput() -> [UInt8] {
        // BIO_CTRL_PENDING
        let pending = Int(tls.library.BIO_ctrl(outgoing, 10, 0, nil))
        guard pending > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: pending) { buffer, count in
            count = max(0, Int(tls.library.BIO_read(outgoing, buffer.baseAddress, CInt(clamping: pending))))
        }
    }

    private func progress(_ result: CInt) -> Progress {
        switch tls.library.SSL_get_error(session, result) {
        // SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE, SSL_ERROR_ZERO_RETURN
        case 2, 3: return .waits
        case 6: return .closed
        default:
            let verdict = tls.library.SSL_get_verify_result(session)
            guard verdict != 0, let text = tls.library.X509_verify_cert_error_string(verdict) else {
                return .failed(tls.library.reason)
            }
            return .failed("the server's certificate: " + String(cString: text))
        }
    }
}
