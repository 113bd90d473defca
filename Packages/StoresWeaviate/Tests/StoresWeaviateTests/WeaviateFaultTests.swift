#if HTTP
import Foundation
import StoresConformance
import StoresCore
import StoresHTTP
import StoresHTTPTesting
import Synchronization
import Testing

@testable import StoresWeaviate

/// What servers, networks and proxies do wrong: each a typed error that says what was applied.
@Suite struct WeaviateFaultTests {
    private typealias Request = ScriptedServer.Request
    private typealias Step = ScriptedServer.Step

    private static let key = "key-4711-secret"
    private static let ok = "200 OK"

    /// A collection on a server that answers everything but version and schema by this script. Nothing is retried.
    private static func with<T>(
        _ answer: @escaping @Sendable (Request) -> [Step],
        _ body: (VectorCollection, ScriptedServer) async throws -> T
    ) async throws -> T {
        try await ScriptedServer.with({ request in
            switch request.line {
            case "GET /v1/meta": [.reply(ok, [], ##"{"version":"1.40.3"}"##)]
            case "GET /v1/schema": [.reply(ok, [], ##"{"classes":[]}"##)]
            case "GET /v1/schema/Docs": [.reply(ok, [], ##"{"class":"Docs"}"##)]
            default: answer(request)
            }
        }) { server in
            var registry = AdapterRegistry()
            registry.register(StoresWeaviate.self)
            let environment = [
                "STORE_VECTOR": "weaviate", "WEAVIATE_URL": server.url, "WEAVIATE_API_KEY": key,
            ]
            let options = StoresOptions(retry: RetryPolicy(maxAttempts: 1))
            return try await Stores.withOpen(registry: registry, environment: environment, options: options) { stores in
                let docs = try await stores.vector.collection(
                    "docs", dimensions: 3, metric: .euclidean, schema: .off)
                return try await body(docs, server)
            }
        }
    }

    /// The error of a call.
    private static func error(
        _ steps: [Step], _ call: (VectorCollection) async throws -> Void
    ) async throws -> StoreError {
        try await with({ _ in steps }) { docs, _ in
            let error = try #require(await #expect(throws: StoreError.self) { try await call(docs) })
            #expect(!error.description.contains(key) && !error.debugDescription.contains(key))
            return error
        }
    }

    private static func records(_ count: Int) -> [VectorRecord] {
        (0..<count).map { VectorRecord(id: "r\($0)", vector: [1, Float($0), 0]) }
    }

    private static let upsert: @Sendable (VectorCollection) async throws -> Void = {
        try await $0.upsert(records(1), deadline: .after(.seconds(2))).result.throwIfFailed()
    }
    private static let query: @Sendable (VectorCollection) async throws -> Void = {
        _ = try await $0.query([1, 2, 3], deadline: .after(.seconds(2)))
    }

    /// A batch's reply: an object of each text, which is its error, or nil.
    private static func batch(_ errors: [String?]) -> Step {
        let results: [Value] = errors.map { error in
            guard let error else { return ["class": "Docs", "result": ["status": "SUCCESS"]] }
            return ["result": ["status": "FAILED", "errors": ["error": [["message": .string(error)]]]]]
        }
        return .reply(ok, [], Value.array(results).json)
    }

    // MARK: Inside of a 200

    @Test func anObjectThatFailsDoesNotTakeTheOthersWithIt() async throws {
        let wrong =
            "insert to vector index: new node has a vector with length 4. Existing nodes have vectors with length 3"
        try await Self.with({ _ in [Self.batch([nil, wrong, "store is read-only", nil])] }) { docs, _ in
            let result = try await docs.upsert(Self.records(4)).result
            #expect(result.succeeded == ["r0", "r3"] && result.failed.map(\.id) == ["r1", "r2"])
            let errors = result.failed.map(\.error)
            #expect(errors.map(\.code) == [.invalidArgument, .unavailable])
            #expect(errors.allSatisfy { $0.applied == .no && !$0.isRetryable })
            // The server's text may quote a record.
            #expect(errors.allSatisfy { !$0.description.contains("new node") })
        }
    }

    @Test func aReplyForAnotherNumberOfObjectsIsCorrupt() async throws {
        for step in [Self.batch([]), Self.batch([nil, nil]), .reply(Self.ok, [], "[{}]"), .reply(Self.ok, [], "{}")] {
            let error = try await Self.error([step], Self.upsert)
            #expect(error.code == .corrupt && error.applied != .no, "\(error)")
        }
    }

    @Test(arguments: [
        ("Cannot query field \"Docs\" on type \"GetObjectsObj\".", StoreError.Code.notFound),
        ("vector search: knn search: vector lengths don't match: 3 vs 4", .invalidArgument),
        ("query maximum results exceeded: the total limit", .tooLarge),
        ("rbac: authorization, forbidden action: user 'x'", .permissionDenied),
        ("shard docs: context deadline exceeded", .timeout), ("something else of key-4711-secret", .internal),
    ])
    func errorsOfAQueryAreTyped(text: String, code: StoreError.Code) async throws {
        let body: Value = ["data": ["Get": ["Docs": nil]], "errors": [["message": .string(text), "path": ["Get"]]]]
        let error = try await Self.with({ request in
            // Whether the namespace has a tenant: it has.
            request.method == "GET" ? [.reply(Self.ok, [], "{}")] : [.reply(Self.ok, [], body.json)]
        }) { docs, _ in try #require(await #expect(throws: StoreError.self) { try await Self.query(docs) }) }
        #expect(error.code == code && !error.debugDescription.contains(Self.key), "\(error)")
        #expect(!error.description.contains(text))
    }

    @Test(arguments: [
        "{\"data\"", "", "null", "[]", "{}", "{\"data\":null}", "{\"data\":{\"Get\":{\"Docs\":[{\"stores_id\":7}]}}}",
        "{\"data\":{\"Get\":{\"Docs\":[{}]}}}", "{\"data\":{\"Get\":{\"Docs\":[{\"stores_id\":\"a\"}]}}}",
        "<html>welcome</html>",
    ])
    func repliesThatAreNoneAreCorrupt(body: String) async throws {
        let error = try await Self.error([.reply(Self.ok, [], body)], Self.query)
        #expect(error.code == .corrupt && !error.isRetryable, "\(error)")
    }

    // MARK: Instead of a 200

    @Test func aFailureInTheMiddleOfABatchSaysWhatWasWritten() async throws {
        try await Self.with({ request in
            if request.body.contains("\"stores_id\":\"r1000\"") {
                return [.reply("500 Internal Server Error", [], ##"{"error":[{"message":"boom"}]}"##)]
            }
            return [Self.batch(Array(repeating: nil, count: request.body.ranges(of: "\"stores_id\"").count))]
        }) { docs, server in
            let result = try await docs.upsert(Self.records(2500)).result
            #expect(result.succeeded.count == 1500 && result.failed.count == 1000)
            let first = try #require(result.failed.first)
            #expect(first.error.code == .internal && first.error.applied == .unknown && !first.error.isRetryable)
            #expect(Set(result.succeeded).isDisjoint(with: result.failed.map(\.id)))
            #expect(server.log.count { $0.line == "POST /v1/batch/objects" } == 3)
        }
    }

    @Test(arguments: [
        ("401 Unauthorized", "", StoreError.Code.unauthenticated, false),
        ("403 Forbidden", ##"{"error":[{"message":"rbac: forbidden"}]}"##, .permissionDenied, false),
        ("413 Content Too Large", "too large", .tooLarge, false),
        (
            "429 Too Many Requests", ##"{"errorCode":"USAGE_LIMIT_EXCEEDED","limit":"objects","message":"limit"}"##,
            .rateLimited, false
        ),
        ("429 Too Many Requests", "slow down", .rateLimited, true),
        ("422 Unprocessable Entity", ##"{"error":[{"message":"invalid object"}]}"##, .invalidArgument, false),
        ("503 Service Unavailable", "<html>starting</html>", .unavailable, true),
    ])
    func refusalsAreTyped(status: String, body: String, code: StoreError.Code, isRetryable: Bool) async throws {
        let error = try await Self.error([.reply(status, ["retry-after: 7"], body)], Self.upsert)
        #expect(error.code == code && error.isRetryable == isRetryable && error.retryAfter == .seconds(7), "\(error)")
        #expect(error.applied == (code == .unavailable ? .unknown : .no))
    }

    @Test func slowAndCutReplies() async throws {
        let half = Step.text("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[{\"class\"")
        let slow = try await Self.error([half], Self.upsert)
        #expect(slow.code == .timeout && slow.applied == .unknown, "\(slow)")
        let cut = try await Self.error([half, .close], Self.upsert)
        #expect(cut.code == .unavailable && cut.applied == .unknown && cut.isRetryable, "\(cut)")
        let read = try await Self.error([half, .close], Self.query)
        #expect(read.code == .unavailable && read.applied == nil, "\(read)")
    }

    @Test func aKeyThatIsRefusedIsToldAtTheStart() async throws {
        try await ScriptedServer.with({ _ in [.reply("401 Unauthorized")] }) { server in
            let endpoint = try HTTPEndpoint(server.url, variable: "WEAVIATE_URL")
            let backend = WeaviateBackend(
                WeaviateConfiguration.system.configuration(endpoint, key: Self.key))
            let context = CallContext(deadline: .after(.seconds(5)))
            let error = await #expect(throws: StoreError.self) { try await backend.start(context: context) }
            await backend.shutdown()
            #expect(error?.code == .unauthenticated && error?.phase == .authentication)
            #expect(error?.remedy?.contains("WEAVIATE_API_KEY") == true && error?.isRetryable == false)
            #expect(server.requests.contains("authorization: Bearer \(Self.key)"))
            #expect(!server.log.contains { $0.path.contains(Self.key) || $0.body.contains(Self.key) })
        }
    }

    @Test(arguments: ["1.32.9", "1.4", "0.33.0", "x"])
    func oldVersionsAreRefused(version: String) async throws {
        try await ScriptedServer.with({ _ in [.reply(Self.ok, [], ##"{"version":"\##(version)"}"##)] }) { server in
            let endpoint = try HTTPEndpoint(server.url, variable: "WEAVIATE_URL")
            let backend = WeaviateBackend(WeaviateConfiguration.system.configuration(endpoint))
            let context = CallContext(deadline: .after(.seconds(5)))
            let error = await #expect(throws: StoreError.self) { try await backend.start(context: context) }
            await backend.shutdown()
            #expect(error?.code == .unsupported && error?.phase == .version && error?.message.contains(version) == true)
        }
    }

    // MARK: Deletions

    private static func deleted(_ matches: Int, _ successful: Int, _ failed: Int = 0) -> Step {
        .reply(
            ok, [],
            ##"{"results":{"matches":\##(matches),"limit":10,"successful":\##(successful),"failed":\##(failed)}}"##)
    }

    /// Answers deletions with one step after the other; a namespace has its tenant.
    private static func inTurn(_ steps: [Step]) -> @Sendable (Request) -> [Step] {
        let turn = Turn()
        return { request in
            guard request.method == "DELETE" else { return [.reply(ok, [], "{}")] }
            let place = turn.next()
            return steps.indices.contains(place) ? [steps[place]] : []
        }
    }

    private final class Turn: Sendable {
        private let count = Mutex(0)

        func next() -> Int {
            count.withLock { count in
                defer { count += 1 }
                return count
            }
        }
    }

    /// One call of the server deletes at most its limit.
    @Test func deletionsGoOnUntilNothingMatches() async throws {
        let steps = [Self.deleted(25, 10), Self.deleted(15, 10), Self.deleted(5, 5)]
        try await Self.with(Self.inTurn(steps)) { docs, server in
            let count = try await docs.delete(where: .field("a") == 1)
            #expect(count == 25)
            #expect(server.log.count { $0.method == "DELETE" } == 3)
        }
    }

    @Test func aDeletionThatStopsHalfWaySaysSo() async throws {
        for last in [Self.deleted(15, 10, 5), Self.deleted(15, 0), .reply("500 Internal Server Error")] {
            try await Self.with(Self.inTurn([Self.deleted(25, 10), last])) { docs, _ in
                let error = await #expect(throws: StoreError.self) {
                    try await docs.delete(where: .field("a") == 1)
                }
                #expect(error?.applied == .unknown && error?.message.contains("were deleted") == true)
            }
        }
    }
}
#endif
