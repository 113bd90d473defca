#if HTTP
import StoresCore
import StoresHTTP
import Testing

@testable import StoresWeaviate

/// What is sent and what is read, without a server.
@Suite struct WeaviateRequestTests {
    private static let spec = VectorCollectionSpec(
        name: "docs", dimensions: 2,
        fields: [FieldDefinition("size", .int), FieldDefinition("tags", .stringArray), FieldDefinition("id", .string)])
    private static let target = VectorTarget(collection: spec, namespace: "n\"s")

    private static func text(_ value: WeaviateValue, _ notation: WeaviateValue.Notation = .graphQL) -> String {
        var writer = JSONWriter()
        value.append(to: &writer, as: notation)
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    private static func filter(_ filter: Filter, _ notation: WeaviateValue.Notation = .graphQL) throws -> String {
        let compiled = try TermFilter(filter, WeaviateCodec.form)
        return text((WeaviateFilter(compiled, WeaviateShape(spec)) ?? .everything).value(notation), notation)
    }

    @Test func namesAreBareInGraphQLAndStringsInJSON() {
        let value: WeaviateValue = .object([
            ("operator", .word("And")), ("n", .whole(-3)), ("x", .number(1e300)), ("ok", .bool(true)),
            ("list", .list([.text("a"), .texts(["b", "c"])])), ("v", .floats([0.5, -0.0])),
        ])
        #expect(
            Self.text(value) == ##"{operator:And,n:-3,x:1e+300,ok:true,list:["a",["b","c"]],v:[0.5,-0.0]}"##)
        #expect(
            Self.text(value, .json)
                == ##"{"operator":"And","n":-3,"x":1e+300,"ok":true,"list":["a",["b","c"]],"v":[0.5,-0.0]}"##)
    }

    /// Whatever a text holds, it is one string token of GraphQL's, of which nothing but escapes is inside.
    @Test(arguments: [
        "", "\"", "\\", "\\\"", "\"){Get{x}}#", "a\nb\r\tc", "\u{0}\u{1}\u{1F}\u{7F}", "é e\u{301} 日本 😀",
        "\u{2028}\u{FEFF}",
        "\"\"\"block\"\"\"", "${x}", "$x", "\\u0022", "*?", "'", "\u{202E}", String(repeating: "\\\"", count: 512),
    ])
    func textsStayInTheirQuotes(_ hostile: String) throws {
        let text = Self.text(.text(hostile))
        let inside = Array(text.utf8.dropFirst().dropLast())
        #expect(text.utf8.first == 0x22 && text.utf8.last == 0x22)
        var index = 0
        while index < inside.count {
            #expect(inside[index] != 0x22 && inside[index] >= 0x20)
            index += inside[index] == 0x5C ? 2 : 1
        }
        #expect(index == inside.count)
        #expect(try JSONReader.value(from: text) == .string(hostile))
    }

    @Test func aQueryIsConfinedToItsTenant() throws {
        let near: WeaviateValue = .object([("vector", .floats([1, 0.1])), ("targetVectors", .texts(["dense"]))])
        let query = WeaviateVectorDriver.query(
            Self.target, [("nearVector", near)], limit: 3, [.metadata, .vector], "distance")
        #expect(
            String(decoding: query, as: UTF8.self)
                == ##"{Get{Docs(tenant:"n_22s",limit:3,nearVector:{vector:[1,0.1],targetVectors:["dense"]})"##
                + "{stores_id stores_metadata _additional{distance vectors{dense}}}}}")
    }

    @Test func filtersAreTermsAndDeclaredOrders() throws {
        #expect(
            try Self.filter(.field("section") == "libs ")
                == ##"{path:["stores_terms"],operator:Equal,valueText:"/section=slibs ."}"##)
        #expect(
            try Self.filter(.in("a", [1, 2]), .json)
                == ##"{"path":["stores_terms"],"operator":"ContainsAny","valueTextArray":["/a=n1.","/a=n2."]}"##)
        #expect(
            try Self.filter(.notIn("a", [1, 2]))
                == ##"{path:["stores_terms"],operator:ContainsNone,valueText:["/a=n1.","/a=n2."]}"##)
        #expect(
            try Self.filter(.not(.startsWith("a*", "l?")))
                == ##"{operator:Not,operands:[{path:["stores_terms"],operator:Like,valueText:"p_a_2a:6c3f*"}]}"##)
        #expect(
            try Self.filter(.field("size") > 100)
                == ##"{operator:And,operands:[{path:["stores_terms"],operator:ContainsAny,"##
                + ##"valueText:["/size?n.","/size?N."]},{path:["stores_o0_size"],operator:GreaterThan,"##
                + ##"valueNumber:100.0}]}"##)
        #expect(
            try Self.filter(.and([])) == ##"{path:["stores_id"],operator:IsNull,valueBoolean:false}"##)
        let long = Value.string(String(repeating: "x", count: 65))
        let error = #expect(throws: StoreError.self) { try Self.filter(.not(.less("a", long))) }
        #expect(error?.code == .unsupported && error?.message.contains("on a") == true)
    }

    /// Every comparison of every pair, by the terms.
    @Test func termsHaveTheOrderOfTheNumbers() {
        let numbers: [Double] = [
            -.greatestFiniteMagnitude, -1e18, -2, -1.5, -.leastNonzeroMagnitude, 0, .leastNonzeroMagnitude, 0.1, 1,
            1.0.nextUp, 100, 0x1p53, .greatestFiniteMagnitude,
        ]
        for value in numbers {
            let stored = Set(WeaviateOrder.terms("o0_a", value))
            #expect(stored.count == 16)
            for bound in numbers {
                for comparison in TermFilter.Comparison.allCases {
                    let expected =
                        switch comparison {
                        case .less: value < bound
                        case .lessOrEqual: value <= bound
                        case .equal: value == bound
                        case .greaterOrEqual: value >= bound
                        case .greater: value > bound
                        }
                    let wanted = WeaviateOrder.terms("o0_a", comparison, bound)
                    #expect(wanted.count <= 241 && Set(wanted).count == wanted.count)
                    #expect(stored.isDisjoint(with: wanted) != expected, "\(value) \(comparison.rawValue) \(bound)")
                }
            }
        }
    }

    @Test func collectionsAndTenantsHaveNamesThatWeaviateTakes() {
        let names = [
            "docs", "Docs", "DOCS", "1", "_", "a/b", "a-b", "n_2docs", "2docs", "n-ocs", "é", "e\u{301}", "x", "X",
            String(repeating: "é", count: 64), String(repeating: "日", count: 42), String(repeating: "a", count: 128),
        ]
        let classes = names.map(WeaviateName.collection)
        // Weaviate takes names that differ by case alone for the same.
        #expect(Set(classes.map { $0.lowercased() }).count == names.count && classes[0] == "Docs")
        #expect(classes.allSatisfy { $0.wholeMatch(of: /[A-Z][_0-9A-Za-z]{0,254}/) != nil })
        let tenants = names.map(WeaviateName.tenant)
        #expect(Set(tenants).count == names.count && tenants[0] == "docs")
        #expect(tenants.allSatisfy { $0.wholeMatch(of: /[A-Za-z0-9_-]{1,64}/) != nil })
    }

    @Test func declaredFieldsArePropertiesWhereWeaviateTakesTheirNames() {
        let fields = ["size", "Size", "sIze", "id", "document", "stores_x", "a b", "é", "x_temp", "_id", "tags"]
            .map { FieldDefinition(FieldPath([$0]), .int) }
        let shape = WeaviateShape(
            VectorCollectionSpec(
                name: "a", dimensions: 1, fields: fields + [FieldDefinition(FieldPath(["o", "size"]), .int)]))
        #expect(shape.properties.map(\.name) == ["sIze", "tags"])
        // Of size, Size and sIze one alone has a number property.
        #expect(shape.orders.count == fields.count + 1 - 2)
        let names = shape.schema.map { property -> String in
            guard case .object(let item) = property, case .string(let name) = item["name"] else { return "" }
            return name
        }
        #expect(Set(names.map { $0.lowercased() }).count == names.count)
    }

    @Test func recordsAreWrittenWhole() throws {
        let record = VectorRecord(
            id: "a", vector: [1, 2],
            metadata: ["size": 7, "tags": ["x"], "at": .instant(Timestamp(millisecondsSinceEpoch: 0))], document: "w")
        guard case .object(let body) = try JSONReader.value(from: WeaviateCodec.batch([record][...], Self.target)),
            case .array(let objects) = body["objects"], case .object(let object) = objects.first,
            case .object(let properties) = object["properties"], case .array(let terms) = properties["stores_terms"]
        else {
            Issue.record("no object")
            return
        }
        #expect(object["class"] == "Docs" && object["tenant"] == "n_22s" && object["vectors"] == ["dense": [1, 2]])
        #expect(object["id"] == .string(WeaviateName.object("a")))
        #expect(properties["size"] == 7 && properties["tags"] == ["x"] && properties["document"] == "w")
        #expect(properties["stores_o0_size"] == 7.0 && properties["stores_id"] == "a" && properties["at"] == nil)
        #expect(properties["stores_metadata"] == .string(Value.object(record.metadata).json))
        #expect(terms.contains("/size=n7.") && terms.contains("/tags@sx.") && terms.contains("/at?t."))
        #expect(terms.count { $0.json.contains("o0_at:") } == 16 && !terms.contains { $0.json.contains("o0_size") })
    }

    @Test func distancesBecomeSimilarities() {
        #expect(WeaviateObject.similarity(ofDistance: 0.25, .cosine) == 0.75)
        #expect(WeaviateObject.similarity(ofDistance: -3, .dot) == 3)
        #expect(WeaviateObject.similarity(ofDistance: 4, .euclidean) == -2)
        #expect(WeaviateObject.similarity(ofDistance: -1e-9, .euclidean) == 0)
    }

    @Test func collectionsOfOthersAreNotTaken() throws {
        for text in [
            ##"{"class":"Theirs","description":"{\"stores\":1}","vectorConfig":{}}"##,
            ##"{"class":"Theirs","vectorConfig":{"dense":{"vectorIndexConfig":{"distance":"hamming"}}}}"##,
            ##"{"class":"Theirs","description":"This property was generated by Weaviate","vectorizer":"none"}"##,
        ] {
            let found = try JSONPull.read(Array(text.utf8)) { pull throws(StoreError) in try WeaviateCollection(&pull) }
            let error = #expect(throws: StoreError.self) { try found.spec() }
            #expect(error?.code == .schemaMismatch && !found.isOurs)
        }
    }

    @Test func aCollectionIsReadAsItWasMade() throws {
        var spec = Self.spec
        (spec.metric, spec.hasUnitVectors, spec.options) = (.dot, true, ["ef": "64"])
        let made = try WeaviateCollection.creation(spec)
        let found = try JSONPull.read(made) { pull throws(StoreError) in try WeaviateCollection(&pull) }
        spec.options = [:]
        #expect(try found.spec() == spec && found.isOurs)
        let text = String(decoding: made, as: UTF8.self)
        #expect(text.contains(##""indexNullState":true"##) && text.contains(##""ef":64"##))
        for options in [["ef": "x"], ["ef": "0"], ["m": "1"]] {
            spec.options = options
            let error = #expect(throws: StoreError.self) { try WeaviateCollection.creation(spec) }
            #expect(error?.code == .invalidArgument)
        }
    }
}
#endif
