import ArgumentParser
import StoresCore

/// Which index.
struct IndexOptions: ParsableArguments {
    @Option(help: "The index's name.")
    var index: String

    /// - Throws: `notFound` when it does not exist.
    func existing(_ stores: Stores) async throws(StoreError) -> SearchIndex {
        let specs = try await stores.search.indexes()
        guard let spec = specs.first(where: { $0.name.utf8.elementsEqual(index.utf8) }) else {
            throw StoreError(
                .notFound, "there is no such index",
                remedy: "create it: stores search index --index NAME --field title:text:english", tier: .search,
                adapter: stores.search.adapter, operation: "index", resource: index)
        }
        return try await stores.search.index(spec.name, fields: spec.fields, schema: .off)
    }
}

/// The mapping of an index that is to be there.
struct IndexShapeOptions: ParsableArguments {
    @Option(
        name: .customLong("field"),
        help: ArgumentHelp(
            "A field of the mapping: keyword, text, text:english, number, instant, bool.", valueName: "name:type"))
    var fields: [SearchFieldArgument] = []

    /// The index with this mapping, or, without one, the index that is there.
    func index(_ place: IndexOptions, _ stores: Stores) async throws -> SearchIndex {
        guard !fields.isEmpty else { return try await place.existing(stores) }
        var mapping: [String: SearchFieldType] = [:]
        for field in fields {
            guard mapping.updateValue(field.type, forKey: field.name) == nil else {
                throw ValidationError("--field: \(field.name) is given twice")
            }
        }
        return try await stores.search.index(place.index, fields: mapping)
    }
}

/// `title:text:english`
struct SearchFieldArgument: ExpressibleByArgument, Sendable {
    let name: String
    let type: SearchFieldType

    init?(argument: String) {
        let types: [(String, SearchFieldType)] = [
            (":text:english", .text(.english)), (":text:standard", .text(.standard)), (":text", .text(.standard)),
            (":keyword", .keyword), (":number", .number), (":instant", .instant), (":bool", .bool),
        ]
        guard let found = types.first(where: { argument.hasSuffix($0.0) }) else { return nil }
        name = String(argument.dropLast(found.0.count))
        type = found.1
        if name.isEmpty { return nil }
    }
}
