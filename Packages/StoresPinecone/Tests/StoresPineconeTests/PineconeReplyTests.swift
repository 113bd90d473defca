#if HTTP
import StoresCore
import StoresHTTP
import Testing

@testable import StoresPinecone

/// What is read, from replies as the official description has them (pinecone-io/pinecone-api, 2025-10).
@Suite struct PineconeReplyTests {
    private static func reply(_ text: String, status: Int = 200, headers: [String: String] = [:]) -> HTTPReply {
        HTTPReply(status: status, headers: headers, body: Array(text.utf8))
    }

    private static let matches = """
        {"matches":[{"id":"vec3","score":0.5,"values":[]},
          {"id":"vec1","score":0.25,"metadata":{"genre":"comedy","year":2020.0}}],
         "results":[],"namespace":"example-namespace","usage":{"readUnits":6}}
        """

    @Test func matchesOfAnotherClientHaveTheirMetadataAsTheyAre() throws {
        let found = try PineconeVectorDriver.matches(Self.reply(Self.matches), .metadata, .cosine)
        #expect(found.map(\.id) == ["vec3", "vec1"] && found.map(\.similarity) == [0.5, 0.25])
        #expect(found[1].metadata == ["genre": "comedy", "year": 2020.0] && found[1].vector == nil)
    }

    /// The sign and scale of each metric.
    @Test(arguments: [(VectorMetric.cosine, 0.25, 0.25), (.dot, -3, -3), (.euclidean, 25, -5), (.euclidean, -1e-9, 0)])
    func similarityIsHigherForTheCloser(_ metric: VectorMetric, _ score: Double, _ similarity: Double) {
        #expect(PineconeVectorDriver.similarity(ofScore: score, metric) == similarity)
    }

    @Test(arguments: [
        #"{"matches":[{"id":"a"}]}"#, #"{"matches":[{"score":1}]}"#, #"{"matches":{}}"#, "", "<html>", "[]",
    ])
    func aReplyThatIsNoneIsCorrupt(_ text: String) {
        let error = #expect(throws: StoreError.self) {
            try PineconeVectorDriver.matches(Self.reply(text), .metadata, .cosine)
        }
        #expect(error?.code == .corrupt)
    }

    @Test func anIndexIsReadWithItsTags() throws {
        let spec = VectorCollectionSpec(
            name: "Docs é", dimensions: 384, metric: .dot, fields: [FieldDefinition("a.b", .int, isIndexed: false)],
            hasUnitVectors: true)
        let configuration = PineconeConfiguration(
            endpoint: try HTTPEndpoint("https://api.pinecone.io", variable: "PINECONE_HOST"), apiKey: "k",
            cloud: "gcp", region: "europe-west4")
        guard case .object(var model) = try JSONReader.value(from: try PineconeIndex.creation(spec, configuration))
        else {
            Issue.record("no object")
            return
        }
        #expect(model["spec"] == ["serverless": ["cloud": "gcp", "region": "europe-west4"]])
        #expect(model["metric"] == "dotproduct")
        model["host"] = "docs-c01b5b5.svc.europe-west4.pinecone.io"
        model["status"] = ["ready": true, "state": "Ready"]
        let index = try JSONPull.read(Array(Value.object(model).json.utf8)) { pull throws(StoreError) in
            try PineconeIndex(&pull)
        }
        #expect(index.isReady && index.host == "docs-c01b5b5.svc.europe-west4.pinecone.io")
        #expect(try index.spec() == spec)
    }

    @Test func anIndexOfAnotherApplicationIsLeftAlone() throws {
        let text = """
            {"name":"movie-recommendations","dimension":1536,"metric":"cosine","tags":null,"vector_type":"dense",
             "host":"movie-recommendations-c01b5b5.svc.us-east1-gcp.pinecone.io","deletion_protection":"disabled",
             "spec":{"serverless":{"cloud":"aws","region":"us-east-1"}},
             "status":{"ready":false,"state":"Initializing"}}
            """
        let index = try JSONPull.read(Array(text.utf8)) { pull throws(StoreError) in try PineconeIndex(&pull) }
        #expect(!index.isReady && index.storedName == nil)
        let error = #expect(throws: StoreError.self) { try index.spec() }
        #expect(error?.code == .schemaMismatch)
    }

    @Test func moreFieldsThanTagsHoldAreRefused() throws {
        let spec = VectorCollectionSpec(
            name: "a", dimensions: 2, fields: (0..<60).map { FieldDefinition(FieldPath(["field-\($0)"]), .int) })
        let configuration = PineconeConfiguration(
            endpoint: try HTTPEndpoint("https://api.pinecone.io", variable: "PINECONE_HOST"), apiKey: "k")
        let error = #expect(throws: StoreError.self) { try PineconeIndex.creation(spec, configuration) }
        #expect(error?.code == .tooLarge && error?.applied == .no)
    }

    @Test(arguments: [
        (401, "Invalid API Key", StoreError.Code.unauthenticated, false),
        (402, #"{"error":{"code":"PAYMENT_REQUIRED","message":"pay"},"status":402}"#, .permissionDenied, false),
        (
            403, #"{"error":{"code":"FORBIDDEN","message":"You've reached the max serverless indexes"},"status":403}"#,
            .permissionDenied, false
        ),
        (404, #"{"error":{"code":"NOT_FOUND","message":"Resource a not found"},"status":404}"#, .notFound, false),
        (409, #"{"error":{"code":"ALREADY_EXISTS","message":"there"},"status":409}"#, .alreadyExists, false),
        (429, #"{"code":8,"message":"slow down","details":[]}"#, .rateLimited, true),
        (
            400, #"{"code":3,"message":"Vector dimension 3 does not match the dimension of the index 4","details":[]}"#,
            .invalidArgument, false
        ),
        (400, #"{"code":3,"message":"the request exceeds the maximum of 2 MB","details":[]}"#, .tooLarge, false),
        (503, "<html>busy</html>", .unavailable, true),
    ])
    func refusalsAreTypedAndKeepTheKeyToThemselves(
        _ status: Int, _ text: String, _ code: StoreError.Code, _ isRetryable: Bool
    ) throws {
        let configuration = PineconeConfiguration(
            endpoint: try HTTPEndpoint("https://api.pinecone.io", variable: "PINECONE_HOST"), apiKey: "pcsk_secret")
        let error = StoreError.refusal(
            Self.reply(text + " pcsk_secret", status: status, headers: ["retry-after": "2"]),
            configuration.http(configuration.endpoint), isWrite: true, resource: "docs",
            now: Timestamp(millisecondsSinceEpoch: 0), HTTPRefusal.pinecone)
        #expect(error.code == code && error.isRetryable == isRetryable)
        #expect(error.applied == (status == 503 ? .unknown : .no) && error.retryAfter == .seconds(2))
        #expect(!"\(error) \(String(reflecting: error))".contains("pcsk_secret"))
    }

    @Test func aWriteHasItsNumberInTheLog() {
        #expect(
            PineconeFreshness.number(
                ofWrite: Self.reply("{}", headers: ["x-pinecone-request-lsn": "1"])) == 1)
        #expect(PineconeFreshness.number(ofWrite: Self.reply("{}")) == nil)
    }
}
#endif
