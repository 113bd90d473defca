import Foundation
import StoresConformance
import StoresCore
import Testing

@testable import StoresMongo

/// pymongo, on the collections of the test that calls it: their prefix is the argument.
private let python = PythonClient(
    """
    import os, pymongo, bson
    db = pymongo.MongoClient(os.environ["MONGODB_URL"]).get_default_database()
    prefix = sys.argv[1]
    """, environment: MongoServer.environment)

extension MongoServerTests {
    /// What is in the collections: read by another client, and written by one with other habits.
    @Suite struct DataTests {
        private func with(_ body: (Stores, _ prefix: String) async throws -> Void) async throws {
            let prefix = "\(ServerUnderTest.freshName())_"
            try await MongoServer.fresh(["MONGODB_COLLECTION_PREFIX": prefix]).withStores { try await body($0, prefix) }
        }

        @Test(.enabled(if: python != nil, "TEST_PYTHON names no Python with pymongo"))
        func pymongoReadsWhatWasWritten() async throws {
            try await with { stores, prefix in
                try await stores.session.set("user/é", SessionValue("hello"), expiry: .never)
                try await stores.memory.put(
                    FactDraft(
                        id: "f", scope: ["a", "b"], content: "A walrus",
                        attributes: ["n": 7, "$where": "x", "a.b": [1, "two"], "o": ["p": 0.5]]))
                try await stores.event.append(
                    [NewEvent(id: "1", type: "t", data: [1, 2], metadata: ["k.x": "v"])], to: "s", expected: .noStream)
                let found = try #require(python).value(
                    of:
                        """
                        session = db[prefix + "sessions"].find_one({"_id": "user/é"})
                        fact = db[prefix + "facts"].find_one({"id": "f"})
                        commit = db[prefix + "events"].find_one({"_id": 1})
                        print(json.dumps([session["value"].decode(), fact["scope"], fact["content"], fact["version"],
                            fact["attributes"], commit["stream"], commit["events"][0]["id"],
                            list(commit["events"][0]["data"]), commit["events"][0]["metadata"]]))
                        """, [prefix])
                let attributes: Value = ["n": 7, "%24where": "x", "a%2Eb": [1, "two"], "o": ["p": 0.5]]
                let wanted: Value = [
                    "hello", ["a", "b"], "A walrus", 1, attributes, "s", "1", [1, 2], ["k%2Ex": "v"],
                ]
                #expect(found == wanted, "\(found)")
            }
        }

        @Test(.enabled(if: python != nil, "TEST_PYTHON names no Python with pymongo"))
        func whatPymongoWritesInAnotherFormIsRefusedAndHarmsNothingElse() async throws {
            try await with { stores, prefix in
                try await stores.session.set("good", SessionValue("1"), expiry: .never)
                _ = try await stores.session.increment("count", by: 1, expiry: .never)
                try await stores.memory.put(FactDraft(id: "good", scope: ["a"], content: "walrus"))
                let done = try #require(python).value(
                    of:
                        """
                        sessions, facts = db[prefix + "sessions"], db[prefix + "facts"]
                        sessions.insert_many([
                            {"_id": "no-etag", "kind": "value", "value": b"x"},
                            {"_id": "kind", "kind": {"$gt": 1}, "etag": "e"},
                            {"_id": "text", "kind": "value", "etag": "e", "value": "text", "contentType": "t"},
                            {"_id": "expiry", "kind": "value", "etag": "e", "value": b"x", "contentType": "t",
                             "expires": "tomorrow"},
                            {"_id": "more", "kind": "value", "etag": "e", "value": b"more", "contentType": "t",
                             "regex": bson.Regex("a"), "code": bson.Code("x", {"y": 1}), "low": bson.MinKey(),
                             "stamp": bson.Timestamp(1, 2), "id": bson.ObjectId(), "big": bson.Decimal128("1.5")}])
                        sessions.update_one({"_id": "count"}, {"$set": {"count": 41.0}})
                        facts.insert_one({"_id": "b\\x01\\x01bad", "id": "bad", "scope": "b"})
                        print("true")
                        """, [prefix])
                #expect(done == true)
                for key in ["no-etag", "kind", "text", "expiry"] {
                    let error = await #expect(throws: StoreError.self) { _ = try await stores.session.get(key) }
                    #expect(error?.code == .corrupt, "\(key)")
                }
                #expect(try await stores.session.get("more")?.value.text == "more")
                #expect(try await stores.session.get("good")?.value.text == "1")
                #expect(try await stores.session.increment("count", by: 1, expiry: .never) == 42)
                #expect(try await stores.memory.list(scope: ["a"]).items.map(\.id) == ["good"])
                let error = await #expect(throws: StoreError.self) {
                    _ = try await stores.memory.get("bad", scope: ["b"])
                }
                #expect(error?.code == .corrupt)
            }
        }

        /// The server's own clean-up: an hour after the stores don't see the entry any more.
        @Test(.enabled(if: python != nil, "TEST_PYTHON names no Python with pymongo"))
        func theServerIsToldWhenToRemoveWhatExpired() async throws {
            try await with { stores, prefix in
                try await stores.session.set("brief", SessionValue("1"), expiry: .after(.seconds(60)))
                try await stores.session.set("long", SessionValue("1"), expiry: .never)
                let found = try #require(python).value(
                    of:
                        """
                        index = db[prefix + "sessions"].index_information()["purge"]
                        brief, long = (db[prefix + "sessions"].find_one({"_id": key}) for key in ("brief", "long"))
                        left = (brief["purge"] - brief["expires"]).total_seconds()
                        print(json.dumps([index["key"], index["expireAfterSeconds"], 3590 < left < 3610,
                            long["purge"]]))
                        """, [prefix])
                #expect(found == [[["purge", 1]], 0, true, .null], "\(found)")
            }
        }

        @Test func namesOfOperatorsAndPathsAreNames() async throws {
            try await with { stores, _ in
                let names = ["$where", "a.b", "$", "fields", "_id", "%24", "é", "$gt"]
                for (number, name) in names.enumerated() {
                    let attributes: Metadata = [name: .string("{\"$gt\": \"\"}"), "o": [name: .int(Int64(number))]]
                    try await stores.memory.put(
                        FactDraft(id: name, scope: ["$ne", "a.b"], content: "x", attributes: attributes))
                }
                for (number, name) in names.enumerated() {
                    let literal = Filter.equal(FieldPath(name), "{\"$gt\": \"\"}")
                    let found = try await stores.memory.list(scope: ["$ne"], where: literal)
                    #expect(found.items.map(\.id) == [name])
                    #expect(found.items.first?.attributes["o"] == [name: .int(Int64(number))])
                    let nested = Filter.equal(FieldPath(["o", name]), .int(Int64(number)))
                    #expect(try await stores.memory.list(scope: ["$ne"], where: nested).items.map(\.id) == [name])
                    #expect(try await stores.memory.list(scope: ["a"], where: .exists(FieldPath(name))).items.isEmpty)
                }
            }
        }

        @Test func theLongestScopesAreKeptApart() async throws {
            try await with { stores, _ in
                let base = (0..<15).map { "\($0)" + String(repeating: "é", count: 120) }
                for last in ["a", "b"] {
                    for id in ["1", String(repeating: "x", count: 512)] {
                        try await stores.memory.put(
                            FactDraft(id: id, scope: Scope(base + [last]), content: "\(last) \(id.count)"))
                    }
                }
                #expect(try await stores.memory.list(scope: Scope(base + ["a"])).items.count == 2)
                #expect(try await stores.memory.list(scope: Scope(Array(base.prefix(3)))).items.count == 4)
                #expect(try await stores.memory.list(scope: Scope(base), depth: .exact).items.isEmpty)
                #expect(try await stores.memory.forget(scope: Scope(base + ["b"])) == 2)
                #expect(try await stores.memory.get("1", scope: Scope(base + ["a"]))?.content == "a 1")
            }
        }

        /// A reader that looks all the time sees appends of three stores without a gap at any instant.
        @Test func numbersAreDenseAtEveryInstant() async throws {
            try await with { one, prefix in
                let server = MongoServer.fresh(["MONGODB_COLLECTION_PREFIX": prefix])
                try await server.withStores { two in
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for task in 0..<12 {
                            group.addTask {
                                for round in 0..<10 {
                                    let event = NewEvent(id: "\(task)-\(round)", type: "t")
                                    let stores = task % 2 == 0 ? one : two
                                    try await stores.event.append([event], to: "s\(task % 4)", expected: .any)
                                }
                            }
                        }
                        group.addTask {
                            var next: Position?
                            var last: UInt64 = 0
                            while last < 120 {
                                let slice = try await two.event.readAll(after: next, limit: 50)
                                for event in slice.events {
                                    let number = event.position.numbers(count: 2)?.first ?? 0
                                    #expect(number == last + 1)
                                    last = number
                                }
                                next = slice.next
                            }
                        }
                        try await group.waitForAll()
                    }
                    for stream in 0..<4 {
                        let events = try await one.event.read("s\(stream)", limit: 100).events
                        #expect(events.map(\.revision) == (0..<30).map(Int64.init))
                    }
                }
            }
        }
    }
}
