public import StoresCore

/// | variable | type | default | |
/// |---|---|---|---|
/// | `ARTIFACT_DIR` | path | `./.local-data/artifacts` | the directory of the store; made at start |
/// | `ARTIFACT_FSYNC` | bool | `true` | whether a write waits for the disk |
extension FileConfiguration {
    public static let settings: [SettingDescription] = [
        SettingDescription(
            "ARTIFACT_DIR", .path, default: "./.local-data/artifacts", example: "/var/lib/stores/artifacts",
            summary: "The directory of the artifacts; made at start when it is missing."),
        SettingDescription(
            "ARTIFACT_FSYNC", .bool, default: "true",
            summary: "Whether a put or delete returns only when the disk has it."),
    ]

    /// - Throws: `invalidArgument` for a path with a NUL.
    public init(settings: Settings) throws(StoreError) {
        self.init()
        if let directory = settings.string("ARTIFACT_DIR") { self.directory = directory }
        if let fsync = settings.bool("ARTIFACT_FSYNC") { self.fsync = fsync }
        guard !directory.utf8.contains(0) else {
            throw StoreError(.invalidArgument, "ARTIFACT_DIR holds a NUL", phase: .configuration)
        }
    }
}
