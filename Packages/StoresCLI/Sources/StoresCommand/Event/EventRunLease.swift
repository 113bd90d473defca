import ArgumentParser
import StoresCore

struct EventRunLease: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lease", abstract: "Who may save a run; apart from the session tier's leases.",
        discussion: #"A lease is {"key","generation","expiresAt"}."#,
        subcommands: [Acquire.self, Renew.self, Release.self])

    struct Acquire: TierVerb {
        static let tier = Tier.event
        static let configuration = CommandConfiguration(
            abstract: "Takes the lease of a run; exit code 4 while another holder has it.",
            discussion: "stores event run lease acquire import --ttl 30s")

        @OptionGroup var id: LeaseKey
        @OptionGroup var ttl: LeaseTTL
        @OptionGroup var call: CallOptions

        func run(_ stores: Stores, _ console: Console) async throws {
            guard let lease = try await stores.event.acquireRunLease(id.key, ttl: ttl.ttl.duration) else {
                throw SessionLease.Acquire.held(id.key, .event, stores.event.adapter)
            }
            try await console.emit(lease.jsonValue)
        }
    }

    struct Renew: TierVerb {
        static let tier = Tier.event
        static let configuration = CommandConfiguration(
            abstract: "Extends a lease that is still the latest and has not expired.",
            discussion: "stores event run lease renew import --generation 2 --ttl 30s")

        @OptionGroup var id: LeaseKey
        @OptionGroup var generation: LeaseGeneration
        @OptionGroup var ttl: LeaseTTL
        @OptionGroup var call: CallOptions

        func run(_ stores: Stores, _ console: Console) async throws {
            let lease = try await stores.event.renewRunLease(generation.lease(id.key), ttl: ttl.ttl.duration)
            try await console.emit(lease.jsonValue)
        }
    }

    struct Release: TierVerb {
        static let tier = Tier.event
        static let configuration = CommandConfiguration(
            abstract: "Ends a lease early.",
            discussion: #"Out: {"released":true}, or false when it was lost before."#)

        @OptionGroup var id: LeaseKey
        @OptionGroup var generation: LeaseGeneration
        @OptionGroup var call: CallOptions

        func run(_ stores: Stores, _ console: Console) async throws {
            let released = try await stores.event.releaseRunLease(generation.lease(id.key))
            try await console.emit(["released": .bool(released)])
        }
    }
}
