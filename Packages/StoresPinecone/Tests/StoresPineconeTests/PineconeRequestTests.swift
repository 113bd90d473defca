#if HTTP
import StoresCore
import StoresHTTP
import Testing

@testable import StoresPinecone

/// What is sent, without a server.
@Suite struct PineconeRequestTests {
    private static let target = VectorTarget(
        collection: VectorCollectionSpec(name: "docs", dimensions: 2), namespace: "acme/eu")

    private static func json(_ filter: Filter) throws -> String {
        PineconeFilterCompiler.json(try TermFilter(filter))
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func aFilterIsWholeInPineconesWords() throws {
        #expect(
            try Self.json(.field("section") == "libs" && .field("size") > 100)
                == ##"{"$and":[{"_stores_terms":{"$in":["/section=slibs"]}},"##
                + ##"{"_stores_terms":{"$in":["/size?n","/size?N"]}},{"_stores_o0_size":{"$gt":100.0}}]}"##)
        #expect(
            try Self.json(.or([.notIn("a", ["x", "x"]), .startsWith("b", "ab")]))
                == ##"{"$or":[{"_stores_terms":{"$nin":["/a=sx"]}},{"$and":[{"_stores_terms":{"$in":["/b?s"]}},"##
                + ##"{"_stores_o0_b":{"$gte":856588277514242.0}},{"_stores_o0_b":{"$lt":856622637252608.0}}]}]}"##)
        #expect(PineconeFilterCompiler.json(.everything) == ##"{"_stores_terms":{"$exists":true}}"##)
    }

    @Test func anOrderThatHasNoFormIsRefusedWithItsNode() {
        let error = #expect(throws: StoreError.self) {
            try Self.json(.less("a", .string(String(repeating: "x", count: 513))))
        }
        #expect(error?.code == .unsupported && error?.message.contains(" on a with a text of 513 bytes") == true)
    }

    @Test func arecordIsKeptExactlyAndForOthers() throws {
        let record = VectorRecord(
            id: "a", vector: [0.5, -1], metadata: ["tags": ["x"], "$no": 1, "at": nil, "n": 2], document: "words")
        let json = try JSONReader.value(from: try PineconeCodec.record(record))
        guard case .object(let fields) = json, case .object(let metadata)? = fields["metadata"],
            case .string(let exact)? = metadata["_stores_metadata"], case .array(let terms)? = metadata["_stores_terms"]
        else {
            Issue.record("\(json)")
            return
        }
        #expect(fields["id"] == "a" && fields["values"] == [0.5, -1])
        #expect(metadata["tags"] == ["x"] && metadata["n"] == 2 && metadata["$no"] == nil && metadata["at"] == nil)
        #expect(metadata["_stores_document"] == "words" && metadata["_stores_o0_n"] == 2.0)
        #expect(metadata["_stores_id"] == nil && terms.first == "*" && terms.contains("/tags@sx"))
        #expect(try JSONReader.value(from: exact) == .object(record.metadata))
    }

    @Test(arguments: ["é", "a b", "\u{0}", "_stores_x", String(repeating: "ü", count: 256)])
    func anIdThatPineconeDoesNotTakeIsHashed(_ id: String) throws {
        let name = PineconeName.record(id)
        #expect(name.hasPrefix("_stores_") && name.utf8.count == 72 && name.utf8.allSatisfy { $0 < 0x80 })
        let body = try PineconeCodec.record(VectorRecord(id: id, vector: [1, 2]))
        let read = try JSONPull.read(body) { pull throws(StoreError) in
            try PineconeCodec.record(&pull, include: .all)
        }
        #expect(read.record.id == id && read.record.vector == [1, 2] && read.score == nil)
    }

    @Test func namesAreThoseThatPineconeTakes() {
        #expect(PineconeName.index("docs-2") == "docs-2")
        for name in ["Docs", "-a", "a-", "s0-a", "a_b", "", String(repeating: "a", count: 46)] {
            let index = PineconeName.index(name)
            #expect(index.hasPrefix("s0-") && index.utf8.count == 43)
        }
        #expect(PineconeName.namespace("default") == "__default__")
        #expect(PineconeName.namespace("__default__") == "_5f_5fdefault_5f_5f")
        #expect(PineconeName.namespace("acme/eu") == "acme_2feu")
    }

    @Test func anUpsertIsCutByBytesAndNamesWhatItLeavesOut() throws {
        let long = String(repeating: "x", count: 41_000)
        let records =
            (0..<9).map { VectorRecord(id: "r\($0)", vector: [1, Float($0)]) }
            + [VectorRecord(id: "long", vector: [1, 1], document: long)]
        let one = try PineconeCodec.record(records[0]).count
        var parts = PineconeParts(records, Self.target, maxBytes: 4 * one)
        var ids: [String] = []
        while let part = parts.next() {
            #expect(part.body.count <= 4 * one && !part.ids.isEmpty)
            guard case .object(let body) = try JSONReader.value(from: part.body),
                case .array(let vectors)? = body["vectors"]
            else {
                Issue.record("\(Self.text(part.body))")
                return
            }
            #expect(body["namespace"] == "acme_2feu" && vectors.count == part.ids.count)
            ids += part.ids
        }
        #expect(ids == (0..<9).map { "r\($0)" })
        #expect(parts.refused.map(\.id) == ["long"] && parts.refused.map(\.error.code) == [.tooLarge])
    }

    @Test func aVectorOfZerosReadsBackAsOne() throws {
        let body = try PineconeCodec.record(VectorRecord(id: "a", vector: [0, -0.0]))
        #expect(Self.text(body).contains("\"values\":[1e-30,1e-30]"))
        let read = try JSONPull.read(body) { pull throws(StoreError) in
            try PineconeCodec.record(&pull, include: .vector)
        }
        #expect(read.record.vector == [0, 0])
    }

    @Test func theKeyIsInAHeaderAndNowhereElse() throws {
        let configuration = PineconeConfiguration(
            endpoint: try HTTPEndpoint("https://api.pinecone.io", variable: "PINECONE_HOST"), apiKey: "pcsk_secret")
        let http = configuration.http(configuration.endpoint)
        #expect(http.headers.map(\.name) == ["Api-Key", "X-Pinecone-Api-Version"])
        #expect(http.headers.map(\.value) == ["pcsk_secret", "2025-10"] && http.secrets == ["pcsk_secret"])
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!"\(configuration) \(String(reflecting: configuration)) \(dumped)".contains("pcsk_secret"))
    }
}
#endif
