import Foundation
import StoresCore
import Testing

@testable import StoresFile

/// Through what an application holds: opened by name, by the environment.
@Suite struct TierTests {
    private static func open(_ directory: String) async throws -> Stores {
        var registry = AdapterRegistry()
        registry.register(StoresFile.self)
        return try await Stores.open(
            registry: registry, environment: ["STORE_ARTIFACT": "file", "ARTIFACT_DIR": directory])
    }

    @Test func openedByTheEnvironment() async throws {
        let directory = Store.newDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let stores = try await Self.open(directory)
        let info = try await stores.artifact.put("docs/a", bytes: Array("hello".utf8), metadata: ["a": "b"])
        let artifact = try #require(try await stores.artifact.get("docs/a"))
        #expect(artifact.info == info)
        #expect(try await artifact.body.collect(upTo: 100) == Array("hello".utf8))
        #expect(try await stores.artifact.list(delimiter: "/").commonPrefixes == ["docs/"])
        try await stores.artifact.put("docs/copy", body: FileChunks(path: "\(directory)/objects/docs+/a"))
        #expect(try await stores.artifact.withNative(String.self) { $0 } == directory)
        await stores.shutdown()
        let again = try await Self.open(directory)
        #expect(try await again.artifact.head("docs/a") == info)
        await again.shutdown()
    }

    @Test func aFlippedBitOfTheBodyIsCorruptAtTheEndOfTheRead() async throws {
        let directory = Store.newDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let stores = try await Self.open(directory)
        try await stores.artifact.put("k", bytes: [UInt8](repeating: 1, count: 10_000))
        let url = URL(fileURLWithPath: "\(directory)/objects/k")
        var file = try Data(contentsOf: url)
        file[5000] ^= 4
        try file.write(to: url)
        let artifact = try #require(try await stores.artifact.get("k"))
        let error = await #expect(throws: StoreError.self) { try await artifact.body.collect(upTo: 20_000) }
        #expect(error?.code == .corrupt)
        await stores.shutdown()
    }

    @Test(arguments: ["../x", "a/../b", "..", "../\u{301}x", "./\u{301}", "a\0"])
    func keysThatLeaveTheRootAreRefused(_ key: String) async throws {
        let directory = Store.newDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let stores = try await Self.open(directory)
        let error = await #expect(throws: StoreError.self) { try await stores.artifact.put(key, bytes: [1]) }
        #expect(error?.code == .invalidArgument)
        // Refused by the tier type, before the driver.
        #expect(error?.operation == "put")
        await stores.shutdown()
    }
}
