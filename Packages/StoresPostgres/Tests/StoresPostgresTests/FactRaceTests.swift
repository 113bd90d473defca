import StoresCore
import Testing

@testable import StoresPostgres

/// Facts that many write at once.
@Suite(.enabled(if: DataStore.url != nil, DataStore.skipped))
struct FactRaceTests {
    private func puts(_ scope: Scope, _ ids: [Int]) -> [FactPut] {
        ids.map { FactPut(draft: FactDraft(id: "f\($0)", scope: scope, content: "fact \($0)")) }
    }

    private func count(_ store: DataStore, _ sql: String) async throws -> Int64? {
        try await store.ask(sql).first?.int(0)
    }

    @Test func batchesInOppositeOrdersDoNotWaitInACircle() async throws {
        try await DataStore.with { store in
            let driver = store.memory
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<6 {
                    group.addTask {
                        for round in 0..<5 {
                            let ids = (writer + round) % 2 == 0 ? Array(0..<60) : Array((0..<60).reversed())
                            for result in try await driver.put(puts(["race"], ids), context: DataStore.context()) {
                                _ = try result.get()
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await count(store, "SELECT count(*) FROM facts WHERE version = 30") == 60)
            #expect(try await count(store, "SELECT count(*) FROM fact_history") == 1800)
            #expect(
                try await count(
                    store, "SELECT count(*) FROM (SELECT DISTINCT id, version FROM fact_history) v") == 1800)
        }
    }

    @Test func forgettingWhileOthersWriteLeavesNoLineWithoutItsFact() async throws {
        try await DataStore.with { store in
            let driver = store.memory
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        for _ in 0..<25 {
                            for result in try await driver.put(
                                puts(["a", "b"], Array(0..<10)), context: DataStore.context())
                            {
                                _ = try result.get()
                            }
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<40 { _ = try await driver.forget(["a"], context: DataStore.context()) }
                }
                try await group.waitForAll()
            }
            #expect(
                try await count(
                    store,
                    """
                    SELECT count(*) FROM fact_history h
                    WHERE NOT EXISTS (SELECT FROM facts f WHERE f.scope = h.scope AND f.id = h.id)
                    """) == 0)
            // Whatever is left has a line for each of its versions.
            #expect(
                try await count(
                    store,
                    """
                    SELECT count(*) FROM facts f WHERE version <>
                    (SELECT count(*) FROM fact_history h WHERE h.scope = f.scope AND h.id = f.id)
                    """) == 0)
            _ = try await driver.forget(["a"], context: DataStore.context())
            #expect(try await count(store, "SELECT count(*) FROM fact_history") == 0)
        }
    }

    @Test func theLongestScopesAreKeptApartAndFoundByTheirBeginnings() async throws {
        try await DataStore.with { store in
            let driver = store.memory
            let base = (0..<8).map { String(repeating: "\($0)", count: 250) }
            let scopes = [
                Scope(Array(base.prefix(7))), Scope(base), Scope(base + ["x"]), Scope(base + ["y"]),
                Scope(base + ["x", String(repeating: "é", count: 128)]), Scope(base.dropLast() + ["7"]),
            ]
            for scope in scopes {
                _ = try await driver.put(puts(scope, [1]), context: DataStore.context())[0].get()
            }
            for scope in scopes {
                let page = try await driver.list(
                    FactListing(scope: scope, depth: .subtree, limit: 100), context: DataStore.context())
                #expect(Set(page.items.map(\.scope)) == Set(scopes.filter { $0.isWithin(scope) }))
                #expect(try await driver.get(["f1"], scope: scope, context: DataStore.context()).count == 1)
            }
            #expect(try await driver.forget(Scope(base + ["x"]), context: DataStore.context()) == 2)
            #expect(try await count(store, "SELECT count(*) FROM facts") == 4)
            #expect(try await count(store, "SELECT count(*) FROM fact_history") == 4)
        }
    }
}
