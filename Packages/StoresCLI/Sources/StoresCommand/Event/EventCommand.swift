import ArgumentParser

struct EventCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "event", abstract: "Streams of events, and beside them runs and snapshots.",
        discussion: """
            An event reads as {"stream","revision","position","id","type","text"|"dataBase64","contentType",\
            "metadata":{…},"recordedAt"}.
            """,
        subcommands: [
            EventAppend.self, EventRead.self, EventReadAll.self, EventHead.self, EventTail.self,
            EventDeleteStream.self, EventRun.self, EventSnapshot.self,
        ])
}
