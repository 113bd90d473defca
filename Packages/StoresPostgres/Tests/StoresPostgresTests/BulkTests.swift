import StoresCore
import Synchronization
import Testing

@testable import StoresPostgres

/// Batches that go by COPY, and what happens to them in the middle.
@Suite(.enabled(if: DataStore.url != nil, DataStore.skipped))
struct BulkTests {
    private func records(_ range: Range<Int>, _ word: String) -> [VectorRecord] {
        range.map {
            VectorRecord(
                id: "r\($0)", vector: [1, Float($0), 3], metadata: ["by": .string(word)], document: "\(word) \($0)")
        }
    }

    private func upsert(_ records: [VectorRecord], _ target: VectorTarget, _ driver: PostgresVectorDriver)
        async throws(StoreError) -> WriteReceipt
    {
        try await driver.upsert(records, into: target, visibility: .accepted, context: DataStore.context())
    }

    @Test func newRecordsAndReplacedOnes() async throws {
        try await DataStore.with { store in
            let target = try await store.collection("bulk", 3)
            #expect(try await upsert(records(0..<2500, "first"), target, store.vector).result.succeeded.count == 2500)
            #expect(try await upsert(records(1500..<4000, "second"), target, store.vector).result.isComplete)
            for (word, count) in [("first", 1500), ("second", 2500)] {
                let filter: Filter = .field("by") == word
                #expect(try await store.vector.count(where: filter, in: target, context: DataStore.context()) == count)
            }
            let found = try await store.vector.textQuery(
                VectorTextQuery(text: "second 1600", limit: 1, include: .all), in: target, context: DataStore.context())
            #expect(found.first?.id == "r1600" && found.first?.vector == [1, 1600, 3])
        }
    }

    @Test func oneRecordThatCannotBeStoredFailsAlone() async throws {
        try await DataStore.with { store in
            let target = try await store.collection("bulk", 3)
            var batch = records(0..<1200, "x")
            batch[5].document = "a\u{0}b"
            batch[6].metadata = ["n": ["\u{0}"]]
            batch[7].vector = [1e19, 0, 0]
            let receipt = try await upsert(batch, target, store.vector)
            #expect(receipt.result.failed.map(\.id) == ["r5", "r6", "r7"])
            #expect(receipt.result.failed.allSatisfy { $0.error.code == .invalidArgument })
            #expect(receipt.result.succeeded.count == 1197)
            #expect(try await store.vector.count(where: nil, in: target, context: DataStore.context()) == 1197)
        }
    }

    @Test func twoWritersOfTheSameNewRecordsBothSucceed() async throws {
        try await DataStore.with { store in
            let target = try await store.collection("race", 3, options: ["index": "none"])
            for round in 0..<3 {
                let range = round * 2000..<(round + 1) * 2000
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for word in ["a", "b", "c"] {
                        group.addTask {
                            try await upsert(records(range, word).shuffled(), target, store.vector).result
                                .throwIfFailed()
                        }
                    }
                    try await group.waitForAll()
                }
                let all = try await store.vector.get(
                    range.map { "r\($0)" }, from: target, include: [.metadata, .document],
                    context: DataStore.context())
                #expect(all.count == 2000)
                #expect(
                    all.allSatisfy { record in
                        guard case .string(let word)? = record.metadata["by"] else { return false }
                        return record.document == "\(word) \(record.id.dropFirst())"
                    }, "each record is one writer's, whole")
            }
        }
    }

    @Test func aConnectionThatIsCutInTheMiddleLeavesNothing() async throws {
        try await DataStore.with { store in
            let target = try await store.collection("cut", 3)
            let collection = try #require(try await store.vector.find("cut", DataStore.context()))
            let isOver = Mutex(false)
            async let cut: Int = {
                // Until the COPY is under way, which the graph's growing makes last.
                while !isOver.withLock({ $0 }) {
                    let rows = try await store.ask(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE query LIKE $1 AND state = 'active' AND pid <> pg_backend_pid()
                        """, [.text("COPY \(collection.table)%")])
                    if rows.count > 0 { return rows.count }
                    await Task.yield()
                }
                return 0
            }()
            let error = await #expect(throws: StoreError.self) {
                try await upsert(records(0..<20_000, "x"), target, store.vector)
            }
            isOver.withLock { $0 = true }
            #expect(try await cut == 1)
            #expect(error?.code == .unavailable)
            #expect(try await store.vector.count(where: nil, in: target, context: DataStore.context()) == 0)
            #expect(try await upsert(records(0..<10, "x"), target, store.vector).result.isComplete)
        }
    }

    @Test func aCollectionThatAnotherProcessMadeAnewIsFoundAgain() async throws {
        try await DataStore.with { store in
            let (ours, other) = (store.vector, store.vector)
            let target = try await store.collection("again", 3)
            _ = try await upsert(records(0..<3, "x"), target, ours)
            #expect(try await other.dropCollection("again", context: DataStore.context()))
            let error = await #expect(throws: StoreError.self) {
                try await ours.count(where: nil, in: target, context: DataStore.context())
            }
            #expect(error?.code == .notFound)
            _ = try await other.ensureCollection(target.collection, mode: .create, context: DataStore.context())
            #expect(try await ours.count(where: nil, in: target, context: DataStore.context()) == 0)
        }
    }
}
