import ArgumentParser

struct VectorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vector", abstract: "Collections of vectors with metadata.",
        discussion: """
            A record is {"id":"a","vector":[0.1,0.2],"metadata":{"section":"libs"},"document":"text"}; metadata and \
            document may be left out. Vectors read back bit for bit where the backend keeps them so.
            """,
        subcommands: [
            VectorEnsure.self, VectorUpsert.self, VectorQuery.self, VectorGet.self, VectorDelete.self,
            VectorCount.self, VectorScrollVerb.self, VectorCollections.self, VectorDrop.self,
        ])
}
