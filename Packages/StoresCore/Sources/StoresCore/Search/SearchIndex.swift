/// A handle to one index.
public struct SearchIndex: Sendable {
    let runtime: TierRuntime
    let driver: any SearchDriver
    public let spec: SearchIndexSpec

    public var name: String { spec.name }

    // MARK: Writing

    /// Writes whole documents; of the same id twice in a call the last wins. No item's error is swallowed (T4).
    ///
    /// - Throws: `invalidArgument` before any I/O for a field whose value contradicts the mapping.
    @discardableResult
    public func upsert(
        _ documents: [SearchDocument], visibility: Visibility = .searchable(within: .seconds(10)),
        deadline: Deadline? = nil
    ) async throws(StoreError) -> WriteReceipt {
        for document in documents {
            try runtime.check("upsert", name) { () throws(StoreError) in try validate(document) }
        }
        let documents = documents.lastOfEach(by: \.id)
        return try await runtime.bulkWrite(
            "upsert", name, ids: documents.map(\.id),
            size: { documents[$0].id.utf8.count + Value.object(documents[$0].fields).estimatedBytes },
            deadline: deadline
        ) { range, context throws(StoreError) in
            try await driver.upsert(Array(documents[range]), into: spec, visibility: visibility, context: context)
        }
    }

    /// - Returns: How many of them were there.
    @discardableResult
    public func delete(ids: [String], deadline: Deadline? = nil) async throws(StoreError) -> Int {
        try runtime.check("delete", name) { () throws(StoreError) in try Self.checkIDs(ids) }
        return try await runtime.bulkDelete("delete", name, ids, deadline: deadline) {
            ids, context throws(StoreError) in
            try await driver.delete(.ids(ids), from: spec, context: context)
        }
    }

    /// Removes every document that the filter matches; an empty filter is refused.
    @discardableResult
    public func delete(where filter: Filter, deadline: Deadline? = nil) async throws(StoreError) -> Int {
        try checkFilter(filter, "delete")
        try runtime.checkNotEmpty(filter, "delete", alternative: "deleteAll(confirming:)")
        return try await runtime.call("delete", name, deadline: deadline, isIdempotent: false) {
            context throws(StoreError) in
            try await driver.delete(.filter(filter), from: spec, context: context)
        }
    }

    /// Empties the index.
    @discardableResult
    public func deleteAll(confirming: String, deadline: Deadline? = nil) async throws(StoreError) -> Int {
        try runtime.checkConfirmation(confirming, name, "deleteAll")
        return try await runtime.call("deleteAll", name, deadline: deadline, isIdempotent: false) {
            context throws(StoreError) in
            try await driver.delete(.all, from: spec, context: context)
        }
    }

    // MARK: Reading

    /// The documents that exist, in the order asked for.
    public func get(ids: [String], deadline: Deadline? = nil) async throws(StoreError) -> [SearchDocument] {
        try runtime.check("get", name) { () throws(StoreError) in try Self.checkIDs(ids) }
        return try await runtime.bulkRead("get", name, ids, deadline: deadline) { ids, context throws(StoreError) in
            try await driver.get(ids, from: spec, context: context)
        }
    }

    /// How many documents the index holds, or the filter matches.
    public func count(where filter: Filter? = nil, deadline: Deadline? = nil) async throws(StoreError) -> Int {
        try checkFilter(filter, "count")
        return try await runtime.call("count", name, deadline: deadline, isIdempotent: true) {
            context throws(StoreError) in
            try await driver.count(where: filter, in: spec, context: context)
        }
    }

    /// Finds documents: score descending, then id ascending. Scores rank within one result and nothing more (T3).
    ///
    /// - Parameters:
    ///   - facets: Over keyword fields of the mapping.
    ///   - highlight: Text fields of the mapping.
    public func search(
        _ query: SearchQuery, where filter: Filter? = nil, facets: [FacetRequest] = [], highlight: [String] = [],
        cursor: Cursor? = nil, limit: Int = 10, deadline: Deadline? = nil
    ) async throws(StoreError) -> SearchResults {
        let operation = "search"
        try runtime.checkLimit(limit, operation)
        try checkFilter(filter, operation)
        var nodes = 0
        try check(query, operation, depth: 1, &nodes)
        if !facets.isEmpty { try runtime.require(.search(.facets), operation) }
        if !highlight.isEmpty { try runtime.require(.search(.highlights), operation) }
        for facet in facets {
            guard spec.fields.value(forBytesOf: facet.field) == .keyword else {
                throw runtime.refuse(
                    "facets are over keyword fields; \(Redaction.name(facet.field)) is none", operation)
            }
            try runtime.checkLimit(facet.limit, operation)
        }
        for field in highlight { try checkTextField(field, operation) }
        let request = SearchRequest(
            query: query, filter: filter, facets: facets, highlight: highlight, cursor: cursor, limit: limit)
        return try await runtime.call(operation, name, deadline: deadline, isIdempotent: true) {
            context throws(StoreError) in
            try await driver.search(request, in: spec, context: context)
        }
    }

    // MARK: Validation

    /// At most 32 levels and 1000 nodes in all, as filters (F7).
    private func check(
        _ query: SearchQuery, _ operation: String, depth: Int, _ nodes: inout Int
    ) throws(StoreError) {
        guard depth <= 32 else { throw runtime.refuse("a query is at most 32 levels deep", operation) }
        nodes += 1
        guard nodes <= 1000 else { throw runtime.refuse("a query has at most 1000 parts", operation) }
        var field: String?
        switch query {
        case .all: break
        case .match(let of, _, _): field = of
        case .phrase(let of, _):
            field = of
            try runtime.require(.search(.phrase), operation)
        case .prefix(let of, _):
            field = of
            try runtime.require(.search(.prefix), operation)
        case .boolean(let must, let should, let mustNot):
            for parts in [must, should, mustNot] {
                for part in parts { try check(part, operation, depth: depth + 1, &nodes) }
            }
        }
        if let field { try checkTextField(field, operation) }
    }

    private func checkTextField(_ field: String, _ operation: String) throws(StoreError) {
        guard case .text = spec.fields.value(forBytesOf: field) else {
            throw runtime.refuse("\(Redaction.name(field)) is no text field of the index", operation)
        }
    }

    private func checkFilter(_ filter: Filter?, _ operation: String) throws(StoreError) {
        try runtime.checkFilter(
            filter, filters: .search(.filters), nested: .search(.nestedFields), declared: [], operation)
        try runtime.check(operation, name) { () throws(StoreError) in
            if let filter { try spec.checkLiterals(of: filter) }
        }
    }

    private static func checkIDs(_ ids: [String]) throws(StoreError) {
        for id in ids { try NameRules.check(id, "id", maxBytes: NameRules.maxIDBytes) }
    }

    private func validate(_ document: SearchDocument) throws(StoreError) {
        try NameRules.check(document.id, "id", maxBytes: NameRules.maxIDBytes)
        try MetadataRules.validate(document.fields, record: document.id)
        for (name, type) in spec.fields {
            guard let value = document.fields.value(forBytesOf: name), !type.accepts(value) else { continue }
            throw .invalidArgument(
                "document \(Redaction.name(document.id)): the field \(Redaction.name(name)) is \(type.shape), not \(value.kindName)"
            )
        }
    }
}

extension SearchFieldType {
    /// Null, one value of the kind, or an array of them.
    func accepts(_ value: Value) -> Bool {
        switch (self, value) {
        case (_, .null), (.keyword, .string), (.text, .string), (.number, .int), (.number, .double),
            (.instant, .instant), (.bool, .bool):
            true
        case (_, .array(let values)):
            values.allSatisfy { if case .array = $0 { false } else { accepts($0) } }
        default: false
        }
    }
}

extension SearchIndexSpec {
    /// A literal must be of the kind that the mapping gives its field, scalar or element of an array (F4).
    func checkLiterals(of filter: Filter) throws(StoreError) {
        for child in filter.children { try checkLiterals(of: child) }
        guard let path = filter.path, path.segments.count == 1, let type = fields.value(forBytesOf: path.segments[0])
        else { return }
        for literal in filter.literals where !type.accepts(literal) {
            throw .invalidArgument("the field \(path) is \(type.shape), and the literal a \(literal.kindName)")
        }
    }
}
