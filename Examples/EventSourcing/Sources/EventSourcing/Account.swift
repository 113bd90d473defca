import Foundation
import StoresCore

/// A bank account, folded from its events.
struct Account: Codable {
    enum Event: Codable {
        case deposited(Int)
        case withdrawn(Int)

        var type: String {
            switch self {
            case .deposited: "account.deposited"
            case .withdrawn: "account.withdrawn"
            }
        }
    }

    struct Overdrawn: Error {}

    private(set) var balance = 0
    /// The commands that were carried out: the ids of the events.
    private(set) var commands: Set<String> = []

    mutating func apply(_ event: Event, of command: String) {
        commands.insert(command)
        switch event {
        case .deposited(let amount): balance += amount
        case .withdrawn(let amount): balance -= amount
        }
    }

    /// The rule that no two writers may break together: what leaves was there.
    func withdraw(_ amount: Int) throws -> Event {
        guard amount <= balance else { throw Overdrawn() }
        return .withdrawn(amount)
    }
}

/// Accounts in the event tier: one stream for each, a snapshot every ten events.
struct Accounts {
    let events: EventStore
    private static let snapshotInterval: Int64 = 10

    private func stream(_ id: String) -> String { "account-\(id)" }

    /// The account and the revision that its state includes; nil when the stream does not exist.
    func load(_ id: String) async throws -> (account: Account, revision: Int64?) {
        let snapshot = try await events.loadSnapshot(stream(id)) { snapshot in
            try JSONDecoder().decode(Account.self, from: Data(snapshot.data))
        }
        var account = snapshot?.value ?? Account()
        var revision = snapshot?.revision
        while true {
            let slice = try await events.read(stream(id), from: revision.map { $0 + 1 }, limit: 100)
            for recorded in slice.events {
                account.apply(try JSONDecoder().decode(Account.Event.self, from: Data(recorded.data)), of: recorded.id)
                revision = recorded.revision
            }
            if slice.events.count < 100 { return (account, revision) }
        }
    }

    /// Decides on the newest state and appends on the condition that it still is; decides again when it is not.
    ///
    /// - Parameter command: The caller's token, and the event's id: a command that is sent twice is carried out once,
    ///   also when the first answer was lost on its way.
    @discardableResult
    func change(_ id: String, command: String, _ decide: @Sendable (Account) throws -> Account.Event) async throws
        -> Account
    {
        while true {
            var (account, revision) = try await load(id)
            if account.commands.contains(command) { return account }
            let event = try decide(account)
            let new = NewEvent(id: command, type: event.type, data: Array(try JSONEncoder().encode(event)))
            do {
                let result = try await events.append(
                    [new], to: stream(id), expected: revision.map(ExpectedRevision.exact) ?? .noStream)
                account.apply(event, of: command)
                if result.lastRevision % Self.snapshotInterval == Self.snapshotInterval - 1 {
                    try await events.saveSnapshot(
                        Snapshot(
                            stream: stream(id), revision: result.lastRevision,
                            data: Array(try JSONEncoder().encode(account))))
                }
                return account
            } catch let error as StoreError where error.code == .conflict {
                continue
            }
        }
    }
}
