import ArgumentParser
import StoresCore

/// Which collection, and which tenant in it.
struct CollectionOptions: ParsableArguments {
    @Option(help: "The collection's name.")
    var collection: String

    @Option(help: "The tenant that the command is confined to.")
    var namespace = "default"

    /// The collection as it is.
    ///
    /// - Throws: `notFound` when it does not exist.
    func existing(_ stores: Stores) async throws(StoreError) -> VectorCollection {
        let specs = try await stores.vector.collections()
        guard let spec = specs.first(where: { $0.name.utf8.elementsEqual(collection.utf8) }) else {
            throw StoreError(
                .notFound, "there is no such collection",
                remedy: "create it: stores vector ensure --collection NAME --dimensions N", tier: .vector,
                adapter: stores.vector.adapter, operation: "collection", resource: collection)
        }
        return try await stores.vector.collection(spec, namespace: namespace, schema: .off)
    }
}

/// The shape of a collection that is to be there.
struct CollectionShapeOptions: ParsableArguments {
    @Option(help: "Creates the collection when it is missing; of another shape it is a schemaMismatch.")
    var dimensions: Int?

    @Option(help: "How closeness is measured; by default cosine.")
    var metric: Choice<VectorMetric>?

    @Option(
        name: .customLong("field"),
        help: ArgumentHelp(
            "A declared, indexed field, of the type \(Self.types).",
            valueName: "name:type"))
    var fields: [FieldArgument] = []

    private static let types = FieldType.allCases.map(\.rawValue).joined(separator: ", ")

    @Flag(help: "Promise vectors of length 1, so that dot products have scores.")
    var unitVectors = false

    @Option(name: .customLong("option"), help: ArgumentHelp("An option of the backend.", valueName: "name=value"))
    var options: [KeyValueArgument] = []

    func validate() throws {
        guard dimensions == nil else { return }
        if metric != nil || !fields.isEmpty || unitVectors || !options.isEmpty {
            throw ValidationError(
                "--metric, --field, --unit-vectors and --option say what is created: --dimensions is missing")
        }
    }

    func spec(_ name: String, dimensions: Int) throws -> VectorCollectionSpec {
        VectorCollectionSpec(
            name: name, dimensions: dimensions, metric: metric?.value ?? .cosine, fields: fields.map(\.field),
            hasUnitVectors: unitVectors, options: try options.dictionary("--option"))
    }

    /// The collection of this shape, or, without dimensions, the one that is there.
    func collection(_ place: CollectionOptions, _ stores: Stores) async throws -> VectorCollection {
        guard let dimensions else { return try await place.existing(stores) }
        return try await stores.vector.collection(
            spec(place.collection, dimensions: dimensions), namespace: place.namespace)
    }
}

/// `section:string`, `author.name:string`, `size:int:unindexed`; without a type: string.
struct FieldArgument: ExpressibleByArgument, Sendable {
    let field: FieldDefinition

    init?(argument: String) {
        var parts = argument.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var isIndexed = true
        if parts.count > 1, parts.last == "unindexed" {
            isIndexed = false
            parts.removeLast()
        }
        var type = FieldType.string
        if parts.count > 1, let last = parts.last {
            guard let named = FieldType(rawValue: last) else { return nil }
            type = named
            parts.removeLast()
        }
        let path = FieldPath(dotted: parts.joined(separator: ":"))
        guard path.problem == nil else { return nil }
        field = FieldDefinition(path, type, isIndexed: isIndexed)
    }
}
