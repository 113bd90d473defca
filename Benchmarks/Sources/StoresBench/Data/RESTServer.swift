#if HTTP
import Foundation
import StoresCore

/// A server of vectors over REST that a variable names, and python with the vendor's client for it.
struct RESTServer {
    var adapter: any StoreAdapter.Type
    /// The adapter's name, as `STORE_VECTOR` takes it.
    var name: String
    var url: String
    var python: String

    /// - Returns: Nil where no server is named; says so on standard error.
    static func find(_ adapter: any StoreAdapter.Type, _ name: String, service: String) -> RESTServer? {
        let variable = "\(name.uppercased())_URL"
        let python = "STORES_BENCH_\(name.uppercased())_PYTHON"
        guard let url = Settings.environment[variable], let python = Settings.environment[python] else {
            FileHandle.standardError.write(
                Data("left out: \(variable) names no server (scripts/services start \(service), then env)\n".utf8))
            return nil
        }
        return RESTServer(adapter: adapter, name: name, url: url, python: python)
    }

    func withStores<T>(_ body: (Stores) async throws -> T) async throws -> T {
        var registry = AdapterRegistry()
        registry.register(adapter)
        let environment = [
            "STORE_VECTOR": name, "\(name.uppercased())_URL": url, "STORE_TIMEOUT": "300s",
        ]
        return try await Stores.withOpen(registry: registry, environment: environment, body)
    }

    var port: UInt16 { URL(string: url)?.port.flatMap { UInt16(exactly: $0) } ?? 80 }
}

extension DataSet {
    /// Writes `records.jsonl` and `vectors.f32`, as a data folder has them.
    func write(to folder: String) throws {
        var lines: [UInt8] = []
        for row in 0..<count {
            var writer = JSONWriter()
            writer.append(["id": .string(ids[row]), "text": .string(texts[row]), "metadata": .object(metadata[row])])
            lines += writer.bytes + [0x0A]
        }
        try Data(lines).write(to: URL(fileURLWithPath: folder + "/records.jsonl"))
        try vectors.withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: folder + "/vectors.f32")) }
    }

    /// Record by record, as an application would make them of its rows.
    func records(hasMetadata: Bool = true) -> [VectorRecord] {
        (0..<count).map { VectorRecord(id: ids[$0], vector: vector($0), metadata: hasMetadata ? metadata[$0] : [:]) }
    }
}
#endif
