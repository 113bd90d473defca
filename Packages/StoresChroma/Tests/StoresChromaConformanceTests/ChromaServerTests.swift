#if HTTP
import Foundation
import StoresChroma
import StoresConformance
import StoresCore
import Testing

/// What the contracts can't know: Chroma's own client beside ours, and a server that dies.
@Suite(.enabled(if: server.isNamed, "\(server.skipped)"))
struct ChromaServerTests {
    /// What a script prints, with Chroma's own client as `collection`.
    private func python(_ name: String, _ script: String) throws -> Value {
        try #require(client).value(
            of: "collection = client.get_collection(sys.argv[1], embedding_function=None)\n" + script, [name])
    }

    @Test(.enabled(if: client != nil, "TEST_PYTHON names no Python with chromadb"))
    func chromasOwnClientReadsFiltersAndWrites() async throws {
        try await server.withCollection { collection, _ in
            try await collection.upsert([
                VectorRecord(
                    id: "a", vector: [0.5, -0.0, 3], metadata: ["section": "libs", "size": 7, "tags": ["x", "y"]],
                    document: "words"),
                VectorRecord(id: "b", vector: [1, 2, 3], metadata: ["section": "admin"]),
            ])
            let read = """
                found = collection.get(where={"section": "libs"}, include=["metadatas", "documents", "embeddings"])
                fields = {k: v for k, v in found["metadatas"][0].items() if not k.startswith("_stores_")}
                print(json.dumps([found["ids"], fields, found["documents"], [float(x) for x in found["embeddings"][0]]]))
                """
            let found = try python(collection.name, read)
            #expect(
                found == [
                    ["a"], ["section": "libs", "size": 7, "tags": ["x", "y"]], ["words"], [0.5, -0.0, 3.0],
                ])
            // A second version without some of the fields: gone for the other client too.
            try await collection.upsert([VectorRecord(id: "a", vector: [0, 0, 1], metadata: ["section": "libs"])])
            #expect(
                try python(collection.name, read) == [["a"], ["section": "libs"], [""], [0.0, 0.0, 1.0]])
            // What the other client writes, ours reads.
            let write = """
                collection.upsert(ids=["c"], embeddings=[[5, 6, 7]], metadatas=[{"n": 1, "ok": True}], documents=["d"])
                print("null")
                """
            #expect(try python(collection.name, write) == .null)
            let theirs = try #require(try await collection.get(ids: ["c"], include: .all).first)
            #expect(theirs.metadata == ["n": 1, "ok": true] && theirs.document == "d" && theirs.vector == [5, 6, 7])
        }
    }

    /// Chroma keeps the arrays of a dropped collection and gives them to the next records; ours leave none.
    @Test(.enabled(if: client != nil, "TEST_PYTHON names no Python with chromadb"))
    func aDroppedCollectionLeavesNothingToOthers() async throws {
        try await server.withCollection { collection, stores in
            let other = collection.name + "-dropped"
            let dropped = try await stores.vector.collection(other, dimensions: 3)
            try await dropped.upsert(
                (0..<50).map { VectorRecord(id: "r\($0)", vector: [1, 2, 3], metadata: ["leak": ["x"]]) })
            #expect(try await stores.vector.dropCollection(other, confirming: other))
            let write = """
                ids = [f"n{i}" for i in range(80)]
                collection.upsert(ids=ids, embeddings=[[1, 2, 3]] * 80, metadatas=[{"z": 1}] * 80)
                found = collection.get(include=["metadatas"])["metadatas"]
                print(sum(1 for each in found if "leak" in each or "_stores_terms" in each))
                """
            #expect(try python(collection.name, write) == 0)
        }
    }

    /// Eight writers of the same ids, each with fields of its own: Chroma merges, and no reader may see it.
    @Test func racingUpsertsNeverMix() async throws {
        try await server.withCollection { collection, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        for _ in 0..<5 {
                            try await collection.upsert(
                                (0..<10).map {
                                    VectorRecord(
                                        id: "r\($0)", vector: [Float(writer), 0, 1],
                                        metadata: ["w\(writer)": .int(Int64(writer))])
                                }
                            ).result.throwIfFailed()
                        }
                    }
                }
                try await group.waitForAll()
            }
            let records = try await collection.get(ids: (0..<10).map { "r\($0)" }, include: .all)
            #expect(records.count == 10)
            var counts = 0
            for writer in 0..<8 {
                counts += try await collection.count(where: .exists(FieldPath("w\(writer)")))
                counts += try await collection.count(where: .greaterOrEqual(FieldPath("w\(writer)"), 0))
            }
            // Each record has one field, as the filters see it too.
            #expect(records.allSatisfy { $0.metadata.count == 1 } && counts == 20)
            for record in records {
                let writer = try #require(record.metadata.values.first)
                #expect(writer == .int(Int64(record.vector?.first ?? -1)))
            }
        }
    }

    @Test func whatIsWrongIsToldByItsKind() async throws {
        try await server.withCollection { collection, stores in
            try await collection.upsert([VectorRecord(id: "a", vector: [1, 2, 3])])
            for (call, error) in try await ServerUnderTest.callsOfOtherLength(collection, stores) {
                #expect(error?.code == .invalidArgument && error?.applied == (call == "upsert" ? .no : nil), "\(call)")
                #expect(error?.message.contains("another length") == true, "\(call): \(String(describing: error))")
            }
            for (call, error) in try await ServerUnderTest.callsWithoutCollection(stores) {
                #expect(
                    error?.code == .notFound && error?.isRetryable == false, "\(call): \(String(describing: error))")
            }
            // Of a namespace that nobody wrote to there is nothing to read, and that is no error.
            let empty = try collection.namespace("nobody")
            #expect(try await empty.count() == 0)
            #expect(try await empty.query([1, 2, 3]).isEmpty)
            #expect(try await empty.scroll().items.isEmpty)
            let option = await #expect(throws: StoreError.self) {
                try await stores.vector.collection("t-options", dimensions: 3, options: ["ef": "9"])
            }
            #expect(option?.code == .invalidArgument && option?.message.contains("ef") == true)
        }
    }

    @Test func aCollectionDroppedByAnotherIsFoundAgain() async throws {
        try await server.withCollection { collection, stores in
            try await collection.upsert([VectorRecord(id: "a", vector: [1, 2, 3])])
            try await server.withStores { other in
                _ = try await other.vector.dropCollection(collection.name, confirming: collection.name)
            }
            let error = await #expect(throws: StoreError.self) { try await collection.count() }
            #expect(error?.code == .notFound)
            _ = try await stores.vector.collection(collection.spec)
            try await collection.upsert([VectorRecord(id: "b", vector: [1, 2, 3])])
            #expect(try await collection.query([1, 2, 3]).map(\.id) == ["b"])
        }
    }

    @Test(.enabled(if: ChromaServer.services != nil, "BACKEND_SERVICES names no scripts/services"))
    func whatWasAnsweredSurvivesTheServersDeath() async throws {
        try await server.withCollection { collection, _ in
            let records = (0..<500).map { VectorRecord(id: "r\($0)", vector: [1, Float($0), 0], metadata: ["n": 1]) }
            try await collection.upsert(records).result.throwIfFailed()
            try ChromaServer.run("kill")
            let error = await #expect(throws: StoreError.self) {
                try await collection.count(deadline: .after(.seconds(2)))
            }
            #expect(error?.code == .unavailable || error?.code == .timeout)
            try ChromaServer.run("start")
            #expect(try await collection.count() == 500)
            #expect(try await collection.count(where: .field("n") == 1) == 500)
            #expect(try await collection.query([1, 499, 0], limit: 1).map(\.id) == ["r499"])
        }
    }
}

private let client = PythonClient(
    """
    import chromadb, urllib.parse
    from chromadb.config import Settings
    url = urllib.parse.urlsplit("\(server.url)")
    client = chromadb.HttpClient(host=url.hostname, port=url.port, settings=Settings(anonymized_telemetry=False))
    """, environment: ProcessInfo.processInfo.environment)

enum ChromaServer {
    static let services = ProcessInfo.processInfo.environment["BACKEND_SERVICES"]

    static func run(_ verb: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: services ?? "")
        process.arguments = [verb, "chroma"]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
#endif
