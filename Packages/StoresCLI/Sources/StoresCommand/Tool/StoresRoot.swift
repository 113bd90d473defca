import ArgumentParser

/// `stores`.
struct StoresRoot: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stores",
        abstract: "Backend stores from the command line: any backend, one set of verbs, JSON Lines in and out.",
        discussion: """
            STORE_VECTOR, STORE_MEMORY, STORE_SESSION, STORE_ARTIFACT, STORE_EVENT and STORE_SEARCH name a backend for \
            each tier; a .env file in the working directory is read, variables of the process win. A tier that is \
            not named is kept under ./.local-data: sqlite, and for artifacts the file adapter. With \
            STORE_ENV=production nothing is filled in.

            Results go to stdout as JSON Lines, messages to stderr. In JSON an instant is \
            {"$instant":"2026-01-01T00:00:00.000Z"}, 1 is an integer and 1.0 a double. Bytes are "text" when they are \
            valid UTF-8, else base64 in a field whose name ends in "Base64".

            \(ExitStatus.help)
            """,
        subcommands: [
            DemoCommand.self, DoctorCommand.self, UpCommand.self, DownCommand.self, AdaptersCommand.self,
            ConformanceCommand.self, VectorCommand.self,
            MemoryCommand.self, SessionCommand.self, ArtifactCommand.self, EventCommand.self, SearchCommand.self,
        ])
}
