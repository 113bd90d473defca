import Logging
import StoresCore

/// What a verb runs in.
struct CommandContext: Sendable {
    var console: Console
    /// The process's variables, as they are.
    var environment: [String: String]
    var directory: String
    var isVerbose: Bool

    /// Opens the stores with these tiers, runs the body, and shuts down. Tiers that the verb does not use are kept in
    /// memory, so that they are neither connected to nor able to fail it.
    func withStores<T: Sendable>(
        _ tiers: [Tier], _ call: CallOptions, options: StoresOptions = StoresOptions(),
        _ body: (Stores) async throws -> T
    ) async throws -> T {
        var settled = try storeEnvironment(tiers, call)
        for tier in Tier.stores where !tiers.contains(tier) { settled.variables[tier.variable] = "memory" }
        if isVerbose || console.errors.isTerminal, let line = settled.summary { console.note(line) }
        var options = options
        options.logger = logger
        return try await Stores.withOpen(
            registry: LinkedAdapters.registry(), environment: settled.variables, options: options, body)
    }

    /// The environment that the stores are opened with.
    func storeEnvironment(_ tiers: [Tier], _ call: CallOptions) throws(StoreError) -> StoreEnvironment {
        var settled = try StoreEnvironment(process: environment, directory: directory, tiers: tiers)
        if let deadline = call.deadline {
            settled.variables["STORE_TIMEOUT"] = deadline.text
            settled.variables["STORE_TRANSFER_TIMEOUT"] = deadline.text
            if settled.variables["STORE_PROBE_TIMEOUT"] == nil, deadline.duration < .seconds(3) {
                settled.variables["STORE_PROBE_TIMEOUT"] = deadline.text
            }
        }
        return settled
    }

    /// To stderr: warnings, and with --verbose everything from notice on.
    var logger: Logger {
        var logger = Logger(label: "stores") { label in StreamLogHandler.standardError(label: label) }
        logger.logLevel = isVerbose ? .notice : .warning
        return logger
    }

    /// A path as the tool's folder sees it.
    func resolve(_ path: String) -> String {
        path.utf8.first == UInt8(ascii: "/") || directory == "." ? path : "\(directory)/\(path)"
    }
}
