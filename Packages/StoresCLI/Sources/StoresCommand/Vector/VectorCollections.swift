import ArgumentParser
import StoresCore

struct VectorCollections: TierVerb {
    static let tier = Tier.vector
    static let configuration = CommandConfiguration(
        commandName: "collections", abstract: "Every collection's shape.",
        discussion: #"Out: {"name","dimensions","metric","fields","unitVectors","options"}"#)

    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        for spec in try await stores.vector.collections() { try await console.emit(spec.jsonValue) }
    }
}
