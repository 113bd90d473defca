#if HTTP
import StoresCore
import StoresHTTP
import StoresHTTPTesting
import Testing

@testable import StoresQdrant

/// What is sent and what is read, without a server.
@Suite struct QdrantRequestTests {
    private static func json(_ filter: Filter) throws -> String {
        QdrantFilterCompiler.json(try TermFilter(filter), namespace: "n\"s")
    }

    @Test func everyFilterIsConfinedToTheNamespace() throws {
        let confined = ##"{"must":[{"key":"namespace","match":{"value":"n\"s"}}"##
        #expect(QdrantFilterCompiler.json(.everything, namespace: "n\"s") == confined + "]}")
        #expect(
            try Self.json(.field("section") == "libs" && .field("size") > 100)
                == confined + ##",{"must":[{"key":"_stores_terms","match":{"value":"/section=slibs"}},"##
                + ##"{"key":"_stores_terms","match":{"any":["/size?n","/size?N"]}},"##
                + ##"{"key":"_stores_o0_size","range":{"gt":100.0}}]}]}"##)
        #expect(
            try Self.json(.or([.notIn("a", ["x", "x"]), .startsWith("b", "ab")]))
                == confined + ##",{"should":[{"must_not":[{"key":"_stores_terms","match":{"value":"/a=sx"}}]},"##
                + ##"{"must":[{"key":"_stores_terms","match":{"value":"/b?s"}},"##
                + ##"{"key":"_stores_o0_b","range":{"gte":856588277514242.0}},"##
                + ##"{"key":"_stores_o0_b","range":{"lt":856622637252608.0}}]}]}]}"##)
    }

    @Test func wholeNumbersPast53BitsKeepAllTheirDigits() {
        func text(_ value: Double) -> String {
            var writer = JSONWriter()
            QdrantCodec.append(value, to: &writer)
            return String(decoding: writer.finish(), as: UTF8.self)
        }
        #expect(text(0x1p62) == "4611686018427387904e0")
        #expect(text(100) == "100.0" && text(0.1) == "0.1" && text(1e300) == "1e+300")
        #expect(Double(text(-0x1p63)) == -0x1p63)
    }

    @Test func pointsAreUUIDsOfNamespaceAndID() {
        let one = QdrantName.point("a", namespace: "default")
        #expect(one.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
        let all = [
            one, QdrantName.point("a", namespace: "other"), QdrantName.point("b", namespace: "default"),
            QdrantName.point("é", namespace: "default"), QdrantName.point("e\u{301}", namespace: "default"),
            QdrantName.point("b", namespace: "a"), QdrantName.point("", namespace: "ab"),
        ]
        #expect(Set(all).count == all.count)
    }

    @Test func collectionNamesFitAFolder() {
        let names = [
            "docs", "Docs", "a/b", "é", "e\u{301}", ".", "..", String(repeating: "é", count: 64),
            String(repeating: "日", count: 42),
        ]
        let made = names.map(QdrantName.collection)
        #expect(Set(made).count == names.count && made[0] == "docs")
        #expect(made.allSatisfy { $0.utf8.count <= 255 && $0.wholeMatch(of: /[A-Za-z0-9_-]+/) != nil })
    }

    @Test func wordsBecomeASparseVector() throws {
        let document = try #require(QdrantText.document("The whale, the WHALE"))
        #expect(document.indices == document.indices.sorted() && Set(document.indices).count == document.indices.count)
        let query = try #require(QdrantText.query("whale"))
        #expect(Set(query.indices).isSubset(of: document.indices) && query.values == [1])
        #expect(QdrantText.document(" ,. ") == nil && QdrantText.query("") == nil)
    }

    @Test(arguments: [
        ("1.16.0", true), ("1.19.2-dev", true), ("2.0.0", true), ("1.15.4", false), ("0.11.1", false), ("x", false),
    ])
    func versionsBefore116AreRefused(version: String, isSupported: Bool) async throws {
        try await ScriptedServer.with({ request in
            let body = request.path == "/" ? ##"{"version":"\##(version)"}"## : ##"{"result":{"collections":[]}}"##
            return [.reply("200 OK", [], body)]
        }) { server in
            let endpoint = try HTTPEndpoint(server.url, variable: "QDRANT_URL")
            let backend = QdrantBackend(QdrantConfiguration.system.configuration(endpoint))
            var refusal: StoreError?
            do throws(StoreError) {
                try await backend.start(context: CallContext(deadline: .after(.seconds(5))))
            } catch {
                refusal = error
            }
            await backend.shutdown()
            #expect(refusal?.code == (isSupported ? nil : .unsupported), "\(String(describing: refusal))")
            #expect(isSupported || refusal?.phase == .version)
        }
    }

    @Test func collectionsOfOthersAreNotTaken() throws {
        let foreign =
            ##"{"config":{"params":{"vectors":{"size":4,"distance":"Cosine"}},"metadata":null},"payload_schema":{}}"##
        let found = try JSONPull.read(Array(foreign.utf8)) { pull throws(StoreError) in
            try QdrantCollection("theirs", &pull)
        }
        let error = #expect(throws: StoreError.self) { try found.spec() }
        #expect(error?.code == .schemaMismatch)
    }

    @Test func aPointWithoutOurIDIsCorrupt() {
        for text in [##"{"id":7,"payload":{},"vector":null}"##, ##"{"id":7,"payload":null}"##] {
            let error = #expect(throws: StoreError.self) {
                try JSONPull.read(Array(text.utf8)) { pull throws(StoreError) in try QdrantCodec.point(&pull).record }
            }
            #expect(error?.code == .corrupt)
        }
    }
}
#endif
