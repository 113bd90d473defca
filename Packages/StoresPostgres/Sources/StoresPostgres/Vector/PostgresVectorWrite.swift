import StoresCore
import Synchronization

/// A record as it is sent.
struct PostgresVectorWrite: Sendable {
    var record: VectorRecord
    var metadata: [UInt8]
    var words: String
    var wordCount: Int32

    /// In the order in which rows are written.
    static let columns = "id, embedding, metadata, document, words, word_count"

    /// - Throws: `invalidArgument` and `tooLarge` for what Postgres or pgvector cannot hold.
    init(_ record: VectorRecord, _ collection: PostgresCollection) throws(StoreError) {
        guard record.vector.count == collection.spec.dimensions else {
            throw .invalidArgument(
                "the vector has \(record.vector.count) dimensions; the collection has \(collection.spec.dimensions)",
                resource: record.id)
        }
        let isHalf = collection.options.quantization == .halfvec
        if let problem = PostgresVectorRange.problem(record.vector, collection.spec.metric, isHalf: isHalf) {
            throw .invalidArgument("the vector \(problem)", resource: record.id)
        }
        try StoreError.checkNUL(record.document, "the document")
        self.record = record
        metadata = try PostgresJSON.encode(record.metadata)
        (words, wordCount) = try PostgresWords.encode(record.document.map { [$0] } ?? [], .standard)
    }
}

/// The rows of a batch in COPY's binary format, made piece by piece while the server works on those before.
final class PostgresVectorCopy: Sendable {
    private struct State {
        var writer: PostgresCopyWriter
        var next = 0
        var isFinished = false
        var failed: [BulkFailure] = []
    }

    private static let pieceBytes = 64 << 10

    private let records: [VectorRecord]
    private let collection: PostgresCollection
    private let namespace: String?
    private let state: Mutex<State>

    /// - Parameter namespace: The first column; nil for a table without it.
    init(_ records: [VectorRecord], _ collection: PostgresCollection, _ namespace: String?, _ types: PostgresTypes) {
        self.records = records
        self.collection = collection
        self.namespace = namespace
        state = Mutex(State(writer: PostgresCopyWriter(types: types, columns: namespace == nil ? 6 : 7)))
    }

    /// Records that Postgres or pgvector cannot hold, of those that were asked for so far. They have no row.
    var failed: [BulkFailure] { state.withLock { $0.failed } }

    /// Nil at the end.
    func next() throws(StoreError) -> [UInt8]? {
        try state.withLock { state throws(StoreError) in
            if state.isFinished { return nil }
            while state.next < records.count, state.writer.count < Self.pieceBytes {
                let record = records[state.next]
                state.next += 1
                do throws(StoreError) {
                    try write(PostgresVectorWrite(record, collection), &state.writer)
                } catch {
                    state.failed.append(BulkFailure(id: record.id, error: error))
                }
            }
            if state.next < records.count { return state.writer.take() }
            state.isFinished = true
            return state.writer.finish()
        }
    }

    /// What is not written whole is not written at all.
    private func write(_ item: PostgresVectorWrite, _ writer: inout PostgresCopyWriter) throws(StoreError) {
        let place = writer.count
        do throws(StoreError) {
            writer.beginRow()
            if let namespace { try writer.append(text: namespace) }
            try writer.append(text: item.record.id)
            try writer.append(vector: item.record.vector)
            try writer.append(.jsonb(item.metadata))
            if let document = item.record.document {
                try writer.append(text: document)
            } else {
                writer.appendNull()
            }
            try writer.append(text: item.words)
            try writer.append(.int4(item.wordCount))
        } catch {
            writer.cut(to: place)
            throw error
        }
    }
}
