#if HTTP
import Foundation
import StoresConformance
import StoresCore
import StoresWeaviate
import Testing

private let client = PythonClient(
    """
    import warnings
    import weaviate
    warnings.simplefilter("ignore")
    client = weaviate.Client("\(server.url)")
    """, environment: ProcessInfo.processInfo.environment)

/// What the contracts can't know: the vendor's own client beside ours, and what the server refuses.
@Suite(.enabled(if: server.isNamed, "\(server.skipped)"))
struct WeaviateServerTests {
    private static let fields = [
        FieldDefinition("section", .string), FieldDefinition("size", .int), FieldDefinition("at", .instant),
        FieldDefinition("tags", .stringArray),
    ]

    /// Weaviate's name of a collection that the kit named: of lower-case letters and digits.
    private static func className(_ collection: VectorCollection) -> String {
        collection.name.prefix(1).uppercased() + collection.name.dropFirst()
    }

    @Test(.enabled(if: client != nil, "TEST_PYTHON names no Python with weaviate-client<4"))
    func theVendorsClientReadsAndFilters() async throws {
        try await server.withCollection(fields: Self.fields) { collection, _ in
            let id = "7d444840-9dc0-41d1-b245-5ffdce74fad2"
            try await collection.upsert([
                VectorRecord(
                    id: id, vector: [0.1, -0.0, 3],
                    metadata: [
                        "section": "libs", "size": 7, "at": .instant(Timestamp(millisecondsSinceEpoch: 0)),
                        "tags": ["x", "y"],
                    ], document: "the whale"),
                VectorRecord(id: "é", vector: [1, 2, 3], metadata: ["section": "admin", "size": 8]),
            ]).result.throwIfFailed()
            let found = try #require(client).value(
                of: """
                    wanted = {"operator": "And", "operands": [
                        {"path": ["section"], "operator": "Equal", "valueText": "libs"},
                        {"path": ["size"], "operator": "LessThan", "valueInt": 8}]}
                    reply = client.query.get(sys.argv[1], ["stores_id", "section", "size", "at", "tags", "document"]) \\
                        .with_tenant("default").with_where(wanted).with_additional(["id", "vectors{dense}"]).do()
                    absent = client.query.get(sys.argv[1], ["stores_id"]).with_tenant("default").with_where(
                        {"path": ["at"], "operator": "IsNull", "valueBoolean": True}).do()
                    print(json.dumps([reply["data"]["Get"][sys.argv[1]], absent["data"]["Get"][sys.argv[1]]]))
                    """, [Self.className(collection)])
            guard case .array(let both) = found, both.count == 2, case .array(let objects) = both[0],
                case .object(let object)? = objects.first, case .object(let additional) = object["_additional"],
                case .object(let vectors) = additional["vectors"], case .array(let vector) = vectors["dense"]
            else {
                Issue.record("\(found)")
                return
            }
            #expect(objects.count == 1 && object["stores_id"] == .string(id) && additional["id"] == .string(id))
            #expect(object["section"] == "libs" && object["size"] == 7 && object["tags"] == ["x", "y"])
            #expect(object["at"] == "1970-01-01T00:00:00.000Z" && object["document"] == "the whale")
            #expect(vector.count == 3 && vector[1] == .double(-0.0) && vector[2] == 3.0)
            #expect(both[1] == [["stores_id": "é"]])
        }
    }

    @Test(.enabled(if: client != nil, "TEST_PYTHON names no Python with weaviate-client<4"))
    func aCollectionOfAnotherApplicationIsLeftAlone() async throws {
        try await server.withCollection { collection, stores in
            let name = collection.name + "x"
            let make = """
                import urllib.request
                definition = {"class": sys.argv[1], "multiTenancyConfig": {"enabled": True},
                              "vectorConfig": {"dense": {"vectorizer": {"none": {}}, "vectorIndexType": "hnsw",
                                                         "vectorIndexConfig": {"distance": "l2-squared"}}}}
                # The client drops what came after it, named vectors too.
                urllib.request.build_opener(urllib.request.ProxyHandler({})).open(urllib.request.Request(
                    "\(server.url)/v1/schema", json.dumps(definition).encode(), {"content-type": "application/json"}))
                print("null")
                """
            let theirs = Self.className(collection) + "x"
            #expect(try #require(client).value(of: make, [theirs]) == .null)
            let error = await #expect(throws: StoreError.self) {
                try await stores.vector.collection(name, dimensions: 3, metric: .euclidean)
            }
            #expect(error?.code == .schemaMismatch)
            let names = try await stores.vector.collections().map(\.name)
            #expect(names.contains(collection.name) && !names.contains(name))
            #expect(
                try #require(client).value(of: "client.schema.delete_class(sys.argv[1]); print('null')", [theirs])
                    == .null)
        }
    }

    @Test func whatIsWrongIsToldByItsKind() async throws {
        try await server.withCollection { collection, stores in
            try await collection.upsert([VectorRecord(id: "a", vector: [1, 2, 3])]).result.throwIfFailed()
            for (call, error) in try await ServerUnderTest.callsOfOtherLength(collection, stores) {
                #expect(error?.code == .invalidArgument && error?.applied == (call == "upsert" ? .no : nil), "\(call)")
                #expect(error?.message.contains("another length") == true, "\(call): \(String(describing: error))")
            }
            let shape = await #expect(throws: StoreError.self) {
                try await stores.vector.collection(collection.name, dimensions: 4, metric: .euclidean)
            }
            #expect(shape?.code == .schemaMismatch)
            for (call, error) in try await ServerUnderTest.callsWithoutCollection(stores) {
                #expect(
                    error?.code == .notFound && error?.isRetryable == false, "\(call): \(String(describing: error))")
            }
            let option = await #expect(throws: StoreError.self) {
                try await stores.vector.collection("t-options", dimensions: 3, options: ["m": "9"])
            }
            #expect(option?.code == .invalidArgument && option?.message.contains("m is none") == true)
            let cursor = await #expect(throws: StoreError.self) {
                try await collection.scroll(cursor: Cursor(rawValue: "x\") {"))
            }
            #expect(cursor?.code == .invalidArgument)
        }
    }

    @Test func aNamespaceThatNobodyWroteToIsEmpty() async throws {
        try await server.withCollection { collection, _ in
            let empty = try collection.namespace("nobody")
            #expect(try await empty.count() == 0)
            #expect(try await empty.query([1, 2, 3]).isEmpty)
            #expect(try await empty.query(text: "words").isEmpty)
            #expect(try await empty.scroll().items.isEmpty)
            #expect(try await empty.get(ids: ["a"]).isEmpty)
            #expect(try await empty.delete(ids: ["a"]) == 0)
            #expect(try await empty.delete(where: .field("a") == 1) == 0)
        }
    }

    @Test func idsThatAreUUIDsMeetNoOthers() async throws {
        try await server.withCollection { collection, _ in
            // Weaviate's id of the record "a" is no secret, and may be somebody's id.
            try await collection.upsert([VectorRecord(id: "a", vector: [1, 0, 0])]).result.throwIfFailed()
            let made = try #require(try await collection.scroll(limit: 1).next?.rawValue)
            try await collection.upsert([VectorRecord(id: made, vector: [2, 0, 0])]).result.throwIfFailed()
            let found = try await collection.get(ids: ["a", made], include: .all)
            #expect(found.map(\.id) == ["a", made] && found.map(\.vector) == [[1, 0, 0], [2, 0, 0]])
            #expect(try await collection.delete(ids: [made]) == 1)
            #expect(try await collection.count() == 1)
        }
    }

    /// White space at the ends of a text is a part of it, though Weaviate's index loses it.
    @Test func whiteSpaceCounts() async throws {
        try await server.withCollection { collection, _ in
            let texts = ["libs", "libs ", " libs", "libs\n", "libs\u{A0}", "libs\u{3000}", " ", ""]
            try await collection.upsert(
                texts.enumerated().map {
                    VectorRecord(id: "r\($0.offset)", vector: [1, 0, 0], metadata: ["s": .string($0.element)])
                }
            ).result.throwIfFailed()
            for (index, text) in texts.enumerated() {
                let found = try await collection.query([1, 0, 0], where: .equal("s", .string(text)))
                #expect(found.map(\.id) == ["r\(index)"])
            }
        }
    }

    /// More than the server gives or deletes in one call.
    @Test func moreThanOneCallsWorth() async throws {
        try await server.withCollection { collection, _ in
            let records = (0..<10_500).map {
                VectorRecord(id: "r\($0)", vector: [1, Float($0), 0], metadata: ["n": .int(Int64($0 % 50))])
            }
            let receipt = try await collection.upsert(records, deadline: .after(.seconds(120)))
            #expect(receipt.isSearchable && receipt.result.succeeded.count == 10_500)
            #expect(try await collection.delete(where: .field("n") != 7, deadline: .after(.seconds(120))) == 10_290)
            #expect(try await collection.count() == 210)
        }
    }
}
#endif
