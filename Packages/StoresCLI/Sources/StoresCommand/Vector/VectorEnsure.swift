import ArgumentParser
import StoresCore

struct VectorEnsure: TierVerb {
    static let tier = Tier.vector
    static let configuration = CommandConfiguration(
        commandName: "ensure", abstract: "Creates a collection when it is missing, and prints its shape.",
        discussion: "stores vector ensure --collection docs --dimensions 384 --field section:string --field size:int")

    @OptionGroup var place: CollectionOptions
    @OptionGroup var shape: CollectionShapeOptions
    @OptionGroup var call: CallOptions

    func validate() throws {
        guard shape.dimensions != nil else { throw ValidationError("--dimensions is missing") }
    }

    func run(_ stores: Stores, _ console: Console) async throws {
        try await console.emit(shape.collection(place, stores).spec.jsonValue)
    }
}
