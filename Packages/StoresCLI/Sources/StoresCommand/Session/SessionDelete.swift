import ArgumentParser
import StoresCore

struct SessionDelete: TierVerb {
    static let tier = Tier.session
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Removes keys.",
        discussion: """
            Out: {"deleted":n}, how many were there.

            stores session delete user/42 --if-match 3f2a
            """)

    @Argument(help: "Keys; \"-\" reads them from stdin, a JSON string a line.")
    var keys: [String]

    @OptionGroup var condition: ConditionOptions
    @OptionGroup var call: CallOptions

    func validate() throws {
        if condition.ifMatch != nil || condition.ifAbsent, keys.count != 1 || keys == ["-"] {
            throw ValidationError("a condition is for one key")
        }
    }

    func run(_ stores: Stores, _ console: Console) async throws {
        var count = 0
        if keys.count == 1, keys != ["-"] {
            count = try await stores.session.delete(keys[0], condition: condition.session) ? 1 : 0
        } else {
            try await IDBatches.forEach(keys, console.input) { count += try await stores.session.delete($0) }
        }
        try await console.emit(["deleted": .int(Int64(count))])
    }
}
