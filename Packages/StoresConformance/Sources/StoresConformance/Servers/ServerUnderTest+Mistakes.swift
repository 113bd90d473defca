public import StoresCore

/// Mistakes that every server of vectors is asked to tell apart; what it answers, the adapter's tests look at.
extension ServerUnderTest {
    /// What a call threw, or nil.
    public typealias Thrown = (call: String, error: StoreError?)

    /// Calls on a collection that nobody made, and that nobody asked to be made.
    public static func callsWithoutCollection(_ stores: Stores) async throws -> [Thrown] {
        let missing = try await stores.vector.collection("t-no-such-collection", dimensions: 3, schema: .off)
        return await thrown(by: [
            (
                "upsert",
                { try await missing.upsert([VectorRecord(id: "a", vector: [1, 2, 3])]).result.throwIfFailed() }
            ),
            ("query", { _ = try await missing.query([1, 2, 3]) }), ("count", { _ = try await missing.count() }),
            ("scroll", { _ = try await missing.scroll() }), ("delete", { _ = try await missing.delete(ids: ["a"]) }),
        ])
    }

    /// Calls with vectors that are longer than those of the collection, as a caller makes them who opened it with
    /// other dimensions than it has.
    public static func callsOfOtherLength(_ collection: VectorCollection, _ stores: Stores) async throws -> [Thrown] {
        let longer = [Float](repeating: 1, count: collection.spec.dimensions + 1)
        let wrong = try await stores.vector.collection(
            collection.name, dimensions: longer.count, metric: collection.spec.metric, schema: .off)
        return await thrown(by: [
            ("upsert", { try await wrong.upsert([VectorRecord(id: "a", vector: longer)]).result.throwIfFailed() }),
            ("query", { _ = try await wrong.query(longer) }),
        ])
    }

    private static func thrown(
        by calls: [(name: String, body: () async throws -> Void)]
    ) async -> [Thrown] {
        var found: [Thrown] = []
        for call in calls {
            do {
                try await call.body()
                found.append((call.name, nil))
            } catch {
                found.append((call.name, error as? StoreError))
            }
        }
        return found
    }
}
