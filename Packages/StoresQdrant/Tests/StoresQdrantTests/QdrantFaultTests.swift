#if HTTP
import StoresCore
import StoresHTTPTesting
import StoresQdrant
import Testing

/// What goes wrong in the middle of a write: the kind of each failure, and what of the call was applied.
@Suite struct QdrantFaultTests {
    private static let description = """
        {"result":{"config":{"params":{"vectors":{"dense":{"size":2,"distance":"Dot"}}},"metadata":{"stores":
        {"name":"docs","fields":[],"unitVectors":false}}},"payload_schema":{"namespace":{},"_stores_terms":{}}}}
        """
    private static let done = #"{"result":{"operation_id":1,"status":"completed"},"status":"ok"}"#

    /// A server with one collection, which answers a write of the record `r2100` as it is told.
    private static func with(
        _ fault: [ScriptedServer.Step], _ body: @Sendable (VectorCollection) async throws -> Void
    ) async throws {
        try await ScriptedServer.with({ request in
            switch (request.method, request.path) {
            case ("GET", "/"): [.reply("200 OK", [], #"{"version":"1.19.0"}"#)]
            case ("GET", "/collections"): [.reply("200 OK", [], #"{"result":{"collections":[]}}"#)]
            case ("GET", _): [.reply("200 OK", [], description)]
            default: request.body.contains("\"id\":\"r2100\"") ? fault : [.reply("200 OK", [], done)]
            }
        }) { server in
            var registry = AdapterRegistry()
            registry.register(StoresQdrant.self)
            let environment = ["STORE_VECTOR": "qdrant", "QDRANT_URL": server.url, "STORE_MAX_ATTEMPTS": "1"]
            try await Stores.withOpen(registry: registry, environment: environment) { stores in
                try await body(try await stores.vector.collection("docs", dimensions: 2, metric: .dot))
            }
        }
    }

    private static let cut = ScriptedServer.Step.text("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"res")

    @Test(arguments: [
        ([ScriptedServer.Step.reply("500 Internal Server Error", [], "oops")], StoreError.Code.internal),
        ([.reply("429 Too Many Requests", ["retry-after: 1"])], .rateLimited),
        ([.reply("507 Insufficient Storage")], .unavailable),
        ([.reply("200 OK", [], "this is no JSON")], .corrupt),
        ([.reply("200 OK", [], #"{"status":{"error":"Wrong input"},"time":0}"#)], .corrupt),
        ([cut, .close], .unavailable),
        ([cut], .timeout),
        ([], .timeout),
    ])
    func aWriteThatBreaksInTheMiddleNamesWhatWasApplied(
        _ fault: [ScriptedServer.Step], _ code: StoreError.Code
    ) async throws {
        try await Self.with(fault) { collection in
            let records = (0..<2500).map { VectorRecord(id: "r\($0)", vector: [1, Float($0)]) }
            let receipt = try await collection.upsert(records, deadline: .after(.seconds(3)))
            let failed = receipt.result.failed
            // Requests hold 2,000 records: those of the first are written, those of the second named one by one.
            #expect(receipt.result.succeeded == (0..<2000).map { "r\($0)" })
            #expect(failed.map(\.id) == (2000..<2500).map { "r\($0)" } && !receipt.isSearchable)
            #expect(failed.allSatisfy { $0.error.code == code }, "\(String(describing: failed.first?.error))")
            let applied = failed.first?.error.applied
            #expect(applied == (code == .rateLimited ? .no : .unknown), "\(String(describing: applied))")
        }
    }
}
#endif
