import CLibPQ
import StoresCore
import Synchronization

/// Making a connection: blocks its thread, which is one of the adapter's own, never longer than told.
struct PQConnect: Sendable {
    let configuration: PostgresConfiguration
    let endpoint: String

    /// - Parameters:
    ///   - phase: Told how far it came.
    ///   - isGivenUp: Asked now and then.
    func open(
        deadline: Deadline, phase: (StoreError.Phase) -> Void, isGivenUp: () -> Bool
    ) throws(StoreError) -> PQHandle {
        phase(.dns)
        let handle = try begin()
        // Before the server says anything: its errors then come with their codes.
        PQsetErrorVerbosity(handle.connection, PQERRORS_VERBOSE)
        PQsetNoticeReceiver(handle.connection, { _, _ in }, nil)
        var reached = StoreError.Phase.tcp
        var next = PGRES_POLLING_WRITING
        while true {
            switch PQstatus(handle.connection) {
            case CONNECTION_SSL_STARTUP: reached = .tls
            case CONNECTION_AWAITING_RESPONSE, CONNECTION_AUTH_OK, CONNECTION_CHECK_WRITABLE, CONNECTION_CONSUME,
                CONNECTION_CHECK_TARGET, CONNECTION_CHECK_STANDBY, CONNECTION_GSS_STARTUP:
                reached = .authentication
            case CONNECTION_BAD:
                throw .connecting(handle.message, phase: reached, endpoint: endpoint)
            default: reached = .tcp
            }
            phase(reached)
            switch next {
            case PGRES_POLLING_OK:
                PQsetErrorVerbosity(handle.connection, PQERRORS_DEFAULT)
                return handle
            case PGRES_POLLING_FAILED:
                throw .connecting(handle.message, phase: reached, endpoint: endpoint)
            case PGRES_POLLING_READING, PGRES_POLLING_WRITING:
                try wait(handle, next, deadline, reached, isGivenUp)
            default: break
            }
            next = PQconnectPoll(handle.connection)
        }
    }

    private func wait(
        _ handle: PQHandle, _ what: PostgresPollingStatusType, _ deadline: Deadline, _ phase: StoreError.Phase,
        _ isGivenUp: () -> Bool
    ) throws(StoreError) {
        // In slices, to notice that nobody wants it any more.
        while !PQHandle.wait(
            handle.socket, forReading: what == PGRES_POLLING_READING,
            milliseconds: min(50, max(1, deadline.remainingMilliseconds)))
        {
            if isGivenUp() { throw StoreError(.unavailable, "the backend was shut down", isRetryable: false) }
            guard !deadline.hasPassed else {
                throw StoreError(
                    .unavailable, "the server did not take the connection in time", endpoint: endpoint, applied: .no,
                    phase: phase)
            }
        }
    }

    private func begin() throws(StoreError) -> PQHandle {
        // Of a keyword that occurs twice the last counts, and what the URL holds takes the place of `dbname`.
        var parameters = configuration.parameters.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        if let url = configuration.url { parameters.append(("dbname", url)) }
        parameters += forced
        let names = parameters.map(\.0)
        let values = parameters.map(\.1)
        let connection = Self.withCStrings(names) { names in
            Self.withCStrings(values) { values in PQconnectStartParams(names, values, 1) }
        }
        guard let connection else { throw StoreError(.unavailable, "libpq ran out of memory", applied: .no) }
        let handle = PQHandle(connection)
        guard PQstatus(connection) != CONNECTION_BAD else {
            throw .connecting(handle.message, phase: .tcp, endpoint: endpoint)
        }
        return handle
    }

    /// What the adapter relies on, and what detects a peer that is gone without a word; the URL may set the latter.
    private var forced: [(String, String)] {
        var forced = [("client_encoding", "UTF8"), ("fallback_application_name", "swift-backend-stores")]
        let given = Set(configuration.parameters.keys).union(configuration.given.keys)
        for (name, value) in [("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3")]
        where !given.contains(name) {
            forced.append((name, value))
        }
        // With several hosts the one that takes writes is meant, unless the URL says otherwise.
        let hosts = configuration.given["host"] ?? configuration.parameters["host"] ?? ""
        if hosts.contains(","), !given.contains("target_session_attrs") {
            forced.append(("target_session_attrs", "read-write"))
        }
        return forced
    }

    static func withCStrings<T>(_ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> T) -> T {
        let copies = strings.map { string in
            let bytes = Array(string.utf8CString)
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
            copy.initialize(from: bytes, count: bytes.count)
            return copy
        }
        defer { for copy in copies { copy.deallocate() } }
        var pointers: [UnsafePointer<CChar>?] = copies.map { UnsafePointer($0) }
        pointers.append(nil)
        return pointers.withUnsafeBufferPointer { buffer in
            // Not empty, thanks to the terminator: it has an address.
            withUnsafePointer(to: nil as UnsafePointer<CChar>?) { none in body(buffer.baseAddress ?? none) }
        }
    }
}

extension PostgresConfiguration {
    /// What the URL says, by libpq's keywords; empty without one, or when it does not parse.
    var given: [String: String] {
        guard let url, let options = PQconninfoParse(url, nil) else { return [:] }
        defer { PQconninfoFree(options) }
        return Self.values(options)
    }

    /// - Throws: `invalidArgument` when libpq does not understand the URL; its text is not shown, for it may quote it.
    func validate() throws(StoreError) {
        guard let url else { return }
        var message: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(url, &message)
        if let message { PQfreemem(message) }
        guard let options else {
            throw StoreError(
                .invalidArgument, "POSTGRES_URL is no connection URL that libpq understands",
                remedy: "write it as postgres://user:password@host:port/database; characters such as @ and / in the "
                    + "password are percent-encoded",
                applied: .no, phase: .configuration)
        }
        PQconninfoFree(options)
    }

    /// Host, port and database, with libpq's defaults where nothing is said; no user, no password.
    var endpoint: String {
        var found = parameters
        found.merge(given) { $1 }
        if let options = PQconndefaults() {
            found.merge(Self.values(options)) { mine, _ in mine }
            PQconninfoFree(options)
        }
        if let service = found["service"], found["host"] == nil { return "postgres service \(service)" }
        let hosts = (found["host"] ?? found["hostaddr"] ?? "localhost").split(separator: ",")
        let ports = (found["port"] ?? "5432").split(separator: ",")
        let places = hosts.enumerated().map { index, host in
            "\(host):\(index < ports.count ? ports[index] : ports.last ?? "5432")"
        }
        return "postgres://\(places.joined(separator: ","))/\(found["dbname"] ?? found["user"] ?? "")"
    }

    private static func values(_ options: UnsafeMutablePointer<PQconninfoOption>) -> [String: String] {
        var values: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return values
    }
}
