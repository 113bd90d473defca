import ArgumentParser
import StoresCore

struct SessionLease: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lease", abstract: "Leases with fencing: generations strictly rise.",
        discussion: #"A lease is {"key","generation","expiresAt"}."#,
        subcommands: [Acquire.self, Renew.self, Release.self])

    struct Acquire: TierVerb {
        static let tier = Tier.session
        static let configuration = CommandConfiguration(
            abstract: "Takes a lease; exit code 4 while another holder has it.",
            discussion: "stores session lease acquire jobs/nightly --ttl 30s")

        @OptionGroup var key: LeaseKey
        @OptionGroup var ttl: LeaseTTL
        @OptionGroup var call: CallOptions

        func run(_ stores: Stores, _ console: Console) async throws {
            guard let lease = try await stores.session.acquireLease(key.key, ttl: ttl.ttl.duration) else {
                throw Self.held(key.key, .session, stores.session.adapter)
            }
            try await console.emit(lease.jsonValue)
        }

        static func held(_ key: String, _ tier: Tier, _ adapter: String) -> StoreError {
            StoreError(
                .conflict, "another holder has the lease", remedy: "try again when it has ended", tier: tier,
                adapter: adapter, operation: "acquireLease", resource: key, applied: .no)
        }
    }

    struct Renew: TierVerb {
        static let tier = Tier.session
        static let configuration = CommandConfiguration(
            abstract: "Extends a lease that is still the latest and has not expired.",
            discussion: "stores session lease renew jobs/nightly --generation 7 --ttl 30s")

        @OptionGroup var key: LeaseKey
        @OptionGroup var generation: LeaseGeneration
        @OptionGroup var ttl: LeaseTTL
        @OptionGroup var call: CallOptions

        func run(_ stores: Stores, _ console: Console) async throws {
            let lease = try await stores.session.renewLease(generation.lease(key.key), ttl: ttl.ttl.duration)
            try await console.emit(lease.jsonValue)
        }
    }

    struct Release: TierVerb {
        static let tier = Tier.session
        static let configuration = CommandConfiguration(
            abstract: "Ends a lease early.",
            discussion: """
                Out: {"released":true}, or false when it was lost before.

                stores session lease release jobs/nightly --generation 7
                """)

        @OptionGroup var key: LeaseKey
        @OptionGroup var generation: LeaseGeneration
        @OptionGroup var call: CallOptions

        func run(_ stores: Stores, _ console: Console) async throws {
            let released = try await stores.session.releaseLease(generation.lease(key.key))
            try await console.emit(["released": .bool(released)])
        }
    }
}

struct LeaseKey: ParsableArguments {
    @Argument(help: "The lease's key, or the run's id.")
    var key: String
}

struct LeaseTTL: ParsableArguments {
    @Option(help: "How long it is held: 30s.")
    var ttl: DurationArgument
}

struct LeaseGeneration: ParsableArguments {
    @Option(help: "As it was granted.")
    var generation: Int64

    /// What names a lease is its key and generation; when it ends, the backend knows.
    func lease(_ key: String) -> Lease {
        Lease(key: key, generation: generation, expiresAt: SystemStoreClock().now)
    }
}
