#if HTTP
import StoresCore
import StoresHTTP

/// An upsert as requests that Pinecone takes: each record is written once, and a request holds as many as fit.
struct PineconeParts {
    struct Part {
        var ids: [String] = []
        var body: [UInt8]
    }

    /// Records that Pinecone would refuse the whole request for.
    private(set) var refused: [BulkFailure] = []

    private var rest: ArraySlice<VectorRecord>
    private let head: [UInt8]
    private let maxBytes: Int
    /// Encoded, and too long for the part before.
    private var pending: (id: String, json: [UInt8])?

    init(_ records: [VectorRecord], _ target: VectorTarget, maxBytes: Int) {
        rest = records[...]
        self.maxBytes = maxBytes
        var writer = JSONWriter()
        writer.raw("{\"namespace\":")
        writer.append(PineconeName.namespace(target.namespace))
        writer.raw(",\"vectors\":[")
        head = writer.finish()
    }

    /// Nil when no record is left.
    mutating func next() -> Part? {
        var part = Part(body: head)
        part.body.reserveCapacity(min(maxBytes, rest.count * ((rest.first?.vector.count ?? 0) * 12 + 1024)))
        while let record = pending ?? encoded() {
            pending = nil
            // A comma, and the two brackets at the end.
            guard part.ids.isEmpty || part.body.count + record.json.count + 3 <= maxBytes else {
                pending = record
                break
            }
            if !part.ids.isEmpty { part.body.append(UInt8(ascii: ",")) }
            part.body += record.json
            part.ids.append(record.id)
        }
        part.body += Array("]}".utf8)
        return part.ids.isEmpty ? nil : part
    }

    /// The next record that can be written.
    private mutating func encoded() -> (id: String, json: [UInt8])? {
        while let record = rest.popFirst() {
            do throws(StoreError) {
                return (record.id, try PineconeCodec.record(record))
            } catch {
                refused.append(BulkFailure(id: record.id, error: error))
            }
        }
        return nil
    }
}
#endif
