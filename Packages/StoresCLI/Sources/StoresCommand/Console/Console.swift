import StoresCore

/// Where a verb reads, writes and talks.
struct Console: Sendable {
    var input: Input
    /// Results, and nothing else.
    var output: Output
    /// Messages.
    var errors: Output
    /// Colours are for terminals whose user did not set NO_COLOR.
    var style: TextStyle

    init(input: Input, output: Output, errors: Output, environment: [String: String]) {
        self.input = input
        self.output = output
        self.errors = errors
        let allowed = (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        style = TextStyle(isColored: allowed && output.isTerminal)
    }

    /// One result: a line of JSON.
    func emit(_ value: Value) async throws {
        var writer = JSONWriter()
        writer.append(value)
        var bytes = writer.bytes
        bytes.append(0x0A)
        try await output.write(bytes)
    }

    func emit(_ fields: [String: Value?]) async throws {
        try await emit(.object(fields.compactMapValues { $0 }))
    }

    /// A line for people, on stderr. Never fails the command.
    func note(_ line: String) {
        errors.writeNow(Array((line + "\n").utf8))
    }

    /// An error on stderr: one line for people, or one JSON object.
    func report(_ error: StoreError, asJSON: Bool) {
        note(asJSON ? error.jsonValue.json : "stores: \(error)")
    }
}
