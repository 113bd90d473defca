import ArgumentParser
import StoresCore

struct SessionSet: TierVerb {
    static let tier = Tier.session
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Writes a value, or with --lines the values on stdin.",
        discussion: """
            The value is --text, --json, --base64, or stdin. Out: {"key","etag","expiresAt"?}.
            With --lines, in: {"key","text"|"valueBase64"|"value":any JSON,"expiry":"keep"|"never"|"30s","contentType"?,\
            "ifAbsent"?,"ifMatch"?,"guard":{"key","generation"}?}, each standing or failing alone; out: {"id","error"} \
            for each that failed, at the end {"succeeded","failed"}. What a line does not say, --ttl, --keep or --never, \
            --content-type and --guard-lease do.

            stores session set user/42 --json '{"name":"Ada"}' --ttl 30m --if-absent
            """)

    @Argument(help: "The key.")
    var key: String?

    @OptionGroup var value: ValueOptions
    @OptionGroup var expiry: ExpiryOptions
    @OptionGroup var condition: ConditionOptions
    @OptionGroup var fence: GuardOptions
    @OptionGroup var bulk: BulkOptions
    @OptionGroup var call: CallOptions

    @Option(help: "By default text/plain, application/json or application/octet-stream, by how the value is given.")
    var contentType: String?

    @Flag(help: "Read writes from stdin, a JSON object a line.")
    var lines = false

    func validate() throws {
        guard lines != (key != nil) else { throw ValidationError("give a key, or --lines") }
        guard lines else {
            try expiry.required()
            return
        }
        guard !value.isGiven else { throw ValidationError("with --lines, each line has its own value") }
        guard condition.session == .none else {
            throw ValidationError("with --lines, each line has its own condition: ifAbsent, ifMatch")
        }
    }

    func run(_ stores: Stores, _ console: Console) async throws {
        if let key, let expiry = expiry.expiry {
            let given = try await value.bytes(console.input)
            let receipt = try await stores.session.set(
                key, SessionValue(bytes: given.bytes, contentType: contentType ?? given.contentType), expiry: expiry,
                condition: condition.session, leaseGuard: fence.leaseGuard)
            return try await console.emit(receipt.jsonValue(key))
        }
        let defaults = SessionWrite.Defaults(
            expiry: expiry.expiry, contentType: contentType, leaseGuard: fence.leaseGuard)
        var output = BulkOutput(console, bulk)
        var lines = JSONLines(console.input)
        while let batch = try await lines.batch() {
            let writes = try batch.map { line in
                var fields = try JSONFields(line)
                let write = try SessionWrite(&fields, defaults)
                try fields.finish()
                return write
            }
            try await output.add(try await stores.session.set(writes))
        }
        try await output.finish()
    }
}
