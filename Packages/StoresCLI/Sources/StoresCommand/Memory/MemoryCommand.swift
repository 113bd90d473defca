import ArgumentParser

struct MemoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "memory", abstract: "Long-term facts with scopes, versions, history and expiry.",
        discussion: """
            A scope is segments: --scope tenant/user/ada, or, when a segment holds a slash, a JSON array: \
            --scope '["tenant","a/b"]'.
            A fact reads as {"id","scope":[…],"content","attributes":{…},"version","createdAt","updatedAt",\
            "expiresAt"?,"source"?}.
            """,
        subcommands: [
            MemoryPut.self, MemoryGet.self, MemoryList.self, MemoryRecall.self, MemoryHistory.self, MemoryDelete.self,
            MemoryForget.self, MemorySweep.self,
        ])
}
