#if SQLite
import StoresCore

/// What a fact becomes in the file, prepared before the file's writer is taken: its columns one after the other in
/// one piece of memory, which SQLite reads where they are.
struct FactRow: Sendable {
    /// The rows of a batch, each or what is wrong with it; large batches on several threads.
    static func rows(_ puts: [FactPut]) async -> [Result<FactRow, StoreError>] {
        let piece = 256
        if puts.count <= piece { return puts.map(row) }
        return await withTaskGroup(of: (start: Int, rows: [Result<FactRow, StoreError>]).self) { group in
            for start in stride(from: 0, to: puts.count, by: piece) {
                group.addTask { (start, puts[start..<min(start + piece, puts.count)].map(row)) }
            }
            var pieces: [(start: Int, rows: [Result<FactRow, StoreError>])] = []
            for await piece in group { pieces.append(piece) }
            return pieces.sorted { $0.start < $1.start }.flatMap(\.rows)
        }
    }

    private static func row(_ put: FactPut) -> Result<FactRow, StoreError> {
        Result { () throws(StoreError) in try FactRow(put) }
    }

    let draft: FactDraft
    let ifVersion: Int64?
    private let bytes: [UInt8]
    /// Where each column ends: scope, id, content, attributes, source, embedding, words.
    private let ends: [Int]

    /// The columns of a row that are bytes. Valid within the closure, or until the next step, that they came with.
    struct Columns {
        var scope: UnsafeRawBufferPointer
        var id: UnsafeRawBufferPointer
        var content: UnsafeRawBufferPointer
        var attributes: UnsafeRawBufferPointer
        var source: UnsafeRawBufferPointer?
        var embedding: UnsafeRawBufferPointer?
        /// Of the index; empty in a row that was read.
        var words: UnsafeRawBufferPointer
    }

    init(_ put: FactPut) throws(StoreError) {
        draft = put.draft
        ifVersion = put.ifVersion
        var bytes = try SQLiteCodec.encode(draft.scope)
        bytes.reserveCapacity(bytes.count + 3 * draft.content.utf8.count + 256)
        var ends = [bytes.count]
        ends.reserveCapacity(7)
        bytes.append(contentsOf: draft.id.utf8)
        ends.append(bytes.count)
        bytes.append(contentsOf: draft.content.utf8)
        ends.append(bytes.count)
        bytes = try SQLiteCodec.encode(draft.attributes, after: bytes)
        ends.append(bytes.count)
        if let source = draft.source { bytes.append(contentsOf: source.utf8) }
        ends.append(bytes.count)
        if let embedding = draft.embedding { bytes.append(contentsOf: SQLiteCodec.encode(embedding)) }
        ends.append(bytes.count)
        SQLiteWords.append(termsOf: draft.content, to: &bytes)
        ends.append(bytes.count)
        self.bytes = bytes
        self.ends = ends
    }

    /// A fact that was read, without its embedding, to be marked as deleted.
    init(_ fact: Fact) throws(StoreError) {
        try self.init(
            FactPut(
                draft: FactDraft(
                    id: fact.id, scope: fact.scope, content: fact.content, attributes: fact.attributes,
                    expiresAt: fact.expiresAt, source: fact.source)))
    }

    func withColumns<T>(_ body: (Columns) throws(StoreError) -> T) throws(StoreError) -> T {
        try bytes.withUnsafeBufferPointer { (bytes) throws(StoreError) in
            let bytes = UnsafeRawBufferPointer(bytes)
            func column(_ number: Int) -> UnsafeRawBufferPointer {
                UnsafeRawBufferPointer(rebasing: bytes[(number == 0 ? 0 : ends[number - 1])..<ends[number]])
            }
            return try body(
                Columns(
                    scope: column(0), id: column(1), content: column(2), attributes: column(3),
                    source: draft.source == nil ? nil : column(4),
                    embedding: draft.embedding == nil ? nil : column(5), words: column(6)))
        }
    }
}
#endif
