import StoresCore

/// The opened adapter: what its tiers share, and a driver for each tier.
struct JournalBackend: StoreBackend {
    let journal: Journal

    var endpoint: String { journal.path }
    var native: any Sendable { journal.path }

    func start(context: CallContext) async throws(StoreError) {
        do {
            try await journal.open(context)
        } catch {
            throw error.filling(endpoint: endpoint, phase: .open)
        }
    }

    func ping(context: CallContext) async throws(StoreError) -> BackendStatus {
        let count = try await journal.perform(context) { state, _ in state.entries.count }
        return BackendStatus(version: "1", details: ["entries": "\(count)"])
    }

    func shutdown() async {
        journal.close()
    }

    func capabilities(of tier: Tier) -> TierCapabilities? {
        tier == .session ? StoresJournal.capabilities : nil
    }

    var session: (any SessionDriver)? { JournalSessionDriver(journal: journal) }
}
