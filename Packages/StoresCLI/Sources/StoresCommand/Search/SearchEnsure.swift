import ArgumentParser
import StoresCore

struct SearchEnsure: TierVerb {
    static let tier = Tier.search
    static let configuration = CommandConfiguration(
        commandName: "index", abstract: "Creates an index when it is missing, and prints its shape.",
        discussion: "stores search index --index pages --field title:text:english --field kind:keyword")

    @OptionGroup var place: IndexOptions
    @OptionGroup var shape: IndexShapeOptions
    @OptionGroup var call: CallOptions

    func validate() throws {
        if shape.fields.isEmpty { throw ValidationError("--field is missing") }
    }

    func run(_ stores: Stores, _ console: Console) async throws {
        try await console.emit(shape.index(place, stores).spec.jsonValue)
    }
}
