import Foundation
import StoresCore
import StoresSQLite

/// An aggregate with conditional append and snapshots, and a read model that resumes from its checkpoint.
///
///     swift run EventSourcing
///     STORE_EVENT=sqlite STORE_SESSION=sqlite SQLITE_PATH=bank.sqlite swift run EventSourcing
@main
enum EventSourcing {
    static func main() async throws {
        var registry = AdapterRegistry()
        registry.register(StoresSQLite.self)
        // A backend without conditional append would be refused here, not at the first append.
        try await Stores.withOpen(
            registry: registry, environment: ProcessInfo.processInfo.environment,
            requiring: [.event(.conditionalAppend), .event(.snapshots), .event(.globalOrder)]
        ) { stores in
            let accounts = Accounts(events: stores.event)
            // Another id for each run, so that it can run again on the same file.
            let id = UUID().uuidString

            // Twenty writers at once; each decides on the newest state, so none is lost.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        try await accounts.change(id, command: "deposit-\(number)") { _ in .deposited(5) }
                    }
                }
                try await group.waitForAll()
            }
            print("balance after twenty deposits:", try await accounts.load(id).account.balance)

            // The same command twice has its effect once.
            for _ in 0..<2 {
                try await accounts.change(id, command: "rent") { try $0.withdraw(60) }
            }
            print("balance after the rent:", try await accounts.load(id).account.balance)

            do {
                try await accounts.change(id, command: "boat") { try $0.withdraw(1000) }
            } catch is Account.Overdrawn {
                print("no boat")
            }

            let snapshot = try await stores.event.loadSnapshot("account-\(id)") { $0.data.count }
            print("newest snapshot at revision:", snapshot?.revision ?? -1)

            let totals = Totals(events: stores.event, session: stores.session)
            print("new events for the read model:", try await totals.catchUp().new)
            try await accounts.change(id, command: "gift") { _ in .deposited(1) }
            print("new events after its checkpoint:", try await totals.catchUp().new)
        }
    }
}
