#if SQLite
import StoresCore

extension SQLiteSearchDriver {
    func search(_ request: SearchRequest, in index: SearchIndexSpec, context: CallContext) async throws(StoreError)
        -> SearchResults
    {
        guard request.limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(request.limit)") }
        let after = try request.cursor.map { cursor throws(StoreError) in try Place(cursor) }
        return try await backend.read(context, snapshot: true) { (connection) throws(StoreError) in
            let index = try SQLiteSearchIndex.require(index.name, connection)
            var found = Found(request, after, connection)
            try Self.scan(request, index, connection, &found)
            let page = try found.nearest.sorted()
            var results = SearchResults(hits: [], total: found.total, facets: found.facetValues)
            for candidate in page {
                let document = try Self.document(candidate.record, connection)
                results.hits.append(
                    SearchHit(
                        id: document.id, score: candidate.similarity, fields: document.fields,
                        highlights: Self.highlights(document, request, index)))
            }
            if found.remaining > page.count, let last = page.last, let id = results.hits.last?.id {
                results.next = Place(score: last.similarity, id: Array(id.utf8)).cursor
            }
            return results
        }
    }

    /// The score and id of a page's last hit: the next page is what comes after it in the order of now, whatever
    /// was written or deleted in between.
    private struct Place {
        var score: Double
        var id: [UInt8]

        init(score: Double, id: [UInt8]) {
            self.score = score
            self.id = id
        }

        init(_ cursor: Cursor) throws(StoreError) {
            let parts = try CursorCodec.bytes(cursor, parts: 2...2)
            guard parts[0].count == 8 else { throw CursorCodec.refused }
            score = Double(bitPattern: parts[0].reduce(0) { $0 << 8 | UInt64($1) })
            id = parts[1]
        }

        var cursor: Cursor {
            let bits = score.bitPattern
            return CursorCodec.encode([(0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) }, id])
        }
    }

    /// Matches as they are met: the best of them after a place, how many those and all are, and how often each
    /// facet's values occur among all.
    private struct Found {
        var nearest: NearestRecords
        private(set) var total = 0
        private(set) var remaining = 0
        private let after: Place?
        private let id: (Int64) throws(StoreError) -> [UInt8]
        let facets: [(request: FacetRequest, path: [[UInt8]])]
        var counts: [[FilterLiteral.Bytes: Int]]

        init(_ request: SearchRequest, _ after: Place?, _ connection: SQLiteConnection) {
            self.after = after
            id = { (row) throws(StoreError) in
                try connection.first(
                    "SELECT id FROM stores_search_documents WHERE document_id = ?1", [.int(row)]
                ) { $0.bytes(0) } ?? []
            }
            nearest = NearestRecords(limit: request.limit, id: id)
            facets = request.facets.map { ($0, [Array($0.field.utf8)]) }
            counts = Array(repeating: [:], count: facets.count)
        }

        mutating func offer(_ row: Int64, _ score: Double) throws(StoreError) {
            total += 1
            if let after {
                if score > after.score { return }
                // Ids are read for those of the same score alone.
                if score == after.score, try !after.id.lexicographicallyPrecedes(id(row)) { return }
            }
            remaining += 1
            try nearest.offer(row, score)
        }

        mutating func count(_ fields: UnsafeBufferPointer<UInt8>, _ path: String) throws(StoreError) {
            for (number, facet) in facets.enumerated() {
                let slice: JSONView.Slice?
                do {
                    slice = try JSONView.value(at: facet.path, in: fields)
                } catch {
                    throw .corruptFile(path, "a document is no JSON")
                }
                guard let value = slice?.value else { continue }
                var values: Set<FilterLiteral.Bytes> = []
                switch value {
                case .string(let text): values = [FilterLiteral.Bytes(text)]
                case .array(let elements):
                    for case .string(let text) in elements { values.insert(FilterLiteral.Bytes(text)) }
                default: break
                }
                for value in values { counts[number][value, default: 0] += 1 }
            }
        }

        /// Most frequent first, ties by value.
        var facetValues: [String: [FacetValue]] {
            var result: [String: [FacetValue]] = [:]
            for (number, facet) in facets.enumerated() {
                let sorted = counts[number].sorted {
                    $0.value == $1.value
                        ? $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) : $0.value > $1.value
                }
                result[facet.request.field] = sorted.prefix(max(0, facet.request.limit)).map {
                    FacetValue(value: String(decoding: $0.key.bytes, as: UTF8.self), count: $0.value)
                }
            }
            return result
        }
    }

    private static func scan(
        _ request: SearchRequest, _ index: SQLiteSearchIndex, _ connection: SQLiteConnection,
        _ found: inout Found
    ) throws(StoreError) {
        var compiler = SQLiteSearchCompiler(index, firstParameter: 3)
        let compiled = try compiler.compile(request.query)
        let filter = try request.filter.map { filter throws(StoreError) in
            try SQLiteFilter(filter, column: "d.fields", firstParameter: 3 + compiler.parameters.count)
        }
        let rank = compiler.rank
        // bm25 is better the lower, and never positive.
        let ranked =
            rank == nil
            ? ""
            : """
            WITH ranked (document_id, rank) AS MATERIALIZED
            (SELECT rowid, bm25(\(index.words)) FROM \(index.words) WHERE \(index.words) MATCH ?2)
            """
        // The ranked documents lead where they are all that can match.
        let source =
            rank == nil
            ? "stores_search_documents d"
            : compiled.isRanked
                ? "ranked CROSS JOIN stores_search_documents d ON d.document_id = ranked.document_id"
                : "stores_search_documents d LEFT JOIN ranked ON d.document_id = ranked.document_id"
        let values: [SQLiteValue] =
            [.int(index.id), SQLiteValue(rank)] + compiler.parameters.map(SQLiteValue.text)
            + (filter?.values ?? [])
        let counts = !found.facets.isEmpty
        // Parts that only rank have parameters that no condition names: naming the last one makes room for all.
        let last = 2 + compiler.parameters.count
        try connection.each(
            """
            \(ranked) SELECT d.document_id, \(rank == nil ? "0" : "-ranked.rank"), \(counts ? "d.fields" : "NULL")
            FROM \(source) WHERE d.index_id = ?1 AND ?\(last) IS ?\(last) AND \(compiled.condition)
            \(filter.map { "AND \($0.condition)" } ?? "")
            """,
            values, cached: false
        ) { (row) throws(StoreError) in
            try found.offer(row.int(0), row.real(1))
            guard counts else { return true }
            let bytes = row.bytes(2)
            try bytes.withUnsafeBufferPointer { (bytes) throws(StoreError) in
                try found.count(bytes, connection.path)
            }
            return true
        }
    }

    /// Of one field of a hit, as in every adapter.
    private static let maxHighlights = 3

    private static func highlights(
        _ document: SearchDocument, _ request: SearchRequest, _ index: SQLiteSearchIndex
    ) -> [String: [String]] {
        var highlights: [String: [String]] = [:]
        for name in request.highlight {
            guard case .text(let analyzer)? = index.spec.fields[name] else { continue }
            let highlighter = Highlighter(request.query, field: name, analyzer: analyzer)
            let fragments = texts(document.fields[name]).flatMap { highlighter.fragments(of: $0) }
            if !fragments.isEmpty { highlights[name] = Array(fragments.prefix(maxHighlights)) }
        }
        return highlights
    }
}
#endif
