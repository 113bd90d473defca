public import StoresCore

/// Records that are written in as few requests as their sizes allow.
public enum RecordParts {
    /// Writes records part by part, in halves as long as one is too long for a request.
    ///
    /// - Parameter write: Writes a part. Returns nil, without having written, for one of several records that does not
    ///   go into one request.
    /// - Throws: What `write` throws for all records at once; of a part it becomes the failure of each of its ids.
    public static func write(
        _ records: [VectorRecord],
        _ write: (ArraySlice<VectorRecord>) async throws(StoreError) -> WriteReceipt?
    ) async throws(StoreError) -> WriteReceipt {
        var receipt = WriteReceipt(result: BulkResult(), isSearchable: true)
        var rest = [records[...]]
        while let part = rest.popLast() {
            guard !part.isEmpty else { continue }
            do throws(StoreError) {
                guard let written = try await write(part) else {
                    // The first half first.
                    let middle = part.startIndex + part.count / 2
                    rest += [part[middle...], part[..<middle]]
                    continue
                }
                receipt.result.succeeded += written.result.succeeded
                receipt.result.failed += written.result.failed
                receipt.isSearchable = receipt.isSearchable && written.isSearchable
            } catch {
                guard part.count < records.count else { throw error }
                receipt.result.failed += part.map { BulkFailure(id: $0.id, error: error) }
                receipt.isSearchable = false
            }
        }
        return receipt
    }
}
