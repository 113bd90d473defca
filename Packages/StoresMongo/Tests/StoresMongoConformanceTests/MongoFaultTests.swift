import Foundation
import StoresConformance
import StoresCore
import Testing

@testable import StoresMongo

extension MongoServerTests {
    /// What happens when the server fails in the middle, as `failCommand` makes it.
    @Suite struct FaultTests {
        /// Opened as an application would, without the core's repetitions: each failure is seen.
        private func with(
            _ prefix: String? = nil, retry: RetryPolicy = .none, _ body: (Stores) async throws -> Void
        ) async throws {
            var environment = MongoServer.fresh().settings
            if let prefix { environment["MONGODB_COLLECTION_PREFIX"] = prefix }
            for tier in [Tier.memory, .session, .event] { environment[tier.variable] = "mongodb" }
            var registry = AdapterRegistry()
            registry.register(StoresMongo.self)
            let options = StoresOptions(timeout: .seconds(10), retry: retry, breakerThreshold: 1_000_000)
            try await Stores.withOpen(registry: registry, environment: environment, options: options, body)
        }

        private func event(_ id: String) -> NewEvent { NewEvent(id: id, type: "t") }

        /// What is no primary has written nothing; of one that steps down, or shuts down, nobody knows.
        @Test(
            arguments: [(10107, .no), (13435, .no), (189, .unknown), (11602, .unknown), (91, .unknown)]
                as [(Int32, StoreError.Applied)])
        func aServerThatIsNoPrimaryAnyMoreIsTriedAgain(_ code: Int32, _ applied: StoreError.Applied) async throws {
            try await with { stores in
                try await stores.session.set("k", SessionValue("1"), expiry: .never)
                try await stores.fail("update", ["errorCode": .int32(code)])
                let error = await #expect(throws: StoreError.self) {
                    try await stores.session.set("k", SessionValue("2"), expiry: .never)
                }
                #expect(error?.code == .unavailable && error?.applied == applied && error?.isRetryable == true)
                #expect(try await stores.session.get("k")?.value.text == "1")
            }
        }

        /// As applications open the stores: the append is repeated, and is there once.
        @Test(arguments: ["errorCode", "closeConnection"])
        func anAppendRidesOutAPrimaryThatStepsDown(_ how: String) async throws {
            try await with(retry: RetryPolicy()) { stores in
                try await stores.event.append([event("1")], to: "s", expected: .noStream)
                try await stores.fail("insert", [how: how == "errorCode" ? .int32(189) : true])
                let result = try await stores.event.append([event("2")], to: "s", expected: .exact(0))
                #expect(result.lastRevision == 1)
                #expect(try await stores.event.read("s").events.map(\.id) == ["1", "2"])
            }
        }

        @Test func whatAMajorityDidNotConfirmMayBeThere() async throws {
            try await with { stores in
                let concern: BSONValue = ["code": .int32(64), "errmsg": "waiting for replication timed out"]
                try await stores.fail("update", ["writeConcernError": concern])
                let error = await #expect(throws: StoreError.self) {
                    try await stores.session.set("k", SessionValue("1"), expiry: .never)
                }
                #expect(error?.code == .unavailable && error?.applied == .unknown)
                #expect(try await stores.session.get("k")?.value.text == "1")
            }
        }

        @Test func anAppendWhoseConnectionWasCutIsRepeatedSafely() async throws {
            try await with { stores in
                try await stores.event.append([event("1")], to: "s", expected: .noStream)
                try await stores.fail("insert", ["closeConnection": true])
                let error = await #expect(throws: StoreError.self) {
                    try await stores.event.append([event("2")], to: "s", expected: .exact(0))
                }
                #expect(error?.code == .unavailable && error?.applied == .unknown)
                let again = try await stores.event.append([event("2")], to: "s", expected: .exact(0))
                #expect(again.lastRevision == 1)
                #expect(try await stores.event.read("s").events.map(\.id) == ["1", "2"])
            }
        }

        /// The line of the old version is copied, and the process ends before the fact is replaced.
        @Test func aWriteThatEndsBetweenLineAndFactLeavesBothWhole() async throws {
            try await with { stores in
                let scope: Scope = ["s"]
                for content in ["one", "two"] {
                    try await stores.memory.put(FactDraft(id: "f", scope: scope, content: content))
                }
                try await stores.fail("update", ["closeConnection": true])
                let error = await #expect(throws: StoreError.self) {
                    try await stores.memory.put(FactDraft(id: "f", scope: scope, content: "lost"))
                }
                #expect(error?.applied == .unknown)
                let history = try await stores.memory.history("f", scope: scope)
                #expect(history.map(\.fact.content) == ["one", "two"])
                try await stores.memory.put(FactDraft(id: "f", scope: scope, content: "three"))
                try await stores.fail("update", ["closeConnection": true])
                _ = try? await stores.memory.delete("f", scope: scope)
                #expect(try await stores.memory.delete("f", scope: scope))
                let lines = try await stores.memory.history("f", scope: scope)
                #expect(lines.map(\.fact.version) == [1, 2, 3, 3])
                #expect(lines.map(\.change) == [.put, .put, .put, .delete])
            }
        }

        /// E6: who took his number first, and comes through last, takes another.
        @Test func anAppendThatComesThroughLateIsNotSkipped() async throws {
            let prefix = "\(ServerUnderTest.freshName())_"
            try await with(prefix) { slow in
                try await with(prefix) { fast in
                    try await slow.event.append([event("0")], to: "z", expected: .any)
                    let count = try await slow.fail("insert", ["blockConnection": true, "blockTimeMS": .int32(700)])
                    async let late = slow.event.append([event("late")], to: "a", expected: .any)
                    // The fail point takes the first insert that comes; the second one overtakes it.
                    try await fast.hasFailed(count)
                    let early = try await fast.event.append([event("early")], to: "b", expected: .any)
                    let seen = try await fast.event.readAll(limit: 10)
                    #expect(seen.events.map(\.id) == ["0", "early"])
                    #expect(try await late.position > early.position)
                    let rest = try await fast.event.readAll(after: seen.next, limit: 10)
                    #expect(rest.events.map(\.id) == ["late"])
                }
            }
        }

        @Test func aServerThatIsSilentIsLeftAtTheDeadlineAndOnCancellation() async throws {
            try await with { stores in
                let clock = ContinuousClock()
                try await stores.fail("find", ["blockConnection": true, "blockTimeMS": .int32(3000)])
                let start = clock.now
                let error = await #expect(throws: StoreError.self) {
                    _ = try await stores.session.get("k", deadline: .after(.milliseconds(300)))
                }
                #expect(error?.code == .timeout && clock.now - start < .seconds(2))
                let count = try await stores.fail("update", ["blockConnection": true, "blockTimeMS": .int32(3000)])
                let begin = clock.now
                let call = Task { try await stores.session.set("k", SessionValue("1"), expiry: .never) }
                try await stores.hasFailed(count)
                call.cancel()
                let cancelled = await #expect(throws: StoreError.self) { try await call.value }
                #expect(cancelled?.code == .cancelled && clock.now - begin < .seconds(2))
            }
        }

        @Test func noServerAtStartIsSaidWithinThreeSeconds() async throws {
            let clock = ContinuousClock()
            let start = clock.now
            let error = await #expect(throws: (any Error).self) {
                _ = try await MongoServer.fresh(["MONGODB_URL": "mongodb://u:secret@127.0.0.1:1/x"]).withStores { _ in }
            }
            #expect(clock.now - start < .seconds(4))
            let text = error.map { "\($0)" } ?? ""
            #expect(text.contains("MONGODB_URL") && text.contains("docker compose") && !text.contains("secret"))
        }

        @Test(
            .enabled(
                if: MongoServer.environment["BACKEND_SERVICES"] != nil, "BACKEND_SERVICES names no scripts/services"))
        func aServerThatWasKilledComesBackWithWhatItAcknowledged() async throws {
            try await with { stores in
                try await stores.event.append([event("1")], to: "s", expected: .noStream)
                try await stores.session.set("k", SessionValue("1"), expiry: .never)
                try MongoServer.services("kill", "mongodb-peer")
                for _ in 0..<3 {
                    let error = await #expect(throws: StoreError.self) {
                        try await stores.session.set("k", SessionValue("2"), expiry: .never)
                    }
                    #expect(error?.code == .unavailable || error?.code == .timeout, "\(String(reflecting: error))")
                }
                try MongoServer.services("start", "mongodb-peer")
                var value: String?
                for _ in 0..<50 where value == nil { value = try? await stores.session.get("k")?.value.text }
                #expect(value == "1")
                let result = try await stores.event.append([event("2")], to: "s", expected: .exact(0))
                #expect(result.lastRevision == 1)
            }
        }

        /// Everything that libmongoc hands out is given back: the memory of a long run does not grow.
        @Test func aLongRunDoesNotGrow() async throws {
            try await with { stores in
                func work(_ rounds: Int) async throws {
                    for round in 0..<rounds {
                        try await stores.session.set("k", SessionValue("value"), expiry: .never)
                        _ = try await stores.session.get("k")
                        _ = try? await stores.session.set("k", SessionValue("x"), expiry: .keep, condition: .ifAbsent)
                        _ = try await stores.memory.put(FactDraft(id: "f\(round % 5)", scope: ["s"], content: "walrus"))
                        _ = try await stores.memory.list(scope: ["s"], limit: 2)
                        _ = try await stores.event.append([event("\(UUID())")], to: "s\(round % 9)", expected: .any)
                    }
                }
                try await work(150)
                let before = try MongoServer.resident()
                try await work(450)
                let grown = try MongoServer.resident() - before
                #expect(grown < 12 << 20, "the process grew by \(grown) bytes")
            }
        }
    }
}
