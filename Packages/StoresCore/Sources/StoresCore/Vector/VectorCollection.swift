/// A handle to one namespace of one collection.
///
/// ```swift
/// try await docs.upsert(records)
/// let hits = try await docs.query(vector, where: .field("section") == "libs" && .field("size") > 100, limit: 10)
/// ```
public struct VectorCollection: Sendable {
    let runtime: TierRuntime
    let driver: any VectorDriver
    public let spec: VectorCollectionSpec
    public private(set) var namespace: String

    init(runtime: TierRuntime, driver: any VectorDriver, spec: VectorCollectionSpec, namespace: String) {
        self.runtime = runtime
        self.driver = driver
        self.spec = spec
        self.namespace = namespace
    }

    public var name: String { spec.name }
    var target: VectorTarget { VectorTarget(collection: spec, namespace: namespace) }

    /// The same collection, confined to another namespace: 1 to 128 UTF-8 bytes.
    public func namespace(_ namespace: String) throws(StoreError) -> VectorCollection {
        try runtime.check("namespace", name) { () throws(StoreError) in
            try NameRules.check(namespace, "namespace", maxBytes: NameRules.maxNameBytes)
        }
        if namespace != "default" { try runtime.require(.vector(.namespaces), "namespace") }
        var copy = self
        copy.namespace = namespace
        return copy
    }

    // MARK: Writing

    /// Writes whole records (V4); of the same id twice in a call the last wins. Split by the backend's limits; when a
    /// part fails as a whole, its ids are in the receipt's failures and the other parts stand.
    ///
    /// - Parameter visibility: When to return; see ``Visibility``.
    /// - Throws: `invalidArgument` before any I/O, naming the ids, for a vector of the wrong length, with NaN or
    ///   infinity, or without length under cosine (V3).
    @discardableResult
    public func upsert(
        _ records: [VectorRecord], visibility: Visibility = .searchable(within: .seconds(10)), deadline: Deadline? = nil
    ) async throws(StoreError) -> WriteReceipt {
        let operation = "upsert"
        try runtime.check(operation, name) { () throws(StoreError) in try validate(records) }
        let distinct = records.lastOfEach(by: \.id)
        return try await runtime.bulkWrite(
            operation, name, ids: distinct.map(\.id), size: { distinct[$0].estimatedBytes }, deadline: deadline
        ) { range, context throws(StoreError) in
            try await driver.upsert(Array(distinct[range]), into: target, visibility: visibility, context: context)
        }
    }

    /// Removes records by id; missing ones are no error.
    ///
    /// - Returns: How many were there.
    @discardableResult
    public func delete(ids: [String], deadline: Deadline? = nil) async throws(StoreError) -> Int {
        try runtime.check("delete", name) { () throws(StoreError) in try Self.checkIDs(ids) }
        return try await runtime.bulkDelete("delete", name, ids, deadline: deadline) {
            ids, context throws(StoreError) in
            try await driver.delete(.ids(ids), from: target, context: context)
        }
    }

    /// Removes every record of the namespace that the filter matches, however many (V10).
    ///
    /// - Throws: `invalidArgument` for an empty filter, as `and([])` is: use ``deleteAll(confirming:deadline:)``.
    @discardableResult
    public func delete(where filter: Filter, deadline: Deadline? = nil) async throws(StoreError) -> Int {
        try checkFilter(filter, "delete")
        try runtime.checkNotEmpty(filter, "delete", alternative: "deleteAll(confirming:)")
        return try await runtime.call("delete", name, deadline: deadline, isIdempotent: false) {
            context throws(StoreError) in
            try await driver.delete(.filter(filter), from: target, context: context)
        }
    }

    /// Empties the namespace.
    ///
    /// - Parameter confirming: The collection's name once more.
    @discardableResult
    public func deleteAll(confirming: String, deadline: Deadline? = nil) async throws(StoreError) -> Int {
        try runtime.checkConfirmation(confirming, name, "deleteAll")
        return try await runtime.call("deleteAll", name, deadline: deadline, isIdempotent: false) {
            context throws(StoreError) in
            try await driver.delete(.all, from: target, context: context)
        }
    }

    // MARK: Reading

    /// The records that exist, in the order asked for.
    public func get(ids: [String], include: VectorInclude = .metadata, deadline: Deadline? = nil)
        async throws(StoreError) -> [StoredVectorRecord]
    {
        try runtime.check("get", name) { () throws(StoreError) in try Self.checkIDs(ids) }
        return try await runtime.bulkRead("get", name, ids, deadline: deadline) { ids, context throws(StoreError) in
            try await driver.get(ids, from: target, include: include, context: context)
        }
    }

    /// How many records the namespace holds, or the filter matches.
    public func count(where filter: Filter? = nil, deadline: Deadline? = nil) async throws(StoreError) -> Int {
        try checkFilter(filter, "count")
        return try await runtime.call("count", name, deadline: deadline, isIdempotent: true) {
            context throws(StoreError) in
            try await driver.count(where: filter, in: target, context: context)
        }
    }

    /// A page of all records; every record that stays for the whole scan is visited at least once (V14).
    ///
    /// - Parameter limit: Records in the page, at least 1.
    public func scroll(
        where filter: Filter? = nil, cursor: Cursor? = nil, limit: Int = 100, include: VectorInclude = .metadata,
        deadline: Deadline? = nil
    ) async throws(StoreError) -> Page<StoredVectorRecord> {
        if filter != nil { try runtime.require(.vector(.filteredScroll), "scroll") }
        try checkFilter(filter, "scroll")
        try runtime.checkLimit(limit, "scroll")
        return try await runtime.call("scroll", name, deadline: deadline, isIdempotent: true) {
            context throws(StoreError) in
            try await driver.scroll(
                VectorScroll(filter: filter, cursor: cursor, limit: limit, include: include), in: target,
                context: context)
        }
    }

    /// The nearest records, best first: similarity descending, then id ascending (V8).
    ///
    /// - Parameters:
    ///   - vector: As long as the collection has dimensions.
    ///   - limit: At least 1.
    ///   - minScore: Inclusive; refused where the metric has no score (V7).
    public func query(
        _ vector: [Float], where filter: Filter? = nil, limit: Int = 10, minScore: Double? = nil,
        include: VectorInclude = .metadata, deadline: Deadline? = nil
    ) async throws(StoreError) -> VectorMatches {
        let operation = "query"
        try runtime.check(operation, name) { () throws(StoreError) in
            if let problem = spec.problem(with: vector) { throw .invalidArgument("the query vector \(problem)") }
        }
        try runtime.checkLimit(limit, operation)
        try checkFilter(filter, operation)
        var minSimilarity: Double?
        if let minScore {
            try runtime.check(operation, name) { () throws(StoreError) in
                minSimilarity = try spec.minSimilarity(ofScore: minScore)
            }
        }
        let query = VectorQuery(
            vector: vector, filter: filter, limit: limit, minSimilarity: minSimilarity, include: include)
        var matches = try await runtime.call(operation, name, deadline: deadline, isIdempotent: true) {
            context throws(StoreError) in
            try await driver.query(query, in: target, context: context)
        }
        if let minScore { matches.matches.removeAll { !spec.reaches(minScore, $0.similarity) } }
        for index in matches.matches.indices {
            matches.matches[index].score = matches.matches[index].similarity.flatMap(spec.score)
        }
        return matches
    }

    /// Ranks records by the text of their documents. No similarities and no scores: ranks only.
    public func query(
        text: String, where filter: Filter? = nil, limit: Int = 10, include: VectorInclude = .metadata,
        deadline: Deadline? = nil
    ) async throws(StoreError) -> VectorMatches {
        let (driver, query) = try textQuery(text, filter, limit, include, "textQuery", .vector(.textQuery))
        return try await runtime.call("textQuery", name, deadline: deadline, isIdempotent: true) {
            context throws(StoreError) in
            try await driver.textQuery(query, in: target, context: context)
        }
    }

    /// Text and vector together, fused by reciprocal rank (k = 60) where the backend has no fusion of its own (V12).
    /// Ranks only: matches have neither similarity nor score, and there are no thresholds.
    public func hybridQuery(
        text: String, vector: [Float], where filter: Filter? = nil, limit: Int = 10,
        include: VectorInclude = .metadata, deadline: Deadline? = nil
    ) async throws(StoreError) -> VectorMatches {
        let operation = "hybridQuery"
        let (driver, query) = try textQuery(text, filter, limit, include, operation, .vector(.hybridQuery))
        try runtime.check(operation, name) { () throws(StoreError) in
            if let problem = spec.problem(with: vector) { throw .invalidArgument("the query vector \(problem)") }
        }
        return try await runtime.call(operation, name, deadline: deadline, isIdempotent: true) {
            context throws(StoreError) in
            if let native = driver as? any HybridVectorDriver {
                return try await native.hybridQuery(query, vector, in: target, context: context)
            }
            return try await RankFusion.hybrid(
                driver, query, vector, target, context, atMost: runtime.capabilities.limits[.queryLimit])
        }
    }

    // MARK: Validation

    private func textQuery(
        _ text: String, _ filter: Filter?, _ limit: Int, _ include: VectorInclude, _ operation: String,
        _ capability: Capability
    ) throws(StoreError) -> (any TextVectorDriver, VectorTextQuery) {
        try runtime.require(capability, operation)
        guard let driver = driver as? any TextVectorDriver else { throw runtime.unsupported(capability, operation) }
        try runtime.checkLimit(limit, operation)
        try checkFilter(filter, operation)
        return (driver, VectorTextQuery(text: text, filter: filter, limit: limit, include: include))
    }

    private func checkFilter(_ filter: Filter?, _ operation: String) throws(StoreError) {
        try runtime.checkFilter(
            filter, filters: .vector(.filters), nested: .vector(.nestedFields), declared: spec.fields, operation)
    }

    private func validate(_ records: [VectorRecord]) throws(StoreError) {
        var problems: [String] = []
        var failing = 0
        for record in records {
            try NameRules.check(record.id, "id", maxBytes: NameRules.maxIDBytes)
            if let problem = spec.problem(with: record.vector) {
                failing += 1
                if problems.count < 5 { problems.append("\(Redaction.name(record.id)) \(problem)") }
            }
            try MetadataRules.validate(record.metadata, declared: spec.fields, record: record.id)
        }
        guard failing > 0 else { return }
        let rest = failing > problems.count ? ", and \(failing - problems.count) more" : ""
        throw .invalidArgument(
            "\(failing) of \(records.count) vectors are refused: \(problems.joined(separator: "; "))\(rest)")
    }

    private static func checkIDs(_ ids: [String]) throws(StoreError) {
        for id in ids { try NameRules.check(id, "id", maxBytes: NameRules.maxIDBytes) }
    }
}
