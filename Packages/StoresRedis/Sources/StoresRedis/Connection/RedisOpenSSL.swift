// The functions have the names that OpenSSL gives them.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// OpenSSL, 3 or 1.1, as the system has it: loaded when a URL asks for TLS and not before, so that who does not use it
/// needs neither the library nor its headers to build.
///
/// hiredis_ssl would be no help: it reads and writes by itself, and hiredis before 1.0 has none.
struct RedisOpenSSL: Sendable {
    typealias Pointer = OpaquePointer
    typealias Text = UnsafePointer<CChar>

    let TLS_client_method: @convention(c) () -> Pointer?
    let SSL_CTX_new: @convention(c) (Pointer?) -> Pointer?
    let SSL_CTX_free: @convention(c) (Pointer?) -> Void
    let SSL_CTX_ctrl: @convention(c) (Pointer?, CInt, CLong, UnsafeMutableRawPointer?) -> CLong
    let SSL_CTX_set_verify: @convention(c) (Pointer?, CInt, UnsafeRawPointer?) -> Void
    let SSL_CTX_load_verify_locations: @convention(c) (Pointer?, Text?, Text?) -> CInt
    let SSL_CTX_set_default_verify_paths: @convention(c) (Pointer?) -> CInt
    let SSL_CTX_use_certificate_chain_file: @convention(c) (Pointer?, Text?) -> CInt
    let SSL_CTX_use_PrivateKey_file: @convention(c) (Pointer?, Text?, CInt) -> CInt
    let SSL_CTX_check_private_key: @convention(c) (Pointer?) -> CInt
    let SSL_new: @convention(c) (Pointer?) -> Pointer?
    let SSL_free: @convention(c) (Pointer?) -> Void
    let SSL_set_bio: @convention(c) (Pointer?, Pointer?, Pointer?) -> Void
    let SSL_set_connect_state: @convention(c) (Pointer?) -> Void
    let SSL_ctrl: @convention(c) (Pointer?, CInt, CLong, UnsafeMutableRawPointer?) -> CLong
    let SSL_set1_host: @convention(c) (Pointer?, Text?) -> CInt
    let SSL_get0_param: @convention(c) (Pointer?) -> Pointer?
    let X509_VERIFY_PARAM_set1_ip_asc: @convention(c) (Pointer?, Text?) -> CInt
    let SSL_do_handshake: @convention(c) (Pointer?) -> CInt
    let SSL_read: @convention(c) (Pointer?, UnsafeMutableRawPointer?, CInt) -> CInt
    let SSL_write: @convention(c) (Pointer?, UnsafeRawPointer?, CInt) -> CInt
    let SSL_get_error: @convention(c) (Pointer?, CInt) -> CInt
    let SSL_get_verify_result: @convention(c) (Pointer?) -> CLong
    let X509_verify_cert_error_string: @convention(c) (CLong) -> Text?
    let BIO_s_mem: @convention(c) () -> Pointer?
    let BIO_new: @convention(c) (Pointer?) -> Pointer?
    let BIO_free: @convention(c) (Pointer?) -> CInt
    let BIO_read: @convention(c) (Pointer?, UnsafeMutableRawPointer?, CInt) -> CInt
    let BIO_write: @convention(c) (Pointer?, UnsafeRawPointer?, CInt) -> CInt
    let BIO_ctrl: @convention(c) (Pointer?, CInt, CLong, UnsafeMutableRawPointer?) -> CLong
    let ERR_get_error: @convention(c) () -> CUnsignedLong
    let ERR_clear_error: @convention(c) () -> Void
    let ERR_error_string_n: @convention(c) (CUnsignedLong, UnsafeMutablePointer<CChar>?, Int) -> Void

    /// The library of this system; nil where there is none. It stays loaded.
    static let shared = load([
        "libssl.so.3", "libssl.so.1.1", "/opt/homebrew/opt/openssl@3/lib/libssl.3.dylib",
        "/usr/local/opt/openssl@3/lib/libssl.3.dylib",
    ])

    static func load(_ names: [String]) -> RedisOpenSSL? {
        for name in names {
            guard let library = dlopen(name, RTLD_NOW | RTLD_LOCAL) else { continue }
            if let found = RedisOpenSSL(library) { return found }
            dlclose(library)
        }
        return nil
    }

    private init?(_ library: UnsafeMutableRawPointer) {
        // The types are those of OpenSSL's documentation, which both versions share.
        func find<T>(_ name: String, as type: T.Type = T.self) -> T? {
            dlsym(library, name).map { unsafeBitCast($0, to: type) }
        }
        guard
            let TLS_client_method = find("TLS_client_method", as: (@convention(c) () -> Pointer?).self),
            let SSL_CTX_new = find("SSL_CTX_new", as: (@convention(c) (Pointer?) -> Pointer?).self),
            let SSL_CTX_free = find("SSL_CTX_free", as: (@convention(c) (Pointer?) -> Void).self),
            let SSL_CTX_ctrl = find(
                "SSL_CTX_ctrl", as: (@convention(c) (Pointer?, CInt, CLong, UnsafeMutableRawPointer?) -> CLong).self),
            let SSL_CTX_set_verify = find(
                "SSL_CTX_set_verify", as: (@convention(c) (Pointer?, CInt, UnsafeRawPointer?) -> Void).self),
            let SSL_CTX_load_verify_locations = find(
                "SSL_CTX_load_verify_locations", as: (@convention(c) (Pointer?, Text?, Text?) -> CInt).self),
            let SSL_CTX_set_default_verify_paths = find(
                "SSL_CTX_set_default_verify_paths", as: (@convention(c) (Pointer?) -> CInt).self),
            let SSL_CTX_use_certificate_chain_file = find(
                "SSL_CTX_use_certificate_chain_file", as: (@convention(c) (Pointer?, Text?) -> CInt).self),
            let SSL_CTX_use_PrivateKey_file = find(
                "SSL_CTX_use_PrivateKey_file", as: (@convention(c) (Pointer?, Text?, CInt) -> CInt).self),
            let SSL_CTX_check_private_key = find(
                "SSL_CTX_check_private_key", as: (@convention(c) (Pointer?) -> CInt).self),
            let SSL_new = find("SSL_new", as: (@convention(c) (Pointer?) -> Pointer?).self),
            let SSL_free = find("SSL_free", as: (@convention(c) (Pointer?) -> Void).self),
            let SSL_set_bio = find("SSL_set_bio", as: (@convention(c) (Pointer?, Pointer?, Pointer?) -> Void).self),
            let SSL_set_connect_state = find("SSL_set_connect_state", as: (@convention(c) (Pointer?) -> Void).self),
            let SSL_ctrl = find(
                "SSL_ctrl", as: (@convention(c) (Pointer?, CInt, CLong, UnsafeMutableRawPointer?) -> CLong).self),
            let SSL_set1_host = find("SSL_set1_host", as: (@convention(c) (Pointer?, Text?) -> CInt).self),
            let SSL_get0_param = find("SSL_get0_param", as: (@convention(c) (Pointer?) -> Pointer?).self),
            let X509_VERIFY_PARAM_set1_ip_asc = find(
                "X509_VERIFY_PARAM_set1_ip_asc", as: (@convention(c) (Pointer?, Text?) -> CInt).self),
            let SSL_do_handshake = find("SSL_do_handshake", as: (@convention(c) (Pointer?) -> CInt).self),
            let SSL_read = find(
                "SSL_read", as: (@convention(c) (Pointer?, UnsafeMutableRawPointer?, CInt) -> CInt).self),
            let SSL_write = find("SSL_write", as: (@convention(c) (Pointer?, UnsafeRawPointer?, CInt) -> CInt).self),
            let SSL_get_error = find("SSL_get_error", as: (@convention(c) (Pointer?, CInt) -> CInt).self),
            let SSL_get_verify_result = find("SSL_get_verify_result", as: (@convention(c) (Pointer?) -> CLong).self),
            let X509_verify_cert_error_string = find(
                "X509_verify_cert_error_string", as: (@convention(c) (CLong) -> Text?).self),
            let BIO_s_mem = find("BIO_s_mem", as: (@convention(c) () -> Pointer?).self),
            let BIO_new = find("BIO_new", as: (@convention(c) (Pointer?) -> Pointer?).self),
            let BIO_free = find("BIO_free", as: (@convention(c) (Pointer?) -> CInt).self),
            let BIO_read = find(
                "BIO_read", as: (@convention(c) (Pointer?, UnsafeMutableRawPointer?, CInt) -> CInt).self),
            let BIO_write = find("BIO_write", as: (@convention(c) (Pointer?, UnsafeRawPointer?, CInt) -> CInt).self),
            let BIO_ctrl = find(
                "BIO_ctrl", as: (@convention(c) (Pointer?, CInt, CLong, UnsafeMutableRawPointer?) -> CLong).self),
            let ERR_get_error = find("ERR_get_error", as: (@convention(c) () -> CUnsignedLong).self),
            let ERR_clear_error = find("ERR_clear_error", as: (@convention(c) () -> Void).self),
            let ERR_error_string_n = find(
                "ERR_error_string_n",
                as: (@convention(c) (CUnsignedLong, UnsafeMutablePointer<CChar>?, Int) -> Void).self)
        else { return nil }
        self.TLS_client_method = TLS_client_method
        self.SSL_CTX_new = SSL_CTX_new
        self.SSL_CTX_free = SSL_CTX_free
        self.SSL_CTX_ctrl = SSL_CTX_ctrl
        self.SSL_CTX_set_verify = SSL_CTX_set_verify
        self.SSL_CTX_load_verify_locations = SSL_CTX_load_verify_locations
        self.SSL_CTX_set_default_verify_paths = SSL_CTX_set_default_verify_paths
        self.SSL_CTX_use_certificate_chain_file = SSL_CTX_use_certificate_chain_file
        self.SSL_CTX_use_PrivateKey_file = SSL_CTX_use_PrivateKey_file
        self.SSL_CTX_check_private_key = SSL_CTX_check_private_key
        self.SSL_new = SSL_new
        self.SSL_free = SSL_free
        self.SSL_set_bio = SSL_set_bio
        self.SSL_set_connect_state = SSL_set_connect_state
        self.SSL_ctrl = SSL_ctrl
        self.SSL_set1_host = SSL_set1_host
        self.SSL_get0_param = SSL_get0_param
        self.X509_VERIFY_PARAM_set1_ip_asc = X509_VERIFY_PARAM_set1_ip_asc
        self.SSL_do_handshake = SSL_do_handshake
        self.SSL_read = SSL_read
        self.SSL_write = SSL_write
        self.SSL_get_error = SSL_get_error
        self.SSL_get_verify_result = SSL_get_verify_result
        self.X509_verify_cert_error_string = X509_verify_cert_error_string
        self.BIO_s_mem = BIO_s_mem
        self.BIO_new = BIO_new
        self.BIO_free = BIO_free
        self.BIO_read = BIO_read
        self.BIO_write = BIO_write
        self.BIO_ctrl = BIO_ctrl
        self.ERR_get_error = ERR_get_error
        self.ERR_clear_error = ERR_clear_error
        self.ERR_error_string_n = ERR_error_string_n
    }

    /// The reason for the last failure, in OpenSSL's words.
    var reason: String {
        let code = ERR_get_error()
        guard code != 0 else { return "no reason given" }
        var buffer = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(code, &buffer, buffer.count)
        ERR_clear_error()
        let text = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        // error:0A000086:SSL routines::certificate verify failed
        return text.split(separator: ":").last.map(String.init) ?? text
    }
}
