import ArgumentParser
import StoresCore

struct MemorySweep: TierVerb {
    static let tier = Tier.memory
    static let configuration = CommandConfiguration(
        commandName: "sweep", abstract: "Physically removes what has expired; reads never see it, swept or not.",
        discussion: #"Out: {"swept":n}"#)

    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        try await console.emit(["swept": .int(Int64(try await stores.memory.sweep()))])
    }
}
