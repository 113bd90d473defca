import StoresChroma
import StoresCore
import StoresFile
import StoresPostgres
import StoresRedis
import StoresSQLite

/// The adapters that this executable links.
enum LinkedAdapters {
    static func registry() -> AdapterRegistry {
        var registry = AdapterRegistry()
        registry.register(StoresFile.self)
        registry.register(StoresPostgres.self)
        registry.register(StoresRedis.self)
        registry.register(StoresSQLite.self)
        registry.register(StoresChroma.self)
        return registry
    }
}
