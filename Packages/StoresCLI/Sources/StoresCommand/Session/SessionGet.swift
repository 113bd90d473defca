import ArgumentParser
import StoresCore

struct SessionGet: TierVerb {
    static let tier = Tier.session
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "The values of these keys that exist.",
        discussion: """
            Out: an entry a line, or with --raw the bytes of the one value. One key that is not there is notFound.

            stores session get user/42 --raw
            """)

    @Argument(help: "Keys; \"-\" reads them from stdin, a JSON string a line.")
    var keys: [String]

    @Flag(help: "The value's bytes and nothing else.")
    var raw = false

    @OptionGroup var call: CallOptions

    func validate() throws {
        if raw, keys.count != 1 || keys == ["-"] { throw ValidationError("--raw is for one key") }
    }

    func run(_ stores: Stores, _ console: Console) async throws {
        if keys.count == 1, let key = keys.first, key != "-" {
            guard let entry = try await stores.session.get(key) else {
                throw StoreError(
                    .notFound, "there is no such key", tier: .session, adapter: stores.session.adapter,
                    operation: "get", resource: key)
            }
            if raw { return try await console.output.write(entry.value.bytes) }
            return try await console.emit(entry.jsonValue(key))
        }
        try await IDBatches.forEach(keys, console.input) { keys in
            let entries = try await stores.session.get(keys)
            for (key, entry) in zip(keys, entries) {
                if let entry { try await console.emit(entry.jsonValue(key)) }
            }
            try await console.output.flush()
        }
    }
}
