import StoresCore

/// Sessions in a file of JSON lines: `STORE_SESSION=journal`, `registry.register(StoresJournal.self)`.
public enum StoresJournal: StoreAdapter {
    /// What is not listed here, the core refuses before it calls the driver.
    static let capabilities = TierCapabilities(
        [.session(.conditionalWrites), .session(.scan)], limits: [.valueBytes: 1 << 20])

    public static let descriptions = [
        AdapterDescription(
            name: "journal", package: "StoresJournal", summary: "Sessions in a file of JSON lines.",
            systemName: "journal", tiers: [.session: capabilities], settings: [path],
            endpointVariable: path.variable)
    ]

    static let path = SettingDescription(
        "JOURNAL_PATH", .path, default: "./.local-data/sessions.jsonl", summary: "The file of the sessions.")

    /// No I/O here: `start` opens the file.
    public static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        JournalBackend(
            journal: Journal(
                path: context.settings.string(path.variable) ?? "sessions.jsonl",
                createsFile: context.schemaMode == .create))
    }
}
