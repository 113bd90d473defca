#if Mongo
import Foundation
import StoresCore
import StoresMongo

/// The server that MONGODB_URL names, or its peer, and collections of one's own on it.
struct MongoServer {
    let url: String
    /// Python with pymongo.
    let python: String
    let prefix = "bench_\(UInt32.random(in: .min ... .max))_"

    /// - Returns: Nil where no server is named; says so on standard error.
    static func find() -> MongoServer? {
        guard let url = Settings.environment["MONGODB_URL"],
            let python = Settings.environment["STORES_BENCH_MONGODB_PYTHON"]
        else {
            FileHandle.standardError.write(
                Data("left out: MONGODB_URL names no server (scripts/services start mongodb-peer, then env)\n".utf8))
            return nil
        }
        return MongoServer(url: url, python: python)
    }

    /// The database of the URL, as the adapter understands it.
    var database: String {
        let path = URLComponents(string: url)?.path.dropFirst() ?? ""
        return path.isEmpty ? "stores" : String(path)
    }

    func withStores<T>(_ tiers: [Tier], _ body: (Stores) async throws -> T) async throws -> T {
        var registry = AdapterRegistry()
        registry.register(StoresMongo.self)
        var environment = ["MONGODB_URL": url, "MONGODB_COLLECTION_PREFIX": prefix, "STORE_TIMEOUT": "60s"]
        for tier in tiers { environment[tier.variable] = "mongodb" }
        defer { dropCollections() }
        return try await Stores.withOpen(registry: registry, environment: environment, body)
    }

    private func dropCollections() {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        let script = """
            import pymongo, sys
            database = pymongo.MongoClient(sys.argv[1]).get_default_database(default="stores")
            for name in database.list_collection_names():
                if name.startswith(sys.argv[2]): database.drop_collection(name)
            """
        process.arguments = ["-c", script, url, prefix]
        guard (try? process.runUnmasked()) != nil else { return }
        process.waitUntilExit()
    }
}
#endif
