import StoresCore

extension StoreError {
    /// The server's error code, when an error of the server is underneath.
    var sqlState: String? { (underlying as? PostgresFailure)?.sqlState }

    /// An error of the server or of libpq as a `StoreError`: the one place where they are translated, by SQLSTATE
    /// (Appendix A of the PostgreSQL documentation).
    ///
    /// - Parameters:
    ///   - kind: Whether it was a write. An error that the server reports while it goes on working has rolled back.
    ///   - endpoint: Named in messages; without user and password.
    static func postgres(_ failure: PostgresFailure, _ kind: PostgresKind, endpoint: String) -> StoreError {
        let applied: Applied? = kind == .write ? .no : nil
        func error(
            _ code: Code, _ message: String, _ remedy: String? = nil, isRetryable: Bool? = nil, applied: Applied?
        ) -> StoreError {
            StoreError(
                code, message, remedy: remedy, applied: applied, isRetryable: isRetryable, underlying: failure)
        }
        guard let state = failure.sqlState else { return lost(failure, kind) }
        switch state {
        case "23505":
            return error(.alreadyExists, "a row of the same key is there already", applied: applied)
        case "23502", "23503", "23514", "23P01", "23000", "23001":
            return error(
                .internal, "a constraint of the stores' tables refused the write", applied: applied)
        case "40001", "40P01":
            return error(
                .unavailable, "the transaction met another one and was rolled back",
                "repeat it as a whole", isRetryable: true, applied: applied)
        case "25P02":
            return error(.unavailable, "the transaction had failed before", isRetryable: true, applied: applied)
        case "55P03", "55006":
            return error(
                .unavailable, "a row or table is locked by another transaction",
                "look for a long transaction: SELECT * FROM pg_stat_activity WHERE state <> 'idle'", applied: applied)
        case "57014":
            return error(
                .timeout, "the server ended the statement: it ran into its time limit, or was cancelled",
                "give the call a later deadline, or look at the server's load", applied: applied)
        case "57P01", "57P02", "57P03", "57P04", "57P05":
            return lost(failure, kind)
        case "53300":
            return error(
                .unavailable, "the server takes no more connections",
                "raise max_connections on the server, lower POSTGRES_POOL_SIZE, or put a session pooler in front",
                applied: applied)
        case "53100":
            return error(
                .unavailable, "the server's disk is full; what was stored before is unharmed",
                "free space on the server's volume, then call again", isRetryable: false, applied: applied)
        case "53200", "53000", "53400":
            return error(.unavailable, "the server has run out of a resource", applied: applied)
        case "54000", "54001", "54011", "54023":
            return error(
                .tooLarge, "the request exceeds a limit of the server",
                "make the value or the filter smaller, or the batch", applied: applied)
        case "25006":
            return error(
                .unavailable, "the server is a read-only replica, or its transactions are read-only",
                "let POSTGRES_URL name the primary; with several hosts, target_session_attrs=read-write finds it",
                applied: applied)
        case "28000":
            return error(
                .unauthenticated, "the server's rules let this user in from here in another way, or not at all",
                "check the user, and whether TLS (sslmode) or a client certificate (sslcert, sslkey) is demanded: "
                    + "pg_hba.conf on the server", applied: applied)
        case "28P01":
            return error(
                .unauthenticated, "the server refused the user or the password",
                "check user and password in POSTGRES_URL (or PGUSER and PGPASSWORD), and pg_hba.conf on the server",
                applied: applied)
        case "3D000":
            return error(
                .notFound, "the database does not exist",
                "create it, or let POSTGRES_URL (or PGDATABASE) name one that exists", applied: applied)
        case "42501":
            return error(
                .permissionDenied, "the user may not do this",
                "grant the user rights on the schema that POSTGRES_SCHEMA names and on its tables", applied: applied)
        case "42P01", "42703", "3F000", "42704", "42883", "42P07", "42701", "42710":
            return error(
                .schemaMismatch, "the database lacks, or has in another form, what the stores need",
                "open the stores once with schema mode create", applied: applied)
        case "22021", "22P05":
            return error(
                .invalidArgument, "a text holds a character that the database can't store",
                "remove NUL characters; the database's encoding must be UTF8", applied: applied)
        case "22003":
            return error(.invalidArgument, "a number is out of range", applied: applied)
        case _ where state.hasPrefix("22"):
            return error(.invalidArgument, "the server refused a value", applied: applied)
        case "0A000":
            return error(.unsupported, "the server can't do this", applied: applied)
        case "XX001", "XX002":
            return error(
                .corrupt, "the server found damaged data",
                "restore from a backup; for an index, REINDEX repairs it", applied: applied)
        case "58030", "58000", "58P01":
            return error(
                .unavailable, "the server failed to read or write its files", "look at the server's log and disk",
                isRetryable: false, applied: applied)
        case _ where state.hasPrefix("08"):
            return lost(failure, kind)
        default:
            return error(.internal, "the server refused a statement with code \(state)", applied: applied)
        }
    }

    /// The connection went away under a request: of a write nobody knows whether it was committed.
    static func lost(_ failure: PostgresFailure?, _ kind: PostgresKind) -> StoreError {
        let message =
            switch failure?.sqlState {
            case "57P01": "the connection was ended by the server's administrator"
            case "57P02": "the server crashed, or another of its sessions did"
            case "57P03": "the server is starting up or shutting down"
            default: "the connection to the server was lost"
            }
        return StoreError(
            .unavailable, message, applied: kind == .write ? .unknown : nil, isRetryable: true, underlying: failure)
    }

    /// A request that never left this process.
    static func notSent(_ failure: PostgresFailure?, _ kind: PostgresKind) -> StoreError {
        StoreError(
            .unavailable, "the connection to the server was lost before the request was sent",
            applied: kind == .write ? .no : nil, isRetryable: true, underlying: failure)
    }

    /// A failed attempt to connect.
    ///
    /// - Parameters:
    ///   - message: libpq's, in which a server's error has its code, since connections begin with verbose messages.
    ///   - phase: How far it came.
    static func connecting(_ message: String, phase: Phase, endpoint: String) -> StoreError {
        let failure = PostgresFailure(sqlState: sqlState(in: message), message: message)
        if failure.sqlState != nil {
            let known: StoreError =
                switch failure.sqlState {
                case "57P03":
                    StoreError(
                        .unavailable, "the server is starting up or shutting down", remedy: "wait a moment",
                        underlying: failure)
                default: postgres(failure, .read, endpoint: endpoint)
                }
            return known.filling(endpoint: endpoint, phase: known.code == .notFound ? .open : .authentication)
        }
        let what: (Code, Phase, String, String?)
        if message.contains("could not translate host name") {
            what = (
                .unavailable, .dns, "the server's name has no address", "check the host in POSTGRES_URL (or PGHOST)"
            )
        } else if message.contains("SSL") || message.contains("certificate") || message.contains("root.crt") {
            what = (
                .unavailable, .tls, "the TLS connection could not be made",
                "check sslmode and the certificates (sslrootcert, sslcert, sslkey) in POSTGRES_URL"
            )
        } else if message.contains("no password supplied") {
            what = (
                .unauthenticated, .authentication, "the server asks for a password, and none is given",
                "put it into POSTGRES_URL, PGPASSWORD or the password file"
            )
        } else if message.contains("password") || message.contains("SCRAM") {
            what = (.unauthenticated, .authentication, "authentication failed", nil)
        } else if message.contains("session is read-only") || message.contains("server is in hot standby")
            || message.contains("session is not read-only") || message.contains("server is not in hot standby")
        {
            what = (
                .unavailable, .open, "no server of the list is of the kind that target_session_attrs asks for",
                "check the hosts in POSTGRES_URL, or whether a fail-over is under way"
            )
        } else if message.contains("service") && message.contains("not found") {
            what = (.invalidArgument, .configuration, "the connection service is not defined", "check PGSERVICE")
        } else {
            what = (.unavailable, phase, "the server did not take the connection", nil)
        }
        return StoreError(
            what.0, what.2, remedy: what.3, endpoint: endpoint, applied: .no, phase: what.1, underlying: failure)
    }

    /// `FATAL:  28P01: password …` with verbose messages, whatever language the rest is in.
    static func sqlState(in message: String) -> String? {
        // Severities may have five letters too; every code has a digit.
        message.matches(of: #/ +([0-9A-Z]{5}):/#).map(\.1).first { $0.contains { $0.isNumber } }.map(String.init)
    }
}
