import StoresCore

/// V, and what of X, F and R concerns the vector tier.
enum VectorCases {
    static let all: [ConformanceCase] =
        common + collections + writes + similarity + queries + namespaces + deletes + scrolling + text + filters + names

    /// Three records around the axes; ids `a`, `b`, `c`.
    static let axes = [
        VectorRecord(id: "a", vector: [1, 0, 0], metadata: ["n": 1], document: "alpha"),
        VectorRecord(id: "b", vector: [0, 1, 0], metadata: ["n": 2], document: "beta"),
        VectorRecord(id: "c", vector: [0, 0, 1], metadata: ["n": 3], document: "gamma"),
    ]

    /// Writes and checks that every id is reported.
    @discardableResult
    static func fill(_ collection: VectorCollection, _ records: [VectorRecord]) async throws -> WriteReceipt {
        let receipt = try await collection.upsert(records)
        try receipt.result.throwIfFailed()
        return receipt
    }

    /// Every id, page by page.
    static func allIDs(
        _ collection: VectorCollection, where filter: Filter? = nil, limit: Int = 100
    ) async throws -> [String] {
        var ids: [String] = []
        var cursor: Cursor?
        var pages = 0
        repeat {
            let page = try await collection.scroll(where: filter, cursor: cursor, limit: limit)
            try expect(
                page.items.count <= limit,
                "scroll with limit \(limit): expected at most that many, got \(page.items.count)")
            ids += page.items.map(\.id)
            cursor = page.next
            pages += 1
            try expect(pages <= 10_000, "scroll: expected an end, got \(pages) pages")
        } while cursor != nil
        return ids
    }

    /// `count` records on a spiral in three dimensions: no two point the same way. `n` is the number.
    static func spiral(_ count: Int, metadata: (Int) -> Metadata = { ["n": .int(Int64($0))] }) -> [VectorRecord] {
        (0..<count).map { number in
            let step = Float(number)
            return VectorRecord(
                id: "r\(number)", vector: [1, step / Float(max(count, 1)), 1 / (1 + step)], metadata: metadata(number))
        }
    }
}
