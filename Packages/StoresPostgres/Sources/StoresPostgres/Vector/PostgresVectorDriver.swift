import StoresCore

/// The vector tier on pgvector: one table for each collection, with the namespace as the first part of its key.
struct PostgresVectorDriver: HybridVectorDriver {
    let backend: PostgresBackend
    /// Of the transaction that its calls belong to. What it meets there is nobody else's to know.
    var lease: PostgresLease?
    let collections = PostgresCollections()

    var pool: PostgresAccess { PostgresAccess(pool: backend.pool, lease: lease) }

    /// Runs what needs the collection's table. A table that another process has dropped is looked for once more.
    func perform<T: Sendable>(
        _ target: VectorTarget, _ context: CallContext,
        _ body: (PostgresCollection) async throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let name = target.collection.name
        if let known = collections.known(name) {
            do throws(StoreError) {
                return try await body(known)
            } catch {
                guard error.isMissingTable else { throw error }
                collections.forget(name)
            }
        }
        guard let found = try await find(name, context) else { throw Self.missing(name) }
        collections.remember(found)
        return try await body(found)
    }

    func find(_ name: String, _ context: CallContext) async throws(StoreError) -> PostgresCollection? {
        let rows = try await pool.query(
            "SELECT \(PostgresCollection.columns) FROM vector_collections WHERE name = $1", [.text(name)], .read,
            deadline: context.deadline)
        return try rows.first.map { row throws(StoreError) in try PostgresCollection(row) }
    }

    static func missing(_ name: String) -> StoreError {
        StoreError(
            .notFound, "the collection does not exist", remedy: "open it once with schema mode create",
            resource: name, applied: .no)
    }

    /// The columns that a read asks for, of alias `r`, after those that it always has.
    static func columns(_ include: VectorInclude) -> String {
        var columns = ""
        if include.contains(.metadata) { columns += ", r.metadata" }
        if include.contains(.document) { columns += ", r.document" }
        if include.contains(.vector) { columns += ", r.embedding" }
        return columns
    }

    /// The same columns by their names alone, of a subquery.
    static func names(_ include: VectorInclude) -> String { columns(include).replacing("r.", with: "") }

    static func record(_ row: PostgresRow, _ include: VectorInclude, from first: Int) throws(StoreError)
        -> StoredVectorRecord
    {
        var record = StoredVectorRecord(id: try row.text(0))
        var column = first
        if include.contains(.metadata) {
            record.metadata = try PostgresJSON.metadata(try row.json(column))
            column += 1
        }
        if include.contains(.document) {
            record.document = try row.optionalText(column)
            column += 1
        }
        if include.contains(.vector) { record.vector = try row.vector(column) }
        return record
    }

    // MARK: - Records

    func get(_ ids: [String], from target: VectorTarget, include: VectorInclude, context: CallContext)
        async throws(StoreError) -> [StoredVectorRecord]
    {
        let rows = try await perform(target, context) { collection throws(StoreError) in
            try await pool.query(
                """
                SELECT r.id\(Self.columns(include)) FROM \(collection.table) r
                WHERE r.namespace = $1 AND r.id = ANY ($2)
                """, [.text(target.namespace), .textArray(ids)], .read, deadline: context.deadline)
        }
        var found: [[UInt8]: StoredVectorRecord] = [:]
        for row in rows {
            let record = try Self.record(row, include, from: 1)
            found[Array(record.id.utf8)] = record
        }
        return ids.compactMap { found[Array($0.utf8)] }
    }

    func delete(_ selection: RecordSelection, from target: VectorTarget, context: CallContext)
        async throws(StoreError) -> Int
    {
        try await perform(target, context) { collection throws(StoreError) in
            var arguments = PostgresArguments([.text(target.namespace)])
            var condition = "r.namespace = $1"
            var isPrepared = true
            switch selection {
            case .all: break
            case .ids(let ids): condition += " AND r.id = ANY (\(arguments.bind(.textArray(ids))))"
            case .filter(let filter):
                isPrepared = false
                condition += " AND \(try Self.condition(filter, collection, &arguments))"
            }
            let rows = try await pool.query(
                "DELETE FROM \(collection.table) r WHERE \(condition)", arguments.values, .write,
                isPrepared: isPrepared, deadline: context.deadline)
            return rows.affected
        }
    }

    static func condition(
        _ filter: Filter, _ collection: PostgresCollection, _ arguments: inout PostgresArguments
    ) throws(StoreError) -> String {
        try PostgresFilter.condition(filter, column: "r.metadata", fields: collection.fields, &arguments)
    }

    func count(where filter: Filter?, in target: VectorTarget, context: CallContext) async throws(StoreError) -> Int {
        let rows = try await perform(target, context) { collection throws(StoreError) in
            var arguments = PostgresArguments([.text(target.namespace)])
            var condition = "r.namespace = $1"
            if let filter { condition += " AND \(try Self.condition(filter, collection, &arguments))" }
            return try await pool.query(
                "SELECT count(*) FROM \(collection.table) r WHERE \(condition)", arguments.values, .read,
                isPrepared: filter == nil, deadline: context.deadline)
        }
        return Int(try rows.first?.int(0) ?? 0)
    }

    func scroll(_ request: VectorScroll, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> Page<StoredVectorRecord>
    {
        guard request.limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(request.limit)") }
        let after = try request.cursor.map { cursor throws(StoreError) in
            try CursorCodec.text(cursor)
        }
        let rows = try await perform(target, context) { collection throws(StoreError) in
            var arguments = PostgresArguments([
                .text(target.namespace), .text(after ?? ""), .int8(Int64(min(request.limit, .max - 1)) + 1),
            ])
            var condition = "r.namespace = $1 AND r.id > $2"
            if let filter = request.filter { condition += " AND \(try Self.condition(filter, collection, &arguments))" }
            return try await pool.query(
                """
                SELECT r.id\(Self.columns(request.include)) FROM \(collection.table) r
                WHERE \(condition) ORDER BY r.id LIMIT $3
                """, arguments.values, .read, isPrepared: request.filter == nil, deadline: context.deadline)
        }
        var page = Page<StoredVectorRecord>(items: [], next: nil)
        for row in rows.prefix(request.limit) { page.items.append(try Self.record(row, request.include, from: 1)) }
        if rows.count > request.limit, let last = page.items.last {
            page.next = CursorCodec.encode([Array(last.id.utf8)])
        }
        return page
    }
}

extension StoreError {
    /// The server knows no table of that name (42P01).
    var isMissingTable: Bool { sqlState == "42P01" }
}
