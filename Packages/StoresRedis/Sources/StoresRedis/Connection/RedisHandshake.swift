import StoresCore

/// What is said on a new connection before anything else, and whether the answers let it be used.
struct RedisHandshake: Sendable {
    private enum Step {
        case hello, authenticate, select
        /// The server may refuse; it is a courtesy.
        case optional
        /// The answer of a primary is wanted.
        case role
    }

    private var steps: [Step] = []
    private var done = 0
    private(set) var bytes: [UInt8] = []

    /// - Parameter wantsPrimary: Refuse a replica: the address came from somebody who may be out of date.
    init(_ configuration: RedisConfiguration, wantsPrimary: Bool) {
        var writer = RedisWriter()
        switch (configuration.usesRESP3, configuration.password) {
        case (true, let password?):
            writer.command(5)
            writer.word("HELLO")
            writer.word("3")
            writer.word("AUTH")
            writer.text(configuration.user ?? "default")
            writer.text(password)
            steps.append(.hello)
        case (true, nil):
            writer.command(2)
            writer.word("HELLO")
            writer.word("3")
            steps.append(.hello)
        case (false, let password?):
            writer.command(configuration.user == nil ? 2 : 3)
            writer.word("AUTH")
            if let user = configuration.user { writer.text(user) }
            writer.text(password)
            steps.append(.authenticate)
        case (false, nil): break
        }
        writer.command(3)
        writer.word("CLIENT")
        writer.word("SETNAME")
        writer.word("swift-backend-stores")
        steps.append(.optional)
        if configuration.database != 0 {
            writer.command(2)
            writer.word("SELECT")
            writer.integer(Int64(configuration.database))
            steps.append(.select)
        }
        if wantsPrimary {
            writer.command(1)
            writer.word("ROLE")
            steps.append(.role)
        }
        bytes = writer.bytes
    }

    /// - Returns: Whether the connection is ready.
    mutating func receive(_ value: RedisValue) throws(StoreError) -> Bool {
        guard done < steps.count else { return true }
        let step = steps[done]
        done += 1
        if let error = value.error {
            switch step {
            // The command itself may be forbidden or unknown. Whoever takes no connection says so here too: one that
            // wants a password, is in protected mode, or has too many clients.
            case .optional where error.isCode("NOPERM") || error.text.hasPrefix("ERR unknown"): break
            case .optional: throw StoreError.redis(error).filling(phase: .authentication)
            case .hello, .authenticate: throw StoreError.redisHandshake(error)
            case .select, .role: throw StoreError.redis(error).filling(phase: .open)
            }
        }
        if step == .role, let role = value.array?.first?.text, role != "master" {
            throw StoreError(
                .unavailable, "the server is a \(role), not a primary", applied: .no, phase: .open)
        }
        return done == steps.count
    }
}
