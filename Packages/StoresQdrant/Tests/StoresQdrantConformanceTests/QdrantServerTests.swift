#if HTTP
import Foundation
import StoresConformance
import StoresCore
import StoresQdrant
import Testing

/// What the contracts can't know: the vendor's own client beside ours, and what the server refuses.
@Suite(.enabled(if: server.isNamed, "\(server.skipped)"))
struct QdrantServerTests {
    private static let fields = [FieldDefinition("size", .int), FieldDefinition("section", .string, isIndexed: false)]

    @Test(.enabled(if: client != nil, "TEST_PYTHON names no Python with qdrant-client"))
    func theVendorsClientReadsAndFilters() async throws {
        try await server.withCollection(fields: Self.fields) { collection, _ in
            try await collection.upsert([
                VectorRecord(
                    id: "é", vector: [0.1, 2, 3],
                    metadata: [
                        "section": "libs", "size": 7, "at": .instant(Timestamp(millisecondsSinceEpoch: 0)),
                        "o": ["x": [1, nil]],
                    ], document: "words"),
                VectorRecord(id: "b", vector: [1, 2, 3], metadata: ["section": "admin", "size": 8]),
            ])
            let found = try #require(client).value(
                of:
                    """
                    wanted = models.Filter(must=[
                        models.FieldCondition(key="metadata.section", match=models.MatchValue(value="libs")),
                        models.FieldCondition(key="metadata.size", range=models.Range(lt=8))])
                    points, _ = client.scroll("\(collection.name)", scroll_filter=wanted, with_vectors=True)
                    print(json.dumps([[each.payload["id"], each.payload["metadata"], each.payload["document"],
                                       each.vector["dense"]] for each in points]))
                    """)
            let metadata: Value = [
                "section": "libs", "size": 7, "at": "1970-01-01T00:00:00.000Z", "o": ["x": [1, nil]],
            ]
            guard case .array(let points) = found, case .array(let point) = points.first, point.count == 4 else {
                Issue.record("\(found)")
                return
            }
            #expect(points.count == 1 && point[0] == "é" && point[1] == metadata && point[2] == "words")
            guard case .array(let vector) = point[3], case .double(let first) = vector.first else {
                Issue.record("\(point)")
                return
            }
            #expect(Float(first) == 0.1 && vector.count == 3)
        }
    }

    @Test(.enabled(if: client != nil, "TEST_PYTHON names no Python with qdrant-client"))
    func acollectionOfAnotherApplicationIsLeftAlone() async throws {
        try await server.withCollection(fields: Self.fields) { collection, stores in
            let name = collection.name + "-theirs"
            let make = """
                client.create_collection(
                    "\(name)", vectors_config=models.VectorParams(size=3, distance=models.Distance.EUCLID))
                print("null")
                """
            #expect(try #require(client).value(of: make) == .null)
            let error = await #expect(throws: StoreError.self) {
                try await stores.vector.collection(name, dimensions: 3, metric: .euclidean)
            }
            #expect(error?.code == .schemaMismatch)
            let names = try await stores.vector.collections().map(\.name)
            #expect(names.contains(collection.name) && !names.contains(name))
            #expect(try #require(client).value(of: "print(json.dumps(client.delete_collection(\"\(name)\")))") == true)
        }
    }

    @Test func whatIsWrongIsToldByItsKind() async throws {
        try await server.withCollection(fields: Self.fields) { collection, stores in
            for (call, error) in try await ServerUnderTest.callsOfOtherLength(collection, stores) {
                #expect(error?.code == .invalidArgument && error?.applied == (call == "upsert" ? .no : nil), "\(call)")
                #expect(error?.message.contains("another length") == true, "\(call): \(String(describing: error))")
            }
            for (call, error) in try await ServerUnderTest.callsWithoutCollection(stores) {
                #expect(
                    error?.code == .notFound && error?.isRetryable == false, "\(call): \(String(describing: error))")
            }
            let option = await #expect(throws: StoreError.self) {
                try await stores.vector.collection("t-options", dimensions: 3, options: ["ef": "9"])
            }
            #expect(option?.code == .invalidArgument && option?.message.contains("ef") == true)
            let cursor = await #expect(throws: StoreError.self) {
                try await collection.scroll(cursor: Cursor(rawValue: "x"))
            }
            #expect(cursor?.code == .invalidArgument)
        }
    }

    /// Several requests' worth of records in one call, written whole.
    @Test func aBatchLongerThanARequestIsSplit() async throws {
        try await server.withCollection(fields: Self.fields) { collection, _ in
            let text = String(repeating: "word ", count: 4000)
            let records = (0..<2500).map {
                VectorRecord(
                    id: "r\($0)", vector: [1, Float($0), 0], metadata: ["size": .int(Int64($0))],
                    document: $0 % 100 == 0 ? text : nil)
            }
            let receipt = try await collection.upsert(records)
            #expect(receipt.isSearchable && receipt.result.succeeded.count == 2500 && receipt.result.failed.isEmpty)
            #expect(try await collection.count(where: .field("size") >= 2000) == 500)
        }
    }
}

private let client = PythonClient(
    """
    from qdrant_client import QdrantClient, models
    client = QdrantClient(url="\(server.url)", check_compatibility=False)
    """, environment: ProcessInfo.processInfo.environment)
#endif
