import StoresCore
import StoresFile
import StoresSQLite

/// The adapters that this executable links.
enum LinkedAdapters {
    static func registry() -> AdapterRegistry {
        var registry = AdapterRegistry()
        registry.register(StoresFile.self)
        registry.register(StoresSQLite.self)
        return registry
    }
}
