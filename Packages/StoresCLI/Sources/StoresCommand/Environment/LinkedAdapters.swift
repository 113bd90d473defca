import StoresCore

/// The adapters that this executable links.
enum LinkedAdapters {
    static func registry() -> AdapterRegistry {
        AdapterRegistry()
    }
}
