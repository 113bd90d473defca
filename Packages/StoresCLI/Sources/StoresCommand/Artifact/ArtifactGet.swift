import ArgumentParser
import StoresCore

struct ArtifactGet: CallVerb {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Streams an object to stdout or into a file.",
        discussion: """
            A whole object is verified by its SHA-256. With --output, out: the object, or {"notModified":true}; the \
            file appears when it is complete.

            stores artifact get reports/2026.pdf --output report.pdf
            stores artifact get backups/docs.tar --range 0-1023 | xxd
            """)

    @Argument(help: "The key.")
    var key: String

    @Option(help: "A file to write.", completion: .file())
    var output: String?

    @Option(parsing: .unconditional, help: "Bytes: 0-99 (both inclusive), 100- (from there), -50 (the last 50).")
    var range: ByteRangeArgument?

    @Option(help: "Nothing is sent when the object still has this etag.")
    var ifNoneMatch: String?

    @OptionGroup var call: CallOptions

    func run(in context: CommandContext) async throws {
        let path = output.map(context.resolve)
        try await context.withStores([.artifact], call) { stores in
            guard
                let artifact = try await stores.artifact.get(key, range: range?.range, ifNoneMatch: ifNoneMatch)
            else {
                if path != nil { return try await context.console.emit(["notModified": true]) }
                return context.console.note("stores: not modified")
            }
            guard let path else {
                for try await chunk in artifact.body { try await context.console.output.write(chunk) }
                return
            }
            let file = try PartialFile(path)
            for try await chunk in artifact.body { try await file.write(chunk) }
            try file.finish()
            try await context.console.emit(artifact.info.jsonValue)
        }
    }
}
