import ArgumentParser
import StoresCore

struct EventSnapshot: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Folded states of streams.",
        discussion: #"A snapshot reads as {"stream","revision","text"|"dataBase64"}."#,
        subcommands: [Save.self, Load.self, Delete.self])

    struct Save: TierVerb {
        static let tier = Tier.event
        static let configuration = CommandConfiguration(
            abstract: "Keeps the state of a stream up to and including a revision.",
            discussion: """
                The state is --text, --json, --base64 or stdin. Out: {"stream","revision"}.

                stores event snapshot save order-7 --revision 3 --json '{"total":12}'
                """)

        @Argument(help: "The stream.")
        var stream: String
        @Option(help: "The last revision that is folded in.")
        var revision: Int64
        @OptionGroup var value: ValueOptions
        @OptionGroup var call: CallOptions

        func run(_ stores: Stores, _ console: Console) async throws {
            try await stores.event.saveSnapshot(
                Snapshot(stream: stream, revision: revision, data: value.bytes(console.input).bytes))
            try await console.emit(["stream": .string(stream), "revision": .int(revision)])
        }
    }

    struct Load: TierVerb {
        static let tier = Tier.event
        static let configuration = CommandConfiguration(
            abstract: "The newest snapshot. When there is none: notFound.",
            discussion: "stores event snapshot load order-7 --at-or-before 2")

        @Argument(help: "The stream.")
        var stream: String
        @Option(help: "Of at most this revision.")
        var atOrBefore: Int64?
        @OptionGroup var call: CallOptions

        func run(_ stores: Stores, _ console: Console) async throws {
            let found = try await stores.event.loadSnapshot(stream, atOrBefore: atOrBefore) { $0.data }
            guard let found else {
                throw StoreError(
                    .notFound, "there is no such snapshot", tier: .event, adapter: stores.event.adapter,
                    operation: "loadSnapshot", resource: stream)
            }
            var fields: [String: Value] = ["stream": .string(stream), "revision": .int(found.revision)]
            fields.setBytes(found.value, "data")
            try await console.emit(.object(fields))
        }
    }

    struct Delete: TierVerb {
        static let tier = Tier.event
        static let configuration = CommandConfiguration(
            abstract: "Removes the snapshots of a stream.",
            discussion: #"Out: {"deleted":n}"#)

        @Argument(help: "The stream.")
        var stream: String
        @Option(help: "Only those below this revision.")
        var before: Int64?
        @OptionGroup var call: CallOptions

        func run(_ stores: Stores, _ console: Console) async throws {
            let deleted = try await stores.event.deleteSnapshots(stream, before: before)
            try await console.emit(["deleted": .int(Int64(deleted))])
        }
    }
}
