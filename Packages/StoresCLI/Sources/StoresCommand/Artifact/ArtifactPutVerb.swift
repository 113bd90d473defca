import ArgumentParser
import StoresCore
import StoresFile

struct ArtifactPutVerb: CallVerb {
    static let configuration = CommandConfiguration(
        commandName: "put", abstract: "Streams a file or stdin into an object.",
        discussion: """
            Out: the object.

            stores artifact put reports/2026.pdf --file report.pdf --content-type application/pdf --metadata owner=ada
            tar c docs | stores artifact put backups/docs.tar --if-absent
            """)

    @Argument(help: "The key.")
    var key: String

    @Option(help: "The file; without it, stdin.", completion: .file())
    var file: String?

    @Option(help: "A media type.")
    var contentType = "application/octet-stream"

    @Option(help: ArgumentHelp("Lower-case names.", valueName: "name=value"))
    var metadata: [KeyValueArgument] = []

    @OptionGroup var condition: ConditionOptions
    @OptionGroup var call: CallOptions

    func run(in context: CommandContext) async throws {
        let path = file.map(context.resolve)
        try await context.withStores([.artifact], call) { stores in
            let metadata = try metadata.dictionary("--metadata")
            let info =
                if let path {
                    try await stores.artifact.put(
                        key, body: FileChunks(path: path), contentType: contentType, metadata: metadata,
                        condition: condition.artifact)
                } else {
                    try await stores.artifact.put(
                        key, body: InputChunks(input: context.console.input), contentType: contentType,
                        metadata: metadata, condition: condition.artifact)
                }
            try await context.console.emit(info.jsonValue)
        }
    }
}
