import ArgumentParser

struct SessionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session", abstract: "Values by key with expiry, counters, bounded lists and leases.",
        discussion: """
            Keys are paths with / between segments. Nothing about the time to live is implicit: writes say \
            --ttl 30s, --never, or --keep.
            An entry reads as {"key","text"|"valueBase64","contentType","etag","expiresAt"?}.
            """,
        subcommands: [
            SessionGet.self, SessionSet.self, SessionTouchVerb.self, SessionDelete.self, SessionDeletePrefix.self,
            SessionScan.self, SessionIncrement.self, SessionAppend.self, SessionElements.self,
            SessionTransaction.self, SessionLease.self,
        ])
}
