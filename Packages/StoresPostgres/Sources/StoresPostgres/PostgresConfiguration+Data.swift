import StoresCore

extension PostgresConfiguration {
    /// The settings of the vector, memory and search tiers.
    static let dataSettings: [SettingDescription] = []
}
