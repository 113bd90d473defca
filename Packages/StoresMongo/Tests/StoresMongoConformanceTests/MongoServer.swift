import Foundation
import StoresConformance
import StoresCore
import StoresMongo
import Testing

/// The server that `MONGODB_URL` names.
enum MongoServer {
    static let environment = ProcessInfo.processInfo.environment

    static let isNamed = server([:]).isNamed
    static let skipped = server([:]).skipped

    /// With collections of its own: whole databases are dearer to make.
    static func fresh(_ more: [String: String] = [:]) -> ServerUnderTest {
        server(
            ["MONGODB_COLLECTION_PREFIX": "\(ServerUnderTest.freshName())_", "MONGODB_CONNECTIONS": "4"]
                .merging(more) { $1 })
    }

    /// That of `MONGODB_REPLICA_URL`, which has change streams, with collections of its own.
    static func replicaSet(_ more: [String: String] = [:]) -> ServerUnderTest {
        fresh(["MONGODB_URL": environment["MONGODB_REPLICA_URL"] ?? ""].merging(more) { $1 })
    }

    /// Calls scripts/services.
    static func services(_ verb: String, _ name: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: environment["BACKEND_SERVICES"] ?? "")
        process.arguments = [verb, name]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    /// The bytes of memory that this process has.
    static func resident() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return (Int(text.split(separator: " ")[1]) ?? 0) * 4096
    }

    /// Returns once something is so, as long as it takes within half a minute.
    static func until(_ what: Comment, _ isSo: () async throws -> Bool) async throws {
        let end = ContinuousClock.now.advanced(by: .seconds(30))
        while try await !isSo() {
            try #require(ContinuousClock.now < end, what)
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private static func server(_ more: [String: String]) -> ServerUnderTest {
        ServerUnderTest(
            StoresMongo.self, named: "mongodb", service: "mongodb-peer", environment: environment.merging(more) { $1 })
    }
}
