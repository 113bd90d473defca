import StoresCore
import StoresFile

/// The adapters that this executable links.
enum LinkedAdapters {
    static func registry() -> AdapterRegistry {
        var registry = AdapterRegistry()
        registry.register(StoresFile.self)
        return registry
    }
}
