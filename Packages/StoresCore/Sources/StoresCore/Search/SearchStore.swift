/// The search tier: indexes of documents.
///
/// ```swift
/// let pages = try await stores.search.index("pages", fields: ["title": .text(.english), "kind": .keyword])
/// let results = try await pages.search(.match("swift server"), where: .field("kind") == "guide")
/// ```
public struct SearchStore: Sendable {
    let runtime: TierRuntime
    let driver: any SearchDriver

    public var adapter: String { runtime.adapter.name }
    public var capabilities: TierCapabilities { runtime.capabilities }

    /// Ensures an index and returns the handle to it.
    ///
    /// - Parameters:
    ///   - name: 1 to 128 UTF-8 bytes.
    ///   - fields: At least one; names of 1 to 256 UTF-8 bytes.
    /// - Throws: `schemaMismatch` when it exists with another mapping (T1).
    public func index(
        _ name: String, fields: [String: SearchFieldType], schema: SchemaMode? = nil, deadline: Deadline? = nil
    ) async throws(StoreError) -> SearchIndex {
        let operation = "index"
        let spec = SearchIndexSpec(name: name, fields: fields)
        try runtime.check(operation, name) { () throws(StoreError) in
            try NameRules.check(name, "index", maxBytes: NameRules.maxNameBytes)
            guard !fields.isEmpty else { throw .invalidArgument("an index has at least one field") }
            for field in fields.keys { try NameRules.check(field, "a field name", maxBytes: 256) }
        }
        if fields.values.contains(.text(.english)) { try runtime.require(.search(.englishAnalyzer), operation) }
        let mode = schema ?? runtime.options.schemaMode
        if mode != .off {
            let found = try await runtime.call(operation, name, deadline: deadline, isIdempotent: true) {
                context throws(StoreError) in
                try await driver.ensureIndex(spec, mode: mode, context: context)
            }
            guard found.shape == spec.shape else {
                throw runtime.complete(
                    StoreError(
                        .schemaMismatch, "the index exists as \(found.shape), and is wanted as \(spec.shape)",
                        remedy: "use another name, or drop the index with dropIndex and fill it anew", applied: .no,
                        conflict: .schema(found: found.shape, wanted: spec.shape)),
                    operation, name)
            }
        }
        return SearchIndex(runtime: runtime, driver: driver, spec: spec)
    }

    /// Every index's shape, by name in UTF-8 order.
    public func indexes(deadline: Deadline? = nil) async throws(StoreError) -> [SearchIndexSpec] {
        try await runtime.call("indexes", deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await driver.indexes(context: context)
        }
    }

    /// Removes an index with its documents.
    ///
    /// - Parameter confirming: The index's name once more.
    /// - Returns: False when it was not there.
    @discardableResult
    public func dropIndex(_ name: String, confirming: String, deadline: Deadline? = nil) async throws(StoreError)
        -> Bool
    {
        try runtime.checkConfirmation(confirming, name, "dropIndex")
        return try await runtime.call("dropIndex", name, deadline: deadline, isIdempotent: false) {
            context throws(StoreError) in
            try await driver.dropIndex(name, context: context)
        }
    }

    /// A round trip to the backend.
    public func ping(deadline: Deadline? = nil) async throws(StoreError) -> BackendStatus {
        try await runtime.ping(deadline: deadline)
    }

    /// The backend's own handle (X8).
    public func withNative<Native: Sendable, T>(_ type: Native.Type, _ body: (Native) async throws -> T) async throws
        -> T
    {
        try await body(try runtime.native(as: type))
    }
}

extension SearchFieldType {
    /// `keyword`, `text(english)`, …
    public var shape: String {
        switch self {
        case .keyword: "keyword"
        case .text(let analyzer): "text(\(analyzer.rawValue))"
        case .number: "number"
        case .instant: "instant"
        case .bool: "bool"
        }
    }
}

extension SearchIndexSpec {
    /// One line that tells mappings apart.
    public var shape: String {
        fields.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { "\(Redaction.name($0.key)): \($0.value.shape)" }.joined(separator: ", ")
    }
}
