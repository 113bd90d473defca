import StoresConformance
import StoresCore
import Testing

@testable import StoresMongo

extension MongoServerTests {
    /// Subscriptions where there are change streams, and where there are none.
    ///
    /// The replica set and its change streams are fakes, those of the peer (`Tests/Peers/mongodb.py`), unless
    /// `MONGODB_REPLICA_URL` names another server.
    @Suite(
        .enabled(
            if: MongoServer.environment["MONGODB_REPLICA_URL"] != nil,
            "MONGODB_REPLICA_URL names no server: scripts/services start mongodb-replica-peer"))
    struct ChangeStreamTests {
        /// One test for each case of the contracts, with change streams.
        @Test(arguments: Conformance.cases(for: .event))
        func keeps(_ test: ConformanceCase) async throws {
            let report = try await MongoServer.replicaSet().run(test)
            #expect(report.isPassing, "\(report.text)")
        }

        private func event(_ number: Int) -> NewEvent { NewEvent(id: "\(number)", type: "t") }

        /// A store that appends, and another's backend that waits and never looks while a change stream tells.
        private func with(
            _ server: ServerUnderTest = MongoServer.replicaSet(),
            _ body: (_ writer: Stores, MongoBackend, any OrderedEventDriver) async throws -> Void
        ) async throws {
            try await server.withStores { writer in
                let settings = try Settings(MongoConfiguration.settings) { server.settings[$0.variable] }
                let context = AdapterContext(name: "mongodb", tiers: [.event], settings: settings)
                let backend = try MongoBackend(MongoConfiguration(settings), context: context, rest: .seconds(600))
                try await backend.start(context: CallContext(deadline: .after(.seconds(10))))
                do {
                    try await body(writer, backend, try #require(backend.event as? any OrderedEventDriver))
                } catch {
                    await backend.shutdown()
                    throw error
                }
                await backend.shutdown()
            }
        }

        /// Nobody looks, so what wakes them is the change stream.
        @Test func manyWhoWaitShareOneChangeStreamThatWakesThem() async throws {
            try await with { writer, backend, driver in
                let before = try await writer.openCursors
                var position: Position?
                for round in 0..<5 {
                    try await withThrowingTaskGroup(of: ContinuousClock.Instant.self) { group in
                        let after = position
                        for _ in 0..<50 {
                            group.addTask {
                                try await driver.waitForEvents(after: after, timeout: .seconds(60))
                                return .now
                            }
                        }
                        try await MongoServer.until("all wait") { backend.signal.restingCount == 50 }
                        #expect(try await writer.openCursors == before + 1)
                        let start = ContinuousClock.now
                        position = try await writer.event.append([event(round)], to: "s", expected: .any).position
                        let last = try await group.reduce(start) { max($0, $1) }
                        #expect(start.duration(to: last) < .seconds(5))
                    }
                }
                try await MongoServer.until("it is closed when nobody waits") {
                    try await writer.openCursors == before
                }
                let again = Task { try await driver.waitForEvents(after: nil, timeout: .seconds(60)) }
                try await again.value
            }
        }

        @Test func whoAppendsHimselfIsWokenAtOnce() async throws {
            try await with(MongoServer.fresh()) { _, backend, driver in
                let waiting = Task { try await driver.waitForEvents(after: nil, timeout: .seconds(60)) }
                _ = try await driver.append(
                    [event(0)], to: "s", expected: .any, context: CallContext(deadline: .after(.seconds(10))))
                try await waiting.value
                #expect(backend.signal.restingCount == 0)
            }
        }

        @Test func whoIsCancelledLeavesAtOnce() async throws {
            try await with { _, backend, driver in
                let waiting = Task { try await driver.waitForEvents(after: nil, timeout: .seconds(60)) }
                try await MongoServer.until("it waits") { backend.signal.restingCount == 1 }
                waiting.cancel()
                let error = await #expect(throws: StoreError.self) { try await waiting.value }
                #expect(error?.code == .cancelled && backend.signal.restingCount == 0)
            }
        }

        @Test func oneServerIsLookedAt() async throws {
            try await with(MongoServer.fresh()) { writer, backend, driver in
                let waiting = Task { try await driver.waitForEvents(after: nil, timeout: .seconds(60)) }
                try await writer.event.append([event(0)], to: "s", expected: .any)
                try await waiting.value
                let status = try await backend.ping(context: CallContext(deadline: .after(.seconds(10))))
                #expect(status.details["subscriptions"]?.contains("without a replica set") == true)
            }
        }

        /// No change streams at all, or not for this user.
        @Test(arguments: [40573, 115, 13] as [Int32])
        func aServerThatRefusesIsLookedAtAndNotAskedAgain(_ code: Int32) async throws {
            try await with { writer, backend, driver in
                let before = try await writer.openCursors
                try await writer.fail("aggregate", ["errorCode": .int32(code)])
                var position: Position?
                for number in 0..<5 {
                    let after = position
                    let waiting = Task { try await driver.waitForEvents(after: after, timeout: .seconds(60)) }
                    try await MongoServer.until("it is refused") { backend.signal.finding.contains("(code \(code))") }
                    position = try await writer.event.append([event(number)], to: "s", expected: .any).position
                    try await waiting.value
                }
                #expect(try await writer.openCursors == before)
                let status = try await backend.ping(context: CallContext(deadline: .after(.seconds(10))))
                #expect(status.details["subscriptions"]?.contains("(code \(code))") == true)
            }
        }

        /// Cursors that end, connections that are cut, a primary that steps down, also where it is opened.
        @Test(
            arguments: [["errorCode": .int32(43)], ["errorCode": .int32(11602)], ["closeConnection": true]]
                as [BSONDocument])
        func aChangeStreamThatIsLostSkipsAndRepeatsNothing(_ how: BSONDocument) async throws {
            let server = MongoServer.replicaSet()
            try await with(server) { writer, backend, driver in
                try await follow(driver) { seen in
                    try await MongoServer.until("it waits") { backend.signal.restingCount == 1 }
                    for number in 0..<30 {
                        if number % 10 == 0 { try await writer.fail("getMore", or: "aggregate", times: 3, how) }
                        try await writer.event.append([event(number)], to: "s\(number % 3)", expected: .any)
                        if number % 3 == 0 { try await seen.wait(for: number + 1) }
                    }
                    try await seen.wait(for: 30)
                    #expect(seen.ids == (0..<30).map(String.init))
                    try await writer.failNoMore()
                    try await MongoServer.until("it hears again") { backend.signal.restingCount == 1 }
                    // By the change stream again, since nobody looks.
                    try await writer.event.append([event(30)], to: "s", expected: .any)
                    try await seen.wait(for: 31)
                }
            }
        }

        @Test func aChangeStreamThatIsSilentIsNotTrusted() async throws {
            try await with { writer, backend, driver in
                let waiting = Task { try await driver.waitForEvents(after: nil, timeout: .seconds(60)) }
                try await MongoServer.until("it waits") { backend.signal.restingCount == 1 }
                waiting.cancel()
                _ = try? await waiting.value
                let count = try await writer.fail("getMore", ["blockConnection": true, "blockTimeMS": .int32(6000)])
                try await writer.hasFailed(count)
                try await MongoServer.until("it is not trusted") { !backend.signal.isHearing }
                let again = Task { try await driver.waitForEvents(after: nil, timeout: .seconds(60)) }
                try await writer.event.append([event(0)], to: "s", expected: .any)
                let start = ContinuousClock.now
                try await again.value
                #expect(start.duration(to: .now) < .seconds(2))
            }
        }

        @Test(
            .enabled(
                if: MongoServer.environment["BACKEND_SERVICES"] != nil, "BACKEND_SERVICES names no scripts/services"))
        func aServerThatWasKilledIsFollowedAgain() async throws {
            let server = MongoServer.replicaSet()
            try await with(server) { writer, backend, driver in
                try await follow(driver) { seen in
                    try await MongoServer.until("it waits") { backend.signal.restingCount == 1 }
                    for number in 0..<20 {
                        if number == 10 {
                            try MongoServer.services("kill", "mongodb-replica-peer")
                            try MongoServer.services("start", "mongodb-replica-peer")
                        }
                        try await MongoServer.until("it appends") {
                            (try? await writer.event.append([event(number)], to: "s", expected: .any)) != nil
                        }
                    }
                    try await seen.wait(for: 20)
                    #expect(seen.ids == (0..<20).map(String.init))
                    try await MongoServer.until("it hears again") { backend.signal.restingCount == 1 }
                }
            }
        }

        @Test(arguments: [false, true])
        func aShutdownEndsTheChangeStream(_ isSilent: Bool) async throws {
            let server = MongoServer.replicaSet()
            try await server.withStores { writer in
                let before = try await writer.openCursors
                try await with(server) { _, backend, driver in
                    let waiting = Task { try await driver.waitForEvents(after: nil, timeout: .seconds(60)) }
                    try await MongoServer.until("it waits") { backend.signal.restingCount == 1 }
                    if isSilent {
                        let block: BSONDocument = ["blockConnection": true, "blockTimeMS": .int32(8000)]
                        try await writer.hasFailed(try await writer.fail("getMore", block))
                    }
                    let start = ContinuousClock.now
                    await backend.shutdown()
                    #expect(start.duration(to: .now) < .seconds(3))
                    try await waiting.value
                    if !isSilent { #expect(try await writer.openCursors == before) }
                }
                try await MongoServer.until("the cursor is closed") { try await writer.openCursors == before }
            }
        }

        /// A subscription as applications have it, with and without change streams.
        @Test(arguments: [MongoServer.fresh(), MongoServer.replicaSet()])
        func aSubscriptionSeesWhatAnotherStoreAppends(_ server: ServerUnderTest) async throws {
            try await server.withStores { writer in
                try await server.withStores { reader in
                    let seen = Seen()
                    let reading = Task {
                        for try await element in try reader.event.subscribe(from: .start) {
                            if case .event(let event) = element { seen.add([event.event.id]) }
                        }
                    }
                    defer { reading.cancel() }
                    for number in 0..<40 {
                        try await writer.event.append([event(number)], to: "s\(number % 3)", expected: .any)
                        if number % 4 == 0 { try await seen.wait(for: number + 1) }
                    }
                    try await seen.wait(for: 40)
                    #expect(seen.ids == (0..<40).map(String.init))
                }
            }
        }

        /// Everything that libmongoc hands out is given back, however a change stream ends.
        @Test func manyChangeStreamsDoNotGrow() async throws {
            try await with { writer, backend, _ in
                func open() throws {
                    try backend.clients.perform(.after(.seconds(10))) { (connection) throws(StoreError) in
                        try connection.follow(.events, wait: .milliseconds(1)) { _ in false }
                    }
                }
                func work(_ rounds: Int) async throws {
                    for _ in 0..<rounds { try open() }
                    try await writer.fail("aggregate", times: Int32(rounds), ["errorCode": .int32(40573)])
                    for _ in 0..<rounds { #expect(throws: StoreError.self) { try open() } }
                }
                try await work(100)
                let before = try MongoServer.resident()
                try await work(600)
                let grown = try MongoServer.resident() - before
                #expect(grown < 4 << 20, "the process grew by \(grown) bytes")
            }
        }

        /// Reads and waits by turns, as a subscription does.
        private func follow(_ driver: any OrderedEventDriver, _ body: (Seen) async throws -> Void) async throws {
            let seen = Seen()
            let reading = Task {
                var position: Position?
                while !Task.isCancelled {
                    let context = CallContext(deadline: .after(.seconds(2)))
                    do {
                        let slice = try await driver.readAll(after: position, limit: 100, context: context)
                        seen.add(slice.events.map(\.event.id))
                        position = slice.next
                        try await driver.waitForEvents(after: position, timeout: .seconds(60))
                    } catch {
                        await Task.yield()
                    }
                }
            }
            defer { reading.cancel() }
            try await body(seen)
        }
    }
}
