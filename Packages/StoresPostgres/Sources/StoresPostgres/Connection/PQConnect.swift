import CLibPQ
import StoresCore
import Synchronization

/// Making a connection: blocks its thread, which is one of the adapter's own, never longer than told.
struct PQConnect: Sendable {
    /// The host of several that was reached last.
    private final class Preference: Sendable {
        let host = Atomic<Int>(0)
    }

    let configuration: PostgresConfiguration
    let endpoint: String
    private let preference = Preference()

    init(configuration: PostgresConfiguration, endpoint: String) {
        self.configuration = configuration
        self.endpoint = endpoint
    }

    /// Of several hosts one after the other is tried, each for its part of the time: libpq itself, when it does not
    /// block, goes on to the next when one refuses, and waits for ever when one is silent.
    ///
    /// - Parameters:
    ///   - phase: Told how far it came.
    ///   - isGivenUp: Asked now and then.
    func open(
        deadline: Deadline, phase: (StoreError.Phase) -> Void, isGivenUp: () -> Bool
    ) throws(StoreError) -> PQHandle {
        let hosts = configuration.hosts
        guard hosts.count > 1 else { return try open([:], deadline, phase, isGivenUp) }
        let first = preference.host.load(ordering: .relaxed)
        var failure: StoreError?
        for step in hosts.indices {
            let index = (first + step) % hosts.count
            let part = deadline.remaining / (hosts.count - step)
            do throws(StoreError) {
                let handle = try open(hosts[index], min(deadline, .after(part)), phase, isGivenUp)
                preference.host.store(index, ordering: .relaxed)
                return handle
            } catch {
                // As libpq: a server that was reached and refuses the user speaks for all.
                guard error.code == .unavailable, !isGivenUp() else { throw error }
                failure = error
            }
        }
        throw failure ?? StoreError(.unavailable, "no host is named", endpoint: endpoint, applied: .no)
    }

    /// - Parameters:
    ///   - host: Takes the place of what the configuration says.
    ///   - phase: Told how far it came.
    ///   - isGivenUp: Asked now and then.
    private func open(
        _ host: [String: String], _ deadline: Deadline, _ phase: (StoreError.Phase) -> Void, _ isGivenUp: () -> Bool
    ) throws(StoreError) -> PQHandle {
        phase(.dns)
        let handle = try begin(host)
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

    /// What libpq is given. It expands the first `dbname` alone, which therefore is the URL; of a keyword that occurs
    /// twice the last counts, and so none follows that the URL has.
    func keywords(_ host: [String: String] = [:]) -> [(name: String, value: String)] {
        let given = configuration.given
        var parameters = configuration.url.map { [("dbname", $0)] } ?? []
        parameters += configuration.parameters.filter { given[$0.key] == nil }.sorted { $0.key < $1.key }
            .map { ($0.key, $0.value) }
        return parameters + forced(given) + host.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func begin(_ host: [String: String]) throws(StoreError) -> PQHandle {
        let parameters = keywords(host)
        let names = parameters.map(\.name)
        let values = parameters.map(\.value)
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
    private func forced(_ url: [String: String]) -> [(name: String, value: String)] {
        var forced = [("client_encoding", "UTF8"), ("fallback_application_name", "swift-backend-stores")]
        let given = Set(configuration.parameters.keys).union(url.keys)
        for (name, value) in [("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3")]
        where !given.contains(name) {
            forced.append((name, value))
        }
        // With several hosts the one that takes writes is meant, unless the URL says otherwise.
        if configuration.hosts.count > 1, !given.contains("target_session_attrs") {
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
    /// Each host of several, as the keywords that name it alone; empty when libpq is to choose by itself.
    var hosts: [[String: String]] {
        let found = parameters.merging(given) { $1 }
        // Preferences among all of them are libpq's to keep.
        if found["target_session_attrs"] == "prefer-standby" || found["load_balance_hosts"] != nil { return [] }
        func list(_ keyword: String) -> [String] {
            found[keyword].map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) } ?? []
        }
        let (names, addresses, ports) = (list("host"), list("hostaddr"), list("port"))
        return (0..<max(names.count, addresses.count)).map { index in
            var host: [String: String] = [:]
            if index < names.count { host["host"] = names[index] }
            if index < addresses.count { host["hostaddr"] = addresses[index] }
            // One port is that of all.
            if let port = index < ports.count ? ports[index] : ports.first { host["port"] = port }
            return host
        }
    }

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
