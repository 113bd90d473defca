#if SQLite
import StoresCore
import StoresSQLite

/// Stores in a SQLite file.
enum SQLiteStores {
    static func withOpen<T>(_ path: String, _ tier: Tier, _ body: (Stores) async throws -> T) async throws -> T {
        var registry = AdapterRegistry()
        registry.register(StoresSQLite.self)
        let environment = VectorStores.complete([tier.variable: "sqlite", "SQLITE_PATH": path])
        return try await Stores.withOpen(registry: registry, environment: environment, body)
    }
}

/// New file names, and the removal of what SQLite keeps beside a file.
final class SQLiteFiles {
    private let folder: String
    private var count = 0

    init(folder: String) { self.folder = folder }

    func next() -> String {
        count += 1
        return "\(folder)/ours-\(count).sqlite"
    }
}
#endif
