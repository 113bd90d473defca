/// One index: its documents, and what of them queries see.
struct InMemorySearchIndex: Sendable {
    private struct Pending: Sendable {
        var id: ByteKey
        /// Nil removes.
        var document: SearchDocument?
        var visibleAt: Timestamp
    }

    let spec: SearchIndexSpec
    private let textFields: [String]
    /// As written.
    private var stored: [ByteKey: SearchDocument] = [:]
    /// Writes that queries do not see yet, in order; those before `nextPending` are done.
    private var pending: [Pending] = []
    private var nextPending = 0
    /// As queries see them, by row.
    private(set) var visible: [Int: SearchDocument] = [:]
    private var rows: [ByteKey: Int] = [:]
    private var nextRow = 0
    private(set) var text: InvertedIndex

    init(_ spec: SearchIndexSpec) {
        self.spec = spec
        textFields = spec.textFields
        text = InvertedIndex(
            fields: textFields.map { name in
                if case .text(let analyzer) = spec.fields.value(forBytesOf: name) { return .init(name, analyzer) }
                return .init(name, .standard)
            })
    }

    func document(_ id: String) -> SearchDocument? { stored[ByteKey(id)] }

    mutating func upsert(_ document: SearchDocument, visibleAt: Timestamp) {
        stored[ByteKey(document.id)] = document
        pending.append(Pending(id: ByteKey(document.id), document: document, visibleAt: visibleAt))
    }

    mutating func delete(_ selection: RecordSelection, visibleAt: Timestamp) -> Int {
        let keys: [ByteKey]
        switch selection {
        case .ids(let ids): keys = ids.map(ByteKey.init)
        case .filter(let filter):
            let filter = CompiledFilter(filter)
            keys = stored.filter { filter.matches($0.value.fields) }.keys.sorted()
        case .all: keys = stored.keys.sorted()
        }
        var count = 0
        for key in keys where stored.removeValue(forKey: key) != nil {
            count += 1
            pending.append(Pending(id: key, document: nil, visibleAt: visibleAt))
        }
        return count
    }

    /// Lets queries see what is due.
    mutating func refresh(_ now: Timestamp) {
        while nextPending < pending.count, pending[nextPending].visibleAt <= now {
            show(pending[nextPending])
            nextPending += 1
        }
        guard nextPending == pending.count || nextPending > 1024 else { return }
        pending.removeFirst(nextPending)
        nextPending = 0
    }

    private mutating func show(_ write: Pending) {
        guard let document = write.document else {
            guard let row = rows.removeValue(forKey: write.id) else { return }
            visible[row] = nil
            text.remove(row)
            return
        }
        let row = rows[write.id] ?? nextRow
        if row == nextRow { nextRow += 1 }
        rows[write.id] = row
        visible[row] = document
        text.set(row, values: textFields.map { Self.texts(document, $0) })
    }

    /// The text or texts that a field holds. Another kind is the tier type's to refuse; here it has no words.
    static func texts(_ document: SearchDocument, _ field: String) -> [String] {
        switch document.fields.value(forBytesOf: field) {
        case .string(let text): [text]
        case .array(let values): values.compactMap { if case .string(let text) = $0 { text } else { nil } }
        default: []
        }
    }

    func count(_ filter: Filter?) -> Int {
        guard let filter = filter.map(CompiledFilter.init) else { return visible.count }
        return visible.values.count { filter.matches($0.fields) }
    }
}
