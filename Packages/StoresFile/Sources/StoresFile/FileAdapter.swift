public import StoresCore

/// Artifacts in a directory: `STORE_ARTIFACT=file`, `registry.register(StoresFile.self)`.
///
/// Several processes of one machine may share the directory. On a network file system that holds if its `flock` does
/// (NFS version 4 and Linux's version 3 do).
public enum StoresFile: StoreAdapter {
    static let capabilities = TierCapabilities.all(
        of: .artifact, except: [.artifact(.presign)],
        limits: [.keyBytes: FileLayout.maxKeyBytes, .metadataBytes: FileCodec.maxMetadataBytes])

    public static let descriptions = [
        AdapterDescription(
            name: "file", package: "StoresFile", summary: "Artifacts as files in a directory, without a server.",
            systemName: "file", tiers: [.artifact: capabilities], settings: FileConfiguration.settings,
            endpointVariable: "ARTIFACT_DIR")
    ]

    public static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        try backend(FileConfiguration(settings: context.settings), context)
    }

    /// Opens it with a configuration made in code.
    public static func backend(_ configuration: FileConfiguration, _ context: AdapterContext) -> any StoreBackend {
        FileBackend(configuration, schemaMode: context.schemaMode)
    }
}
