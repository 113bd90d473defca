import Foundation
import StoresCore
import StoresSQLite

/// Vectors, sessions and events in one SQLite file.
@main
enum App {
    static func main() async throws {
        var registry = AdapterRegistry()
        registry.register(StoresSQLite.self)
        let environment = ProcessInfo.processInfo.environment.filter {
            $0.key.hasPrefix("STORE_") || $0.key == "SQLITE_PATH"
        }
        try await Stores.withOpen(registry: registry, environment: environment) { stores in
            let points = try await stores.vector.collection("points", dimensions: 2, metric: .euclidean)
            try await points.upsert([
                VectorRecord(id: "near", vector: [1, 1], metadata: ["kind": "a"]),
                VectorRecord(id: "far", vector: [9, 9], metadata: ["kind": "a"]),
                VectorRecord(id: "other", vector: [1, 1], metadata: ["kind": "b"]),
            ])
            let hits = try await points.query([0, 0], where: .field("kind") == "a", limit: 2)
            print("nearest", hits.map(\.id).joined(separator: " "), "with", stores.vector.adapter)
            try await stores.session.set("user/1", SessionValue("ada"), expiry: .never)
            try await stores.event.append([NewEvent(id: "1", type: "opened")], to: "order-7", expected: .noStream)
        }
        try await Stores.withOpen(registry: registry, environment: environment) { stores in
            print("session", try await stores.session.get("user/1")?.value.text ?? "none")
            print("events", try await stores.event.read("order-7").events.map(\.type).joined(separator: " "))
            do throws(StoreError) {
                try await stores.event.append([NewEvent(id: "2", type: "opened")], to: "order-7", expected: .noStream)
            } catch {
                print("refused", error.code.rawValue)
            }
        }
    }
}
