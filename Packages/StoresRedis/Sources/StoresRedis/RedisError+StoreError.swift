import StoresCore

// The one place where what a server answers, and what a connection meets, becomes a `StoreError`.

extension StoreError {
    /// An error reply. Its sentence may repeat what was sent, so only its first word is shown.
    static func redis(_ error: RedisErrorReply) -> StoreError {
        let code = error.code
        switch code {
        case "WRONGTYPE":
            return StoreError(
                .preconditionFailed, "the key holds another kind than the operation wants", applied: .no,
                underlying: error)
        case "NOAUTH", "WRONGPASS":
            return StoreError(
                .unauthenticated,
                code == "NOAUTH" ? "the server asks for a password" : "the server refused the password",
                remedy: "put user and password into the URL: redis://user:password@host:port", applied: .no,
                phase: .authentication, underlying: error)
        case "NOPERM":
            return StoreError(
                .permissionDenied, "the user may not run this command or touch this key",
                remedy: "grant it with ACL SETUSER, on keys that begin with the configured prefix", applied: .no,
                underlying: error)
        case "OOM":
            return StoreError(
                .unavailable, "the server has reached maxmemory and takes no more",
                remedy: "raise maxmemory, delete what is not needed, or give entries an expiry", applied: .no,
                isRetryable: false, underlying: error)
        case "READONLY":
            return StoreError(
                .unavailable, "the server is a replica and takes no writes",
                remedy: "name the primary, or sentinels that know it: redis+sentinel://host:port/primary", applied: .no,
                underlying: error)
        case "LOADING":
            return passing("the server is loading its data", error)
        case "BUSY":
            return passing("the server is busy with a script", error)
        case "DENIED":
            return StoreError(
                .permissionDenied, "the server is in protected mode and takes connections of its own machine alone",
                remedy: "give it a password, or bind it to the right address", applied: .no, phase: .authentication,
                underlying: error)
        case "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "NOGOODSLAVE":
            return passing("the server can't take this now (\(code))", error)
        case "MISCONF":
            return StoreError(
                .unavailable, "the server can't write to its disk and takes no writes",
                remedy: "look at the server's log; free space on its disk", applied: .no, isRetryable: false,
                underlying: error)
        case "MOVED", "ASK", "CROSSSLOT":
            return StoreError(
                .unavailable, "the slots of the cluster are moving (\(code))", applied: .no, underlying: error)
        default:
            return unclear(error)
        }
    }

    private static func passing(_ message: String, _ error: RedisErrorReply) -> StoreError {
        StoreError(.unavailable, message, applied: .no, underlying: error)
    }

    private static func unclear(_ error: RedisErrorReply) -> StoreError {
        if error.isOutOfReach { return passing("the slots of the cluster are moving", error) }
        let text = error.text.lowercased()
        if text.contains("max number of clients") {
            return StoreError(
                .unavailable, "the server has as many clients as it takes",
                remedy: "raise maxclients, or lower the number of connections", applied: .no, underlying: error)
        }
        if text.contains("select is not allowed in cluster mode") {
            return StoreError(
                .invalidArgument, "a cluster has database 0 alone", remedy: "leave the database out of the URL",
                applied: .no, phase: .configuration, underlying: error)
        }
        if text.contains("unknown command") || text.contains("unknown subcommand") {
            return StoreError(
                .unsupported, "the server does not know a command",
                remedy: "Redis 6.2, KeyDB 6.3 or Valkey 7.2 is the least",
                applied: .no, underlying: error)
        }
        if text.contains("db index is out of range") {
            return StoreError(
                .invalidArgument, "the server has no database of this number", remedy: "correct the end of the URL",
                applied: .no, phase: .configuration, underlying: error)
        }
        return StoreError(
            .internal, "the server refused the command (\(error.code))", underlying: error)
    }

    /// An error reply to what is said on a new connection.
    static func redisHandshake(_ error: RedisErrorReply) -> StoreError {
        // The sentence may repeat what was sent, the password with it.
        let error = RedisErrorReply(text: String(error.code))
        if error.isCode("NOPROTO") {
            return StoreError(
                .unsupported, "the server does not speak RESP3", remedy: "leave the protocol at 2", applied: .no,
                phase: .configuration, underlying: error)
        }
        let translated = StoreError.redis(error)
        guard translated.code == .internal || translated.code == .unsupported else {
            return translated.filling(phase: .authentication)
        }
        // "ERR Client sent AUTH, but no password is set", "ERR invalid password", and whatever comes next.
        return StoreError(
            .unauthenticated, "the server refused the user and password",
            remedy: "correct user and password in the URL, or leave them out where the server asks for none",
            applied: .no, phase: .authentication, underlying: error)
    }

    // MARK: Connections

    static func redisUnresolved(_ error: RedisResolutionError, _ address: RedisAddress) -> StoreError {
        StoreError(
            .unavailable, "\(address) can't be resolved: \(error.reason)", endpoint: address.description, applied: .no,
            phase: .dns, underlying: error)
    }

    static func redisUnreachable(_ error: RedisSystemError?, _ configuration: RedisConfiguration) -> StoreError {
        StoreError(
            .unavailable, "no connection: \(error?.description ?? "the name has no address")",
            endpoint: configuration.endpoint, applied: .no, phase: .tcp, underlying: error)
    }

    /// The other side is not who it should be, or this one is not wanted: trying again does not help, if that is final.
    static func redisNotSecured(_ reason: String, _ configuration: RedisConfiguration, isFinal: Bool = true)
        -> StoreError
    {
        let flavor = configuration.flavor
        return StoreError(
            .unavailable, "no TLS connection: \(reason)",
            remedy: "\(flavor.variable("TLS_CA")) names who signed the server's certificate, which is for the host of "
                + "\(flavor.variable("URL")); a server that asks for one wants \(flavor.variable("TLS_CERT")) too",
            endpoint: configuration.endpoint, applied: .no, isRetryable: isFinal ? false : nil, phase: .tls)
    }

    static func redisConnectTimeout(_ configuration: RedisConfiguration, phase: Phase) -> StoreError {
        StoreError(
            .unavailable, "no connection within \(configuration.connectTimeout)", endpoint: configuration.endpoint,
            applied: .no, phase: phase)
    }

    /// `applied` is left open: it differs from call to call.
    static func redisLost(_ message: String, _ error: (any Error)?) -> StoreError {
        StoreError(.unavailable, "the connection was lost: \(message)", underlying: error)
    }

    static var redisClosed: StoreError { redisClosed(applied: .no) }

    static func redisClosed(applied: Applied) -> StoreError {
        StoreError(.unavailable, "the store was shut down", applied: applied, isRetryable: false)
    }

    /// A reply of a form that the command never gives.
    static func redisUnexpected(_ what: String) -> StoreError {
        StoreError(.internal, "the server's reply to \(what) has an unknown form")
    }

    /// What is there was not written by this library, or was damaged.
    static func redisForeign(_ key: String) -> StoreError {
        StoreError(
            .corrupt, "the key holds what this library did not write",
            remedy: "give the stores a key prefix of their own, or delete the key", resource: key, applied: .no)
    }
}

extension StoreError {
    /// The same where it holds for a part of the call, and something was done by the rest of it, or may have been.
    var forSome: StoreError {
        StoreError(
            code, message, remedy: remedy, endpoint: endpoint, resource: resource, applied: .unknown,
            conflict: conflict, retryAfter: retryAfter, isRetryable: isRetryable, phase: phase, underlying: underlying)
    }
}

extension RedisValue {
    /// The value, unless it is an error reply.
    func checked() throws(StoreError) -> RedisValue {
        if case .error(let error) = self { throw .redis(error) }
        return self
    }
}
