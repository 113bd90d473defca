#if HTTP
import Foundation
import StoresConformance
import StoresCore
import StoresHTTP
import Testing

@testable import StoresWeaviate

private let builder = PythonClient(
    """
    import graphql
    from weaviate.gql.aggregate import AggregateBuilder
    from weaviate.gql.get import GetBuilder, HybridFusion

    def shape(node):
        if isinstance(node, graphql.FieldNode):
            return {"field": node.name.value, "in": sorted(shape(each) for each in node.arguments),
                    "get": [shape(each) for each in node.selection_set.selections] if node.selection_set else []}
        if isinstance(node, (graphql.ArgumentNode, graphql.ObjectFieldNode)):
            return [node.name.value, shape(node.value)]
        if isinstance(node, graphql.ObjectValueNode):
            return ["object", sorted(shape(each) for each in node.fields if each.name.value != "targetVectors")]
        if isinstance(node, graphql.ListValueNode):
            return ["list", [shape(each) for each in node.values]]
        if isinstance(node, (graphql.IntValueNode, graphql.FloatValueNode)):
            return ["number", float(node.value)]
        return [node.kind, node.value]

    def same(ours, theirs):
        pair = [shape(graphql.parse(each).definitions[0].selection_set.selections[0]) for each in (ours, theirs)]
        if pair[0] != pair[1]:
            print(ours, theirs, sep="\\n", file=sys.stderr)
        print(json.dumps(pair[0] == pair[1]))

    docs = GetBuilder("Docs", ["stores_id", "stores_metadata"], None).with_tenant("a_22b").with_limit(3)
    """, environment: ProcessInfo.processInfo.environment)

/// Our queries beside those that the vendor's Python client (before 4, which speaks gRPC) builds for the same search,
/// both parsed by graphql-core. Named vectors came after it: it has no `targetVectors`.
@Suite(.enabled(if: builder != nil, "TEST_PYTHON names no Python with weaviate-client<4"))
struct WeaviateBuilderTests {
    private static let target = VectorTarget(
        collection: VectorCollectionSpec(name: "docs", dimensions: 2, fields: [FieldDefinition("size", .int)]),
        namespace: "a\"b")

    private func isSame(
        _ arguments: [(name: StaticString, value: WeaviateValue)], _ additional: StaticString, _ theirs: String
    ) throws -> Bool {
        let ours = WeaviateVectorDriver.query(Self.target, arguments, limit: 3, .metadata, additional)
        return try #require(builder).value(
            of: "same(sys.argv[1], docs\(theirs).build())", [String(decoding: ours, as: UTF8.self)]) == true
    }

    private func condition(_ filter: Filter) throws -> WeaviateValue {
        try #require(
            WeaviateFilter(try TermFilter(filter, WeaviateCodec.form), WeaviateShape(Self.target.collection))
        ).value(.graphQL)
    }

    @Test func aVectorAndAFilter() throws {
        let near: WeaviateValue = .object([("vector", .floats([1, 0.25])), ("targetVectors", .texts(["dense"]))])
        let filter = try condition(.field("size") > 100 && .field("name") == "say \"é\" 😀")
        #expect(
            try isSame(
                [("nearVector", near), ("where", filter)], "distance",
                #"""
                .with_near_vector({"vector": [1, 0.25]}).with_where({"operator": "And", "operands": [
                    {"path": ["stores_terms"], "operator": "ContainsAny", "valueTextArray": ["/size?n.", "/size?N."]},
                    {"path": ["stores_o0_size"], "operator": "GreaterThan", "valueNumber": 100.0},
                    {"path": ["stores_terms"], "operator": "Equal", "valueText": '/name=ssay "é" 😀.'},
                ]}).with_additional(["distance"])
                """#))
    }

    @Test func wordsAndBoth() throws {
        let words: WeaviateValue = .object([("query", .text("a \"b")), ("properties", .texts(["document"]))])
        #expect(
            try isSame(
                [("bm25", words)], "score",
                #".with_bm25(query='a "b', properties=["document"]).with_additional(["score"])"#))
        let hybrid: WeaviateValue = .object([
            ("query", .text("a \"b")), ("vector", .floats([1, 0.5])), ("alpha", .number(0.5)),
            ("fusionType", .word("rankedFusion")), ("properties", .texts(["document"])),
            ("targetVectors", .texts(["dense"])),
        ])
        #expect(
            try isSame(
                [("hybrid", hybrid)], "score",
                #"""
                .with_hybrid(query='a "b', vector=[1, 0.5], alpha=0.5, properties=["document"],
                             fusion_type=HybridFusion.RANKED).with_additional(["score"])
                """#))
    }

    @Test func aScroll() throws {
        let id = "7d444840-9dc0-41d1-b245-5ffdce74fad2"
        #expect(try isSame([("after", .text(id))], "id", ".with_after('\(id)').with_additional(['id'])"))
    }

    /// What compares them can tell them apart.
    @Test func anotherQueryIsAnother() throws {
        #expect(try !isSame([("after", .text("x"))], "id", ".with_additional(['id'])"))
    }
}
#endif
