import ArgumentParser
import StoresCore

struct SessionAppend: TierVerb {
    static let tier = Tier.session
    static let configuration = CommandConfiguration(
        commandName: "append", abstract: "Appends to a list and keeps its last entries.",
        discussion: """
            The element is --text, --json, --base64 or stdin; with --lines, each line of stdin is one: {"text"} or \
            {"elementBase64"}. Out: {"key","count":n}, how many the list holds.

            stores session append chat/42 --text "hello" --keep-last 20 --ttl 1h
            """)

    @Argument(help: "The key.")
    var key: String

    @Option(help: "How many the list keeps.")
    var keepLast: Int

    @OptionGroup var value: ValueOptions
    @OptionGroup var expiry: ExpiryOptions
    @OptionGroup var call: CallOptions

    @Flag(help: "Read elements from stdin, a JSON object a line.")
    var lines = false

    func validate() throws {
        try expiry.required()
        if lines, value.isGiven { throw ValidationError("with --lines, the elements are on stdin") }
    }

    func run(_ stores: Stores, _ console: Console) async throws {
        guard lines else {
            return try await append([value.bytes(console.input).bytes], stores, console)
        }
        var reader = JSONLines(console.input)
        while let batch = try await reader.batch() {
            let elements = try batch.map { line in
                var fields = try JSONFields(line)
                guard let bytes = try fields.bytes("element") else {
                    throw fields.error("text or elementBase64 is missing")
                }
                try fields.finish()
                return bytes
            }
            try await append(elements, stores, console)
        }
    }

    private func append(_ elements: [[UInt8]], _ stores: Stores, _ console: Console) async throws {
        let count = try await stores.session.append(
            elements, to: key, keepLast: keepLast, expiry: expiry.required())
        try await console.emit(["key": .string(key), "count": .int(Int64(count))])
        try await console.output.flush()
    }
}
