import ArgumentParser

struct ArtifactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "artifact", abstract: "Objects by key, streamed both ways.",
        discussion: #"""
            An object reads as {"key","size","etag","contentType","metadata":{…},"modified","sha256"?}.
            """#,
        subcommands: [
            ArtifactPutVerb.self, ArtifactGet.self, ArtifactHead.self, ArtifactListVerb.self, ArtifactDelete.self,
            ArtifactPresign.self,
        ])
}
