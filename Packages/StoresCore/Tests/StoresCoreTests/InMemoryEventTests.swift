import Testing

@testable import StoresCore

@Suite(.timeLimit(.minutes(5))) struct InMemoryEventTests {
    let test = TestContext()
    let driver = InMemoryEventDriver()

    private func event(_ id: String) -> NewEvent {
        NewEvent(id: id, type: "t", data: bytes(id), metadata: ["m": id])
    }

    @discardableResult
    private func append(_ ids: [String], to stream: String = "s", _ expected: ExpectedRevision = .any) async throws
        -> AppendResult
    {
        try await driver.append(ids.map(event), to: stream, expected: expected, context: test.call)
    }

    private func read(
        _ stream: String = "s", from: Int64? = nil, _ direction: ReadDirection = .forward, limit: Int = 100
    ) async throws -> StreamSlice {
        try await driver.read(stream, from: from, direction: direction, limit: limit, context: test.call)
    }

    private func all(limit: Int = 3) async throws -> [RecordedEvent] {
        var events: [RecordedEvent] = []
        var position: Position?
        while true {
            let slice = try await driver.readAll(after: position, limit: limit, context: test.call)
            events += slice.events
            position = slice.next
            if slice.isAtEnd { return events }
        }
    }

    @Test func `E1 E2 revisions start at 0 and appends say where they are`() async throws {
        let first = try await append(["a", "b"], .noStream)
        #expect(first.firstRevision == 0 && first.lastRevision == 1 && !first.isDeduplicated)
        test.clock.advance(by: .seconds(1))
        let second = try await append(["c"], .exact(1))
        #expect(second.firstRevision == 2 && second.lastRevision == 2 && second.position > first.position)
        try await append(["d"], .exists)
        let slice = try await read()
        #expect(slice.exists && slice.lastRevision == 3 && slice.oldestRevision == 0)
        #expect(slice.events.map(\.revision) == [0, 1, 2, 3])
        #expect(slice.events.map(\.event) == ["a", "b", "c", "d"].map(event))
        #expect(slice.events[2].recordedAt == test.now && slice.events[2].position == second.position)
        #expect(slice.events[1].position == first.position)
    }

    @Test func `E2 E3 a stale expectation is a conflict with both sides, and appends nothing`() async throws {
        try await append(["a"])
        let cases: [(String, ExpectedRevision, Int64?)] = [
            ("s", .noStream, 0), ("s", .exact(1), 0), ("s", .exact(-1), 0), ("new", .exists, nil),
            ("new", .exact(0), nil),
        ]
        for (stream, expected, actual) in cases {
            let error = await #expect(throws: StoreError.self) { try await append(["x", "y"], to: stream, expected) }
            #expect(error?.code == .conflict && error?.applied == .no)
            #expect(error?.conflict == .revision(expected: expected, actual: actual))
        }
        #expect(try await read().events.count == 1)
        #expect(try await read("new").exists == false)
    }

    @Test func `E4 the same ids return the original result; a part of them is a conflict`() async throws {
        let first = try await append(["a", "b"], .noStream)
        try await append(["c", "d"])
        try await append(["e"], to: "other")
        let again = try await append(["a", "b"], .noStream)
        #expect(again.isDeduplicated)
        #expect(again.firstRevision == 0 && again.lastRevision == 1 && again.position == first.position)
        #expect(try await append(["c", "d"], .exact(1)).isDeduplicated)
        for ids in [["b", "a"], ["b", "x"], ["x", "b"], ["a", "c"], ["d", "e"], ["c", "d", "e"]] {
            let error = await #expect(throws: StoreError.self) { try await append(ids) }
            #expect(error?.code == .conflict && error?.conflict == .partialDuplicate)
        }
        let twice = await #expect(throws: StoreError.self) { try await append(["n", "n"]) }
        #expect(twice?.code == .invalidArgument)
        #expect(try await read().events.map(\.id) == ["a", "b", "c", "d"])
        // Ids are unique in their stream only.
        #expect(try await append(["a"], to: "other").isDeduplicated == false)
    }

    @Test func `E5 reads go both ways from any revision`() async throws {
        #expect(try await read("none") == StreamSlice(exists: false, events: [], lastRevision: nil))
        try await append((0..<10).map { "e\($0)" })
        let cases: [(Int64?, ReadDirection, Int, [Int64])] = [
            (nil, .forward, 3, [0, 1, 2]), (8, .forward, 5, [8, 9]), (10, .forward, 5, []), (.max, .forward, 5, []),
            (-5, .forward, 1, [0]), (nil, .backward, 3, [9, 8, 7]), (1, .backward, 5, [1, 0]),
            (.max, .backward, 1, [9]), (-1, .backward, 5, []), (.min, .backward, 5, []), (3, .forward, 0, []),
        ]
        for (from, direction, limit, revisions) in cases {
            let slice = try await read(from: from, direction, limit: limit)
            #expect(slice.exists && slice.lastRevision == 9)
            #expect(slice.events.map(\.revision) == revisions)
        }
    }

    @Test func `E6 positions rise over all streams and serialise`() async throws {
        #expect(try await driver.head(context: test.call) == nil)
        let empty = try await driver.readAll(after: nil, limit: 5, context: test.call)
        #expect(empty == EventSlice(events: [], next: nil, isAtEnd: true))
        for number in 0..<20 { try await append(["e\(number)", "f\(number)"], to: "s\(number % 3)") }
        let events = try await all()
        #expect(events.count == 40)
        #expect(zip(events, events.dropFirst()).allSatisfy { $0.position < $1.position })
        #expect(try await driver.head(context: test.call) == events.last?.position)
        let copy = Position(rawValue: events[6].position.rawValue)
        #expect(try await driver.readAll(after: copy, limit: 1, context: test.call).events == [events[7]])
        let end = try await driver.readAll(after: events[39].position, limit: 5, context: test.call)
        #expect(end == EventSlice(events: [], next: events[39].position, isAtEnd: true))
        for raw in ["", "xyz", "0000"] {
            let error = await #expect(throws: StoreError.self) {
                try await driver.readAll(after: Position(rawValue: raw), limit: 1, context: test.call)
            }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func `E6 a reader skips nothing while many append`() async throws {
        let (driver, call) = (driver, test.call)
        async let writers: Void = withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for number in 0..<100 {
                        let events = (0...number % 3).map { NewEvent(id: "\(writer)-\(number)-\($0)", type: "t") }
                        _ = try await driver.append(events, to: "s\(number % 5)", expected: .any, context: call)
                    }
                }
            }
            try await group.waitForAll()
        }
        let total = 8 * (0..<100).reduce(0) { $0 + $1 % 3 + 1 }
        var seen: [RecordedEvent] = []
        var position: Position?
        while seen.count < total {
            let slice = try await driver.readAll(after: position, limit: 7, context: call)
            seen += slice.events
            position = slice.next
            if slice.isAtEnd, seen.count < total {
                try await driver.waitForEvents(after: position, timeout: .seconds(5))
            }
        }
        try await writers
        #expect(seen == (try await all(limit: 1000)))
        #expect(Set(seen.map { "\($0.stream) \($0.revision)" }).count == total)
    }

    @Test func `a waiter wakes on append, at once when events are there, and after its time`() async throws {
        let (driver, call) = (driver, test.call)
        // Nothing there: the time passes.
        let start = ContinuousClock.now
        try await driver.waitForEvents(after: nil, timeout: .milliseconds(30))
        #expect(ContinuousClock.now - start >= .milliseconds(30))
        try await driver.waitForEvents(after: nil, timeout: .zero)

        let tasks = (0..<5).map { _ in
            Task { try await driver.waitForEvents(after: nil, timeout: .seconds(600)) }
        }
        try await eventually { driver.waitingCount >= 5 }
        try await append(["a"])
        for task in tasks { try await task.value }
        #expect(driver.waitingCount == 0)
        // There is an event after the start, and none after the head.
        try await driver.waitForEvents(after: nil, timeout: .seconds(600))
        let head = try await driver.head(context: call)
        let last = Task { try await driver.waitForEvents(after: head, timeout: .seconds(600)) }
        try await eventually { driver.waitingCount >= 1 }
        try await append(["b"], to: "other")
        try await last.value
    }

    @Test func `a cancelled waiter returns at once and is forgotten`() async throws {
        let driver = driver
        let tasks = (0..<100).map { _ in
            Task { try await driver.waitForEvents(after: nil, timeout: .seconds(600)) }
        }
        // Some are cancelled before they wait, some while.
        for task in tasks.prefix(50) { task.cancel() }
        try await eventually { driver.waitingCount >= 50 }
        for task in tasks { task.cancel() }
        for task in tasks {
            let error = await #expect(throws: StoreError.self) { try await task.value }
            #expect(error?.code == .cancelled)
        }
        #expect(driver.waitingCount == 0)
    }

    @Test func `no wake-up is lost between looking and waiting`() async throws {
        let (driver, call) = (driver, test.call)
        async let reader: Int = {
            var count = 0
            var position: Position?
            while count < 500 {
                // Far longer than the test may take: a lost wake-up would be noticed.
                try await driver.waitForEvents(after: position, timeout: .seconds(600))
                let slice = try await driver.readAll(after: position, limit: 10, context: call)
                count += slice.events.count
                position = slice.next
            }
            return count
        }()
        for number in 0..<500 {
            try await append(["e\(number)"])
            if number % 3 == 0 { await Task.yield() }
        }
        #expect(try await reader == 500)
    }

    @Test func `a deleted stream is gone, and other positions stay`() async throws {
        try await append(["a", "b"])
        try await append(["c"], to: "other")
        try await append(["d"])
        try await driver.saveSnapshot(Snapshot(stream: "s", revision: 1, data: [1]), context: test.call)
        let before = try await all()
        #expect(try await driver.deleteStream("s", context: test.call))
        #expect(try await driver.deleteStream("s", context: test.call) == false)
        #expect(try await read().exists == false)
        #expect(try await all() == before.filter { $0.stream == "other" })
        #expect(try await driver.loadSnapshots("s", atOrBefore: nil, limit: 9, context: test.call).isEmpty)
        let anew = try await append(["a"], .noStream)
        #expect(anew.firstRevision == 0 && !anew.isDeduplicated)
        #expect(before.allSatisfy { $0.position < anew.position })
        #expect(
            try await driver.readAll(after: before[1].position, limit: 9, context: test.call).events.map(\.id)
                == ["c", "a"])
    }

    @Test func `E8 runs have versions, and conflicts carry the current one`() async throws {
        func save(_ id: String, _ status: String = "running", ifVersion: Int64?, leaseGuard: LeaseGuard? = nil)
            async throws -> Run
        {
            try await driver.saveRun(
                id, status: status, state: bytes(id), ifVersion: ifVersion, leaseGuard: leaseGuard, context: test.call)
        }
        let created = test.now
        #expect(try await save("r", ifVersion: 0).version == 1)
        test.clock.advance(by: .seconds(1))
        let second = try await save("r", "done", ifVersion: 1)
        #expect(second.version == 2 && second.createdAt == created && second.updatedAt == test.now)
        #expect(try await save("r", ifVersion: nil).version == 3)
        #expect(try await driver.loadRun("r", context: test.call)?.status == "running")
        #expect(try await driver.loadRun("none", context: test.call) == nil)
        for (id, wanted, current) in [("r", 0, 3), ("r", 2, 3), ("new", 1, 0)] as [(String, Int64, Int64)] {
            let error = await #expect(throws: StoreError.self) { try await save(id, ifVersion: wanted) }
            #expect(error?.code == .conflict && error?.conflict == .version(current: current))
        }
        let lease = try #require(try await driver.acquireLease("r", ttl: .seconds(1), context: test.call))
        #expect(try await save("r", ifVersion: nil, leaseGuard: LeaseGuard(lease)).version == 4)
        test.clock.advance(by: .seconds(1))
        let next = try #require(try await driver.acquireLease("r", ttl: .seconds(1), context: test.call))
        #expect(next.generation > lease.generation)
        let fenced = await #expect(throws: StoreError.self) {
            try await save("r", ifVersion: nil, leaseGuard: LeaseGuard(lease))
        }
        #expect(fenced?.code == .preconditionFailed && fenced?.conflict == .version(current: next.generation))
        #expect(try await driver.renewLease(next, ttl: .seconds(9), context: test.call).generation == next.generation)
        #expect(try await driver.releaseLease(next, context: test.call))
        #expect(try await driver.deleteRun("r", context: test.call))
        #expect(try await driver.deleteRun("r", context: test.call) == false)
        #expect(try await save("r", ifVersion: 0).version == 5)
    }

    @Test func `E8 runs are listed by id, by status, in pages`() async throws {
        for number in 0..<30 {
            _ = try await driver.saveRun(
                "r\(number)", status: number % 3 == 0 ? "done" : "running", state: [], ifVersion: nil, leaseGuard: nil,
                context: test.call)
        }
        for (status, expected) in [(nil, 0..<30), ("done", 0..<30), ("running", 0..<30), ("lost", 0..<0)] {
            var ids: [String] = []
            var cursor: Cursor?
            repeat {
                let page = try await driver.listRuns(status: status, cursor: cursor, limit: 5, context: test.call)
                ids += page.items.map(\.id)
                cursor = page.next
            } while cursor != nil
            let wanted = expected.filter { status == nil || (status == "done") == ($0 % 3 == 0) }.map { "r\($0)" }
            #expect(ids == wanted.sorted())
        }
    }

    @Test func `E9 snapshots by stream and revision, newest first`() async throws {
        for revision: Int64 in [5, 1, 9, 5] {
            let snapshot = Snapshot(stream: "s", revision: revision, data: [UInt8(revision)])
            try await driver.saveSnapshot(snapshot, context: test.call)
        }
        try await driver.saveSnapshot(Snapshot(stream: "s", revision: 5, data: [55]), context: test.call)
        try await driver.saveSnapshot(Snapshot(stream: "o", revision: 7, data: []), context: test.call)
        func load(_ atOrBefore: Int64?, _ limit: Int = 9) async throws -> [Int64] {
            try await driver.loadSnapshots("s", atOrBefore: atOrBefore, limit: limit, context: test.call).map(
                \.revision)
        }
        #expect(try await load(nil) == [9, 5, 1])
        #expect(try await load(8) == [5, 1])
        #expect(try await load(nil, 1) == [9])
        #expect(try await load(0) == [])
        #expect(
            try await driver.loadSnapshots("s", atOrBefore: 5, limit: 1, context: test.call).first?.data == [55])
        #expect(try await driver.deleteSnapshots("s", before: 5, context: test.call) == 1)
        #expect(try await load(nil) == [9, 5])
        #expect(try await driver.deleteSnapshots("s", before: nil, context: test.call) == 2)
        #expect(try await driver.loadSnapshots("o", atOrBefore: nil, limit: 1, context: test.call).count == 1)
    }

    @Test func `X11 hostile names are different streams, events and runs`() async throws {
        for name in hostileNames {
            #expect(try await append([name], to: name, .noStream).firstRevision == 0)
            _ = try await driver.saveRun(
                name, status: name, state: bytes(name), ifVersion: 0, leaseGuard: nil, context: test.call)
            try await driver.saveSnapshot(Snapshot(stream: name, revision: 0, data: bytes(name)), context: test.call)
        }
        try await append(hostileNames, to: "all")
        for name in hostileNames {
            let slice = try await read(name)
            #expect(slice.events.map { bytes($0.id) } == [bytes(name)])
            #expect(try await driver.loadRun(name, context: test.call)?.state == bytes(name))
            let runs = try await driver.listRuns(status: name, cursor: nil, limit: 9, context: test.call)
            #expect(runs.items.map { bytes($0.id) } == [bytes(name)])
            #expect(try await driver.deleteStream(name, context: test.call))
        }
        #expect(try await all().count == hostileNames.count)
    }

    @Test func `a lost answer is found again by the same append`() async throws {
        let faults = FaultPlan()
        let driver = InMemoryEventDriver(behavior: InMemoryBehavior(faults: faults))
        faults.fail(.event, "append", at: .after)
        let error = await #expect(throws: StoreError.self) {
            try await driver.append([event("a")], to: "s", expected: .noStream, context: test.call)
        }
        #expect(error?.applied == .unknown)
        let result = try await driver.append([event("a")], to: "s", expected: .noStream, context: test.call)
        #expect(result.isDeduplicated && result.lastRevision == 0)
        await #expect(throws: StoreError.self) {
            try await driver.append([], to: "s", expected: .any, context: test.call)
        }
    }
}
