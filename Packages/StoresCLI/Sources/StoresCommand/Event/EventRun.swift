import ArgumentParser
import StoresCore

struct EventRun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "The state of long pieces of work that survive their process.",
        discussion: #"A run reads as {"id","status","text"|"stateBase64","version","createdAt","updatedAt"}."#,
        subcommands: [Save.self, Load.self, List.self, Delete.self, EventRunLease.self])

    struct Save: TierVerb {
        static let tier = Tier.event
        static let configuration = CommandConfiguration(
            abstract: "Saves the state of a run.",
            discussion: """
                The state is --text, --json, --base64 or stdin. Out: the run.

                stores event run save import --status running --json '{"next":17}' --if-version 3 --generation 2
                """)

        @OptionGroup var id: LeaseKey
        @Option(help: "Free text; list --status finds it.")
        var status: String
        @OptionGroup var value: ValueOptions
        @Option(help: "0 demands a new run, n that version.")
        var ifVersion: Int64?
        @Option(help: "Only while no later lease of the run was granted than this generation.")
        var generation: Int64?
        @OptionGroup var call: CallOptions

        func run(_ stores: Stores, _ console: Console) async throws {
            let lease = generation.map { Lease(key: id.key, generation: $0, expiresAt: SystemStoreClock().now) }
            let run = try await stores.event.saveRun(
                id.key, status: status, state: value.bytes(console.input).bytes, ifVersion: ifVersion, lease: lease)
            try await console.emit(run.jsonValue)
        }
    }

    struct Load: TierVerb {
        static let tier = Tier.event
        static let configuration = CommandConfiguration(
            abstract: "The run. One that is not there is notFound.", discussion: "stores event run load import")

        @OptionGroup var id: LeaseKey
        @OptionGroup var call: CallOptions

        func run(_ stores: Stores, _ console: Console) async throws {
            guard let run = try await stores.event.loadRun(id.key) else {
                throw StoreError(
                    .notFound, "there is no such run", tier: .event, adapter: stores.event.adapter,
                    operation: "loadRun", resource: id.key)
            }
            try await console.emit(run.jsonValue)
        }
    }

    struct List: TierVerb {
        static let tier = Tier.event
        static let configuration = CommandConfiguration(
            abstract: "Runs, by id.",
            discussion: """
                Out: a run a line; after a page that --limit cut, {"next":"…"} for --cursor.

                stores event run list --status running
                """)

        @Option(help: "Only those of this status.")
        var status: String?
        @OptionGroup var page: PageOptions
        @OptionGroup var call: CallOptions

        func run(_ stores: Stores, _ console: Console) async throws {
            try await page.stream(to: console) { cursor, limit in
                try await stores.event.listRuns(status: status, cursor: cursor, limit: limit)
            } emit: {
                $0.jsonValue
            }
        }
    }

    struct Delete: TierVerb {
        static let tier = Tier.event
        static let configuration = CommandConfiguration(
            abstract: "Removes a run.",
            discussion: #"Out: {"deleted":true}, or false when it was not there."#)

        @OptionGroup var id: LeaseKey
        @OptionGroup var call: CallOptions

        func run(_ stores: Stores, _ console: Console) async throws {
            try await console.emit(["deleted": .bool(try await stores.event.deleteRun(id.key))])
        }
    }
}
