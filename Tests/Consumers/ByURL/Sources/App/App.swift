import Foundation
import StoresCore
import StoresFile

/// Writes and reads artifacts as files, and a session in memory.
@main
enum App {
    static func main() async throws {
        var registry = AdapterRegistry()
        registry.register(StoresFile.self)
        let environment = ProcessInfo.processInfo.environment.filter {
            $0.key.hasPrefix("STORE_") || $0.key == "ARTIFACT_DIR"
        }
        try await Stores.withOpen(registry: registry, environment: environment) { stores in
            let text = "written by a consumer"
            let info = try await stores.artifact.put(
                "reports/1.txt", bytes: Array(text.utf8), contentType: "text/plain")
            print("put", info.key, info.size, "with", stores.artifact.adapter)
            if let artifact = try await stores.artifact.get("reports/1.txt") {
                var bytes: [UInt8] = []
                for try await chunk in artifact.body { bytes += chunk }
                print("got", String(decoding: bytes, as: UTF8.self))
            }
            do throws(StoreError) {
                try await stores.artifact.put("reports/1.txt", bytes: [], condition: .ifAbsent)
            } catch {
                print("refused", error.code.rawValue)
            }
            try await stores.session.set("user/1", SessionValue("ada"), expiry: .after(.seconds(60)))
            let session = try await stores.session.get("user/1")
            print("session", session?.value.text ?? "none", "with", stores.session.adapter)
        }
        // What was written outlives the stores that wrote it.
        try await Stores.withOpen(registry: registry, environment: environment) { stores in
            let keys = try await stores.artifact.list(prefix: "reports/").objects.map(\.key)
            print("kept", keys.joined(separator: " "))
        }
        // A store that is not linked is named with the package to add.
        do {
            _ = try await Stores.open(registry: registry, environment: ["STORE_VECTOR": "sqlite"])
        } catch {
            print("missing", error.message.contains("sqlite"), error.remedy?.contains("StoresSQLite") ?? false)
        }
    }
}
