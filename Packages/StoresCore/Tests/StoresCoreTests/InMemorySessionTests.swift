import StoresCore
import Testing

@Suite struct InMemorySessionTests {
    let test = TestContext()
    let driver = InMemorySessionDriver()

    @discardableResult
    private func set(
        _ key: String, _ text: String, expiry: Expiry = .keep, condition: SessionCondition = .none,
        leaseGuard: LeaseGuard? = nil
    ) async throws -> SessionReceipt {
        let write = SessionWrite(
            key: key, value: SessionValue(text), expiry: expiry, condition: condition, leaseGuard: leaseGuard)
        return try #require(try await driver.set([write], context: test.call).first).get()
    }

    private func get(_ key: String) async throws -> SessionEntry? {
        try await driver.get([key], context: test.call)[0]
    }

    private func keys(_ prefix: String?, limit: Int = 3) async throws -> [String] {
        var keys: [String] = []
        var cursor: Cursor?
        repeat {
            let page = try await driver.scan(prefix: prefix, cursor: cursor, limit: limit, context: test.call)
            #expect(page.items.count <= limit)
            keys += page.items
            cursor = page.next
        } while cursor != nil
        return keys
    }

    @Test func `S1 a read returns value, etag and expiry, and every write changes the etag`() async throws {
        let value = SessionValue(bytes: [0, 255, 7], contentType: "image/x")
        let write = SessionWrite(key: "k", value: value, expiry: .after(.seconds(5)))
        let receipt = try await driver.set([write], context: test.call)[0].get()
        let entry = try #require(try await get("k"))
        #expect(entry == SessionEntry(value: value, etag: receipt.etag, expiresAt: test.now.advanced(by: .seconds(5))))
        let second = try await driver.set([write], context: test.call)[0].get()
        #expect(second.etag != receipt.etag)
    }

    @Test func `S2 expiry: keep, never, after`() async throws {
        try await set("k", "1", expiry: .after(.seconds(9)))
        let at = test.now.advanced(by: .seconds(9))
        test.clock.advance(by: .seconds(1))
        #expect(try await set("k", "2", expiry: .keep).expiresAt == at)
        #expect(try await set("k", "3", expiry: .never).expiresAt == nil)
        #expect(try await set("new", "1", expiry: .keep).expiresAt == nil)
        #expect(
            try await driver.touch("k", expiry: .after(.milliseconds(1)), context: test.call)?.expiresAt
                == test.now.advanced(by: .milliseconds(1)))
        #expect(try await driver.touch("gone", expiry: .never, context: test.call) == nil)
    }

    @Test func `S3 conditions`() async throws {
        let first = try await set("k", "1", condition: .ifAbsent)
        let second = try await set("k", "2", condition: .ifMatch(first.etag))
        for (condition, current) in [
            (SessionCondition.ifAbsent, second.etag), (.ifMatch(first.etag), second.etag),
        ] {
            let error = await #expect(throws: StoreError.self) { try await set("k", "3", condition: condition) }
            #expect(error?.code == .conflict)
            #expect(error?.conflict == .etag(current: current))
            #expect(error?.applied == .no)
        }
        let missing = await #expect(throws: StoreError.self) { try await set("no", "1", condition: .ifMatch("x")) }
        #expect(missing?.conflict == .etag(current: nil))
        #expect(try await get("k")?.value.text == "2")
        let stale = await #expect(throws: StoreError.self) {
            try await driver.delete(["k"], condition: .ifMatch(first.etag), context: test.call)
        }
        #expect(stale?.conflict == .etag(current: second.etag))
        #expect(try await driver.delete(["k"], condition: .ifMatch(second.etag), context: test.call) == [true])
    }

    @Test func `S4 an entry is invisible from the instant of its expiry`() async throws {
        try await set("k", "1", expiry: .after(.seconds(1)))
        _ = try await driver.increment("n", by: 3, expiry: .after(.seconds(1)), context: test.call)
        _ = try await driver.append([[1]], to: "l", keepLast: 5, expiry: .after(.seconds(1)), context: test.call)
        test.clock.advance(by: .milliseconds(999))
        #expect(try await get("k") != nil)
        #expect(try await keys(nil) == ["k", "l", "n"])
        test.clock.advance(by: .milliseconds(1))
        #expect(try await get("k") == nil)
        #expect(try await keys(nil) == [])
        #expect(try await driver.elements("l", last: 5, context: test.call) == nil)
        #expect(try await driver.delete(["k", "n"], condition: .none, context: test.call) == [false, false])
        #expect(try await driver.increment("n", by: 2, expiry: .keep, context: test.call) == 2)
        #expect(try await driver.touch("k", expiry: .never, context: test.call) == nil)
        #expect(try await set("k", "2", expiry: .keep, condition: .ifAbsent).expiresAt == nil)
    }

    @Test func `expired entries beyond one purge stay invisible`() async throws {
        for number in 0..<200 { try await set("k\(number)", "x", expiry: .after(.seconds(1))) }
        try await set("stays", "x", expiry: .after(.seconds(2)))
        test.clock.advance(by: .seconds(1))
        #expect(try await keys(nil) == ["stays"])
        #expect(try await driver.delete(prefix: "k1", context: test.call) == 0)
        for _ in 0..<10 { #expect(try await get("k150") == nil) }
        #expect(try await get("stays") != nil)
    }

    @Test func `S5 prefixes are whole segments`() async throws {
        for key in ["a", "a/b", "a/b/c", "a/bc", "a!", "a/", "ab", "b/a", "a0"] { try await set(key, "x") }
        #expect(try await keys("a/b", limit: 1) == ["a/b", "a/b/c"])
        #expect(try await keys("a", limit: 2) == ["a", "a/", "a/b", "a/b/c", "a/bc"])
        #expect(try await driver.delete(prefix: "a/b", context: test.call) == 2)
        #expect(try await driver.delete(prefix: "a", context: test.call) == 3)
        #expect(try await keys(nil) == ["a!", "a0", "ab", "b/a"])
        let error = await #expect(throws: StoreError.self) {
            try await driver.delete(prefix: "", context: test.call)
        }
        #expect(error?.code == .invalidArgument)
        #expect(try await keys(nil).count == 4)
    }

    @Test func `S6 a scan sees every key that stays while others come and go`() async throws {
        for number in 0..<1500 { try await set("s/\(number)", "x") }
        var seen: Set<String> = []
        var cursor: Cursor?
        var round = 0
        repeat {
            let page = try await driver.scan(prefix: "s", cursor: cursor, limit: 100, context: test.call)
            seen.formUnion(page.items)
            cursor = page.next
            // Odd numbers go, new ones come, before and behind the cursor.
            let odd = stride(from: 1 + 2 * round, to: 1500, by: 37).filter { $0 % 2 == 1 }.map { "s/\($0)" }
            _ = try await driver.delete(odd, condition: .none, context: test.call)
            try await set("s/new\(round)", "x")
            round += 1
        } while cursor != nil
        #expect(Set(stride(from: 0, to: 1500, by: 2).map { "s/\($0)" }).isSubset(of: seen))
    }

    @Test func `a cursor that this store did not give out is refused`() async {
        for raw in ["zz", "0", "ff", "é"] {
            let error = await #expect(throws: StoreError.self) {
                try await driver.scan(prefix: nil, cursor: Cursor(rawValue: raw), limit: 1, context: test.call)
            }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func `S7 counters stop before they overflow`() async throws {
        #expect(try await driver.increment("n", by: .max, expiry: .keep, context: test.call) == .max)
        let etag = try await get("n")?.etag
        let error = await #expect(throws: StoreError.self) {
            try await driver.increment("n", by: 1, expiry: .after(.seconds(1)), context: test.call)
        }
        #expect(error?.code == .preconditionFailed)
        let entry = try #require(try await get("n"))
        #expect(entry.value.text == "\(Int64.max)")
        #expect(entry.expiresAt == nil && entry.etag == etag)
        #expect(try await driver.increment("n", by: .min, expiry: .keep, context: test.call) == -1)
        #expect(try await driver.increment("m", by: .min, expiry: .keep, context: test.call) == .min)
        await #expect(throws: StoreError.self) {
            try await driver.increment("m", by: -1, expiry: .keep, context: test.call)
        }
    }

    @Test func `S7 lists keep their last elements`() async throws {
        #expect(try await driver.append([[1], [2], [3]], to: "l", keepLast: 2, expiry: .keep, context: test.call) == 2)
        #expect(try await driver.append([[4], []], to: "l", keepLast: 3, expiry: .keep, context: test.call) == 3)
        #expect(try await driver.elements("l", last: 10, context: test.call) == [[3], [4], []])
        #expect(try await driver.elements("l", last: 2, context: test.call) == [[4], []])
        #expect(try await driver.elements("none", last: 2, context: test.call) == nil)
    }

    @Test func `another kind than the operation wants is refused and stays as it is`() async throws {
        try await set("v", "5")
        _ = try await driver.increment("n", by: 1, expiry: .keep, context: test.call)
        _ = try await driver.append([[1]], to: "l", keepLast: 1, expiry: .keep, context: test.call)
        let wrong: [() async throws -> Void] = [
            { _ = try await driver.increment("v", by: 1, expiry: .keep, context: test.call) },
            { _ = try await driver.increment("l", by: 1, expiry: .keep, context: test.call) },
            { _ = try await driver.append([[1]], to: "v", keepLast: 1, expiry: .keep, context: test.call) },
            { _ = try await driver.append([[1]], to: "n", keepLast: 1, expiry: .keep, context: test.call) },
            { _ = try await driver.elements("n", last: 1, context: test.call) },
            { _ = try await get("l") },
            { try await set("n", "x") },
            { try await set("l", "x") },
        ]
        for operation in wrong {
            let error = await #expect(throws: StoreError.self) { try await operation() }
            #expect(error?.code == .preconditionFailed)
        }
        #expect(try await get("v")?.value.text == "5")
        #expect(try await get("n")?.value.text == "1")
        #expect(try await driver.elements("l", last: 9, context: test.call) == [[1]])
    }

    @Test func `S8 a transaction applies all or nothing`() async throws {
        let a = try await set("a", "1")
        _ = try await driver.increment("n", by: 1, expiry: .keep, context: test.call)
        let good: [SessionOperation] = [
            .check(key: "a", condition: .ifMatch(a.etag)),
            .set(SessionWrite(key: "b", value: SessionValue("2"), condition: .ifAbsent)),
            .delete(key: "zz", condition: .none),
        ]
        let outcomes = try await driver.transact(good, context: test.call)
        #expect(outcomes.count == 3 && outcomes[0] == .checked && outcomes[2] == .deleted(false))
        let bad: [[SessionOperation]] = [
            // The condition that fails is the last.
            [
                .set(SessionWrite(key: "c", value: SessionValue("x"))), .delete(key: "a", condition: .none),
                .check(key: "b", condition: .ifAbsent),
            ],
            // The kind is wrong, which shows only while applying.
            [
                .delete(key: "a", condition: .none),
                .set(SessionWrite(key: "b", value: SessionValue("y"), expiry: .after(.seconds(1)))),
                .set(SessionWrite(key: "c", value: SessionValue("x"))),
                .set(SessionWrite(key: "n", value: SessionValue("x"))),
            ],
        ]
        let before = try await driver.get(["a", "b", "c"], context: test.call)
        for operations in bad {
            await #expect(throws: StoreError.self) { try await driver.transact(operations, context: test.call) }
            #expect(try await driver.get(["a", "b", "c"], context: test.call) == before)
            #expect(try await keys(nil) == ["a", "b", "n"])
        }
        test.clock.advance(by: .seconds(2))
        #expect(try await get("b")?.value.text == "2")
    }

    @Test func `S9 generations rise with every grant, after expiry and after release`() async throws {
        let first = try #require(try await driver.acquireLease("l", ttl: .seconds(1), context: test.call))
        #expect(try await driver.acquireLease("l", ttl: .seconds(1), context: test.call) == nil)
        #expect(try await driver.acquireLease("other", ttl: .seconds(1), context: test.call) != nil)
        test.clock.advance(by: .milliseconds(999))
        #expect(try await driver.acquireLease("l", ttl: .seconds(1), context: test.call) == nil)
        test.clock.advance(by: .milliseconds(1))
        #expect(try await driver.releaseLease(first, context: test.call) == false)
        await #expect(throws: StoreError.self) {
            try await driver.renewLease(first, ttl: .seconds(1), context: test.call)
        }
        let second = try #require(try await driver.acquireLease("l", ttl: .seconds(1), context: test.call))
        #expect(second.generation > first.generation)
        let renewed = try await driver.renewLease(second, ttl: .seconds(5), context: test.call)
        #expect(renewed.generation == second.generation && renewed.expiresAt == test.now.advanced(by: .seconds(5)))
        let lost = await #expect(throws: StoreError.self) {
            try await driver.renewLease(first, ttl: .seconds(1), context: test.call)
        }
        #expect(lost?.code == .preconditionFailed)
        #expect(lost?.conflict == .version(current: second.generation))
        #expect(try await driver.releaseLease(second, context: test.call))
        #expect(try await driver.releaseLease(second, context: test.call) == false)
        let third = try #require(try await driver.acquireLease("l", ttl: .seconds(1), context: test.call))
        #expect(third.generation > second.generation)
    }

    @Test func `S9 a write with a superseded generation is refused`() async throws {
        let first = try #require(try await driver.acquireLease("l", ttl: .seconds(1), context: test.call))
        try await set("k", "1", leaseGuard: LeaseGuard(first))
        test.clock.advance(by: .seconds(5))
        // Nobody took over yet.
        try await set("k", "2", leaseGuard: LeaseGuard(first))
        let second = try #require(try await driver.acquireLease("l", ttl: .seconds(1), context: test.call))
        let error = await #expect(throws: StoreError.self) { try await set("k", "3", leaseGuard: LeaseGuard(first)) }
        #expect(error?.code == .preconditionFailed)
        #expect(error?.conflict == .version(current: second.generation))
        for key in ["l", "never"] {
            await #expect(throws: StoreError.self) {
                try await set("k", "3", leaseGuard: LeaseGuard(key: key, generation: key == "l" ? 99 : 0))
            }
        }
        await #expect(throws: StoreError.self) {
            try await driver.transact(
                [.set(SessionWrite(key: "k", value: SessionValue("4"), leaseGuard: LeaseGuard(first)))],
                context: test.call)
        }
        #expect(try await get("k")?.value.text == "2")
        // An entry of the lease's key is another thing.
        #expect(try await get("l") == nil)
    }

    @Test func `S10 results come in order, each for itself`() async throws {
        try await set("b", "old")
        let results = try await driver.set(
            [
                SessionWrite(key: "a", value: SessionValue("1")),
                SessionWrite(key: "b", value: SessionValue("2"), condition: .ifAbsent),
                SessionWrite(key: "c", value: SessionValue("3")),
            ], context: test.call)
        #expect(results.map(\.failureCode) == [nil, .conflict, nil])
        let entries = try await driver.get(["c", "none", "b", "a", "c"], context: test.call)
        #expect(entries.map { $0?.value.text } == ["3", nil, "old", "1", "3"])
        #expect(
            try await driver.delete(["a", "none", "c"], condition: .none, context: test.call) == [true, false, true])
    }

    @Test func `X11 hostile keys are different keys and stay in their prefix`() async throws {
        for name in hostileNames { try await set(name, name) }
        for name in hostileNames { try await set("p/\(name)", name) }
        for name in hostileNames { #expect(try await get(name)?.value.bytes == bytes(name)) }
        #expect(try await keys(nil, limit: 5).count == 2 * hostileNames.count)
        let sorted = hostileNames.map(bytes).sorted { $0.lexicographicallyPrecedes($1) }
        #expect(try await keys("p").map(bytes) == sorted.map { bytes("p/") + $0 })
        // `..` is a prefix of `../../etc/passwd`, and of nothing else.
        for name in hostileNames where !name.hasPrefix("../") {
            #expect(try await driver.delete(prefix: name, context: test.call) == (name == ".." ? 2 : 1))
        }
        #expect(try await keys(nil).count == hostileNames.count)
        for name in hostileNames {
            let lease = try await driver.acquireLease(name, ttl: .seconds(1), context: test.call)
            #expect(lease?.generation == 1)
        }
    }

    @Test func `concurrent increments and conditional writes lose nothing`() async throws {
        let call = test.call
        let driver = driver
        try await set("version", "0")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<16 {
                group.addTask {
                    for _ in 0..<100 {
                        _ = try await driver.increment("n", by: 1, expiry: .keep, context: call)
                        _ = try await driver.append(
                            [[UInt8(task)]], to: "l", keepLast: 50, expiry: .keep, context: call)
                        var isDone = false
                        while !isDone {
                            let entry = try #require(try await driver.get(["version"], context: call)[0])
                            let next = SessionValue(String((Int(entry.value.text) ?? 0) + 1))
                            let result = try await driver.set(
                                [SessionWrite(key: "version", value: next, condition: .ifMatch(entry.etag))],
                                context: call)
                            isDone = result[0].failureCode == nil
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await get("n")?.value.text == "1600")
        #expect(try await get("version")?.value.text == "1600")
        #expect(try await driver.elements("l", last: 99, context: test.call)?.count == 50)
    }

    @Test func `planned faults strike before or after`() async throws {
        let faults = FaultPlan()
        let driver = InMemorySessionDriver(behavior: InMemoryBehavior(faults: faults))
        faults.fail(.session, "increment", at: .before)
        faults.fail(.session, "increment", at: .after)
        let codes: [StoreError.Applied] = [.no, .unknown]
        for applied in codes {
            let error = await #expect(throws: StoreError.self) {
                try await driver.increment("n", by: 1, expiry: .keep, context: test.call)
            }
            #expect(error?.code == .unavailable && error?.applied == applied)
        }
        #expect(try await driver.increment("n", by: 1, expiry: .keep, context: test.call) == 2)
    }

    @Test func `a passed deadline is a timeout`() async {
        let error = await #expect(throws: StoreError.self) {
            try await driver.get(["k"], context: CallContext(deadline: .after(.zero)))
        }
        #expect(error?.code == .timeout)
    }
}
