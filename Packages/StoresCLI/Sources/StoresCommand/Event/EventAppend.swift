import ArgumentParser
import StoresCore

struct EventAppend: TierVerb {
    static let tier = Tier.event
    static let configuration = CommandConfiguration(
        commandName: "append", abstract: "Appends the events on stdin, all of them or none.",
        discussion: """
            In: {"id"?,"type","data":any JSON|"text"|"dataBase64","contentType"?,"metadata":{…}?}
            Out: {"firstRevision","lastRevision","position","deduplicated","count"}. Without an id an event gets a new \
            one, and then a repeated append is not recognised.
            More than --batch events are several appends, each all or nothing; after the first one, a demand means \
            that nobody else has appended in between. The events of one append are at most 64 MiB of lines.

            stores event append order-7 --expect 3 < events.jsonl
            """)

    @Argument(help: "The stream.")
    var stream: String

    @Option(help: ArgumentHelp("any, no-stream, exists, or the stream's last revision.", valueName: "revision"))
    var expect: ExpectedArgument

    @Option(help: "Events of one append, at least 1.")
    var batch = 500

    @OptionGroup var call: CallOptions

    func validate() throws {
        guard batch >= 1 else { throw ValidationError("--batch is at least 1") }
    }

    func run(_ stores: Stores, _ console: Console) async throws {
        let ids = UUIDGenerator()
        var expected = expect.expected
        var lines = JSONLines(console.input)
        while let batch = try await lines.batch(upTo: batch, whole: true) {
            let events = try batch.map { try NewEvent($0, ids: ids) }
            let result = try await stores.event.append(events, to: stream, expected: expected)
            if expected != .any { expected = .exact(result.lastRevision) }
            try await console.emit([
                "firstRevision": .int(result.firstRevision), "lastRevision": .int(result.lastRevision),
                "position": .string(result.position.rawValue), "deduplicated": .bool(result.isDeduplicated),
                "count": .int(Int64(events.count)),
            ])
            try await console.output.flush()
        }
    }
}
