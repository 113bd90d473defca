/// The vector tier: collections of vectors with metadata.
///
/// ```swift
/// let docs = try await stores.vector.collection("docs", dimensions: 384, metric: .cosine)
/// ```
public struct VectorStore: Sendable {
    let runtime: TierRuntime
    let driver: any VectorDriver

    /// The registered name of the adapter behind it.
    public var adapter: String { runtime.adapter.name }
    public var capabilities: TierCapabilities { runtime.capabilities }

    /// Ensures a collection and returns the handle to it.
    ///
    /// - Parameters:
    ///   - name: 1 to 128 UTF-8 bytes.
    ///   - dimensions: At least 1, at most the backend's limit.
    ///   - fields: Declared fields: checked on write and in filters, and indexed where the backend can.
    ///   - hasUnitVectors: Promise vectors of length 1 (checked on write), so that dot products have scores.
    ///   - namespace: The tenant that every operation of the handle is confined to (V11).
    ///   - schema: Nil takes the mode that the stores were opened with.
    /// - Throws: `schemaMismatch` when it exists with another shape; `notFound` when it is missing and may not be made.
    public func collection(
        _ name: String, dimensions: Int, metric: VectorMetric = .cosine, fields: [FieldDefinition] = [],
        hasUnitVectors: Bool = false, options: [String: String] = [:], namespace: String = "default",
        schema: SchemaMode? = nil, deadline: Deadline? = nil
    ) async throws(StoreError) -> VectorCollection {
        try await collection(
            VectorCollectionSpec(
                name: name, dimensions: dimensions, metric: metric, fields: fields, hasUnitVectors: hasUnitVectors,
                options: options),
            namespace: namespace, schema: schema, deadline: deadline)
    }

    public func collection(
        _ spec: VectorCollectionSpec, namespace: String = "default", schema: SchemaMode? = nil,
        deadline: Deadline? = nil
    ) async throws(StoreError) -> VectorCollection {
        let operation = "collection"
        try runtime.check(operation, spec.name) { () throws(StoreError) in
            try spec.validate(maxDimensions: capabilities.limits[.dimensions])
        }
        try runtime.require(.vector(spec.metric.capability), operation)
        if spec.fields.contains(where: { $0.path.segments.count > 1 }) {
            try runtime.require(.vector(.nestedFields), operation)
        }
        // Refused before the collection is made.
        let collection = try VectorCollection(runtime: runtime, driver: driver, spec: spec, namespace: "default")
            .namespace(namespace)
        let mode = schema ?? runtime.options.schemaMode
        if mode != .off {
            let found = try await runtime.call(operation, spec.name, deadline: deadline, isIdempotent: true) {
                context throws(StoreError) in
                try await driver.ensureCollection(spec, mode: mode, context: context)
            }
            guard found.hasSameShape(as: spec) else {
                throw runtime.complete(
                    StoreError(
                        .schemaMismatch,
                        "the collection exists as \(found.shape), and is wanted as \(spec.shape)",
                        remedy: "use another name, or drop the collection with dropCollection and fill it anew",
                        applied: .no, conflict: .schema(found: found.shape, wanted: spec.shape)),
                    operation, spec.name)
            }
        }
        return collection
    }

    /// Every collection's shape, by name in UTF-8 order.
    public func collections(deadline: Deadline? = nil) async throws(StoreError) -> [VectorCollectionSpec] {
        try await runtime.call("collections", deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await driver.collections(context: context)
        }
    }

    /// Removes a collection with its records in every namespace.
    ///
    /// - Parameter confirming: The collection's name once more.
    /// - Returns: False when it was not there.
    public func dropCollection(_ name: String, confirming: String, deadline: Deadline? = nil)
        async throws(StoreError) -> Bool
    {
        try runtime.checkConfirmation(confirming, name, "dropCollection")
        return try await runtime.call("dropCollection", name, deadline: deadline, isIdempotent: false) {
            context throws(StoreError) in
            try await driver.dropCollection(name, context: context)
        }
    }

    /// A round trip to the backend.
    public func ping(deadline: Deadline? = nil) async throws(StoreError) -> BackendStatus {
        try await runtime.ping(deadline: deadline)
    }

    /// The backend's own handle (X8).
    public func withNative<Native: Sendable, T>(
        _ type: Native.Type, _ body: (Native) async throws -> T
    ) async throws -> T {
        try await body(try runtime.native(as: type))
    }
}

extension VectorMetric {
    var capability: VectorCapability {
        switch self {
        case .cosine: .cosine
        case .dot: .dot
        case .euclidean: .euclidean
        }
    }
}

extension VectorCollectionSpec {
    func validate(maxDimensions: Int?) throws(StoreError) {
        try NameRules.check(name, "collection", maxBytes: NameRules.maxNameBytes)
        guard dimensions >= 1 else { throw .invalidArgument("dimensions is at least 1; got \(dimensions)") }
        if let maxDimensions, dimensions > maxDimensions {
            throw .invalidArgument("dimensions is at most \(maxDimensions) here; got \(dimensions)")
        }
        var seen: Set<FieldPath> = []
        for field in fields {
            if let problem = field.path.problem { throw .invalidArgument("\(problem) (declared field \(field.path))") }
            guard seen.insert(field.path).inserted else {
                throw .invalidArgument("the field \(field.path) is declared twice")
            }
        }
    }

    /// Name, options and the order of fields aside: the same dimensions, metric, fields and promises.
    func hasSameShape(as other: VectorCollectionSpec) -> Bool { shape == other.shape }

    /// One line that tells shapes apart.
    public var shape: String {
        let fields = fields.map { "\($0.path): \($0.type.rawValue)\($0.isIndexed ? "" : " unindexed")" }.sorted()
        return "\(dimensions) dimensions, \(metric.rawValue)"
            + (hasUnitVectors ? ", unit vectors" : "")
            + (fields.isEmpty ? "" : ", fields \(fields.joined(separator: ", "))")
    }
}
