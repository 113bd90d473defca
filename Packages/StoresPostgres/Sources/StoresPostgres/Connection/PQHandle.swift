import CLibPQ
@_spi(Sockets) import StoresCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A `PGconn`, closed when it is let go.
///
/// `@unchecked Sendable`: whoever has it serialises the calls; `PostgresConnection` does by its lock.
final class PQHandle: @unchecked Sendable {
    let connection: OpaquePointer

    init(_ connection: OpaquePointer) {
        self.connection = connection
    }

    deinit { PQfinish(connection) }

    var socket: Int32 { PQsocket(connection) }
    var isBroken: Bool { PQstatus(connection) != CONNECTION_OK }
    var message: String { String(cString: PQerrorMessage(connection)).trimmingTrailingNewlines }
    var serverVersion: Int { Int(PQserverVersion(connection)) }

    func parameter(_ name: String) -> String? {
        PQparameterStatus(connection, name).map { String(cString: $0) }
    }

    /// An error result's fields.
    static func failure(_ result: OpaquePointer) -> PostgresFailure {
        func field(_ code: Character) -> String? {
            guard let ascii = code.asciiValue else { return nil }
            return PQresultErrorField(result, Int32(ascii)).map { String(cString: $0) }
        }
        return PostgresFailure(
            sqlState: field("C"),
            message: field("M") ?? String(cString: PQresultErrorMessage(result)).trimmingTrailingNewlines,
            detail: field("D"), hint: field("H"), constraint: field("n"))
    }

    /// Whether a notice is the server's last word.
    static func isFatal(_ notice: OpaquePointer?) -> Bool {
        // PG_DIAG_SEVERITY_NONLOCALIZED
        guard let severity = PQresultErrorField(notice, Int32(UInt8(ascii: "V"))) else { return false }
        return ["FATAL", "PANIC"].contains(String(cString: severity))
    }

    /// Waits until the socket is ready.
    ///
    /// - Returns: False when the time has passed.
    static func wait(_ socket: Int32, forReading: Bool, milliseconds: Int32) -> Bool {
        var descriptor = pollfd(fd: socket, events: Int16(forReading ? POLLIN : POLLOUT), revents: 0)
        return poll(&descriptor, 1, milliseconds) > 0
    }

    /// Whether something can be read at once.
    var hasInput: Bool { SocketSolo.canRead(socket) }

    /// Ends the traffic in both directions: a call that waits for the socket returns.
    func cutOff() {
        let socket = socket
        #if canImport(Glibc)
        if socket >= 0 { _ = Glibc.shutdown(socket, Int32(SHUT_RDWR)) }
        #else
        if socket >= 0 { _ = shutdown(socket, Int32(SHUT_RDWR)) }
        #endif
    }
}

extension String {
    fileprivate var trimmingTrailingNewlines: String {
        var text = self[...]
        while let last = text.last, last.isNewline { text.removeLast() }
        return String(text)
    }
}
