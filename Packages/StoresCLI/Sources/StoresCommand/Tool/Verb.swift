import ArgumentParser
import StoresCore

/// A command that does something, as opposed to one that only groups others.
protocol Verb: ParsableCommand {
    /// Whether errors go to stderr as JSON objects.
    var wantsJSONErrors: Bool { get }
    var isVerbose: Bool { get }

    func run(in context: CommandContext) async throws
}

/// A verb that calls backends.
protocol CallVerb: Verb {
    var call: CallOptions { get }
}

extension CallVerb {
    var wantsJSONErrors: Bool { call.jsonErrors }
    var isVerbose: Bool { call.verbose }
}

/// A verb of one tier: it runs with that tier opened, and no other.
protocol TierVerb: CallVerb {
    static var tier: Tier { get }

    func run(_ stores: Stores, _ console: Console) async throws
}

extension TierVerb {
    func run(in context: CommandContext) async throws {
        try await context.withStores([Self.tier], call) { stores in
            try await run(stores, context.console)
        }
    }
}

/// Thrown by a verb that has said everything itself and wants this exit code.
struct VerbExit: Error {
    var status: ExitStatus
}
