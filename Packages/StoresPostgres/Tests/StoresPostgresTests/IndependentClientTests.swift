import Foundation
import StoresCore
import Testing

@testable import StoresPostgres

enum IndependentClient {
    static let python = ProcessInfo.processInfo.environment["TEST_PYTHON"]
}

/// What is written is there for a client that knows nothing of this library: psycopg, in Python.
@Suite(
    .enabled(
        if: DataStore.url != nil && IndependentClient.python != nil,
        "POSTGRES_URL names no server, or TEST_PYTHON no Python with psycopg: scripts/test sets both"))
struct IndependentClientTests {
    private static let script = """
        import json, sys, psycopg
        url, schema = sys.argv[1:]
        with psycopg.connect(url, options=f"-c search_path={schema},public") as connection:
            def rows(sql):
                return connection.execute(sql).fetchall()
            collection = rows("SELECT collection_id, name, dimensions, metric FROM vector_collections")[0]
            table = f"vector_{collection[0]}"
            index = rows("SELECT index_id FROM search_indexes")[0][0]
            print(json.dumps({
                "collection": collection[1:],
                "records": rows(f"SELECT namespace, id, embedding::text, metadata, document FROM {table} ORDER BY id"),
                "near": [row[0] for row in rows(f"SELECT id FROM {table} ORDER BY embedding <=> '[0,1,0]' LIMIT 1")],
                "facts": rows("SELECT encode(scope, 'hex'), id, content, attributes, version FROM facts"),
                "lines": rows("SELECT change, content, version FROM fact_history ORDER BY line"),
                "documents": rows(f"SELECT id, fields FROM search_{index}"),
                "found": rows(f"SELECT id FROM search_{index} WHERE words_vector(words_0) @@ 'whale'::tsquery"),
            }, ensure_ascii=False, sort_keys=True))
        """

    private func run(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: IndependentClient.python ?? "")
        process.arguments = ["-c", Self.script] + arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return text
    }

    @Test func psycopgReadsWhatWasWritten() async throws {
        try await DataStore.with { store in
            let context = DataStore.context()
            let target = try await store.collection("docs é", 3)
            _ = try await store.vector.upsert(
                [
                    VectorRecord(
                        id: "a", vector: [0.1, 1, -0.5],
                        metadata: ["n": 1, "d": 2.0, "t": .instant(Timestamp(millisecondsSinceEpoch: 5)), "s": "é'\""],
                        document: "A whale"),
                    VectorRecord(id: "b", vector: [1, 0, 0]),
                ], into: target, visibility: .accepted, context: context)
            for content in ["one", "two"] {
                _ = try await store.memory.put(
                    [
                        FactPut(
                            draft: FactDraft(
                                id: "f", scope: ["t", "é"], content: content, attributes: ["k": [1, true]]))
                    ], context: context)
            }
            let spec = SearchIndexSpec(name: "pages", fields: ["body": .text(.standard)])
            _ = try await store.search.ensureIndex(spec, mode: .create, context: context)
            _ = try await store.search.upsert(
                [SearchDocument(id: "p", fields: ["body": "The white whale"])], into: spec, visibility: .accepted,
                context: context)

            let text = try run([DataStore.url ?? "", store.schema])
            #expect(
                try JSONReader.value(from: text.trimmingCharacters(in: .newlines)) == [
                    "collection": ["docs é", 3, "cosine"],
                    "records": [
                        [
                            "default", "a", "[0.1,1,-0.5]",
                            ["n": 1, "d": 2.0, "t": .instant(Timestamp(millisecondsSinceEpoch: 5)), "s": "é'\""],
                            "A whale",
                        ],
                        ["default", "b", "[1,0,0]", .object([:]), nil],
                    ],
                    "near": ["a"],
                    "facts": [["7400c3a900", "f", "two", ["k": [1, true]], 2]],
                    "lines": [["put", "one", 1], ["put", "two", 2]],
                    "documents": [["p", ["body": "The white whale"]]],
                    "found": [["p"]],
                ])
        }
    }
}
