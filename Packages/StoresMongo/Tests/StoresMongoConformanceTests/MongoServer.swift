import Foundation
import StoresConformance
import StoresMongo

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

    private static func server(_ more: [String: String]) -> ServerUnderTest {
        ServerUnderTest(
            StoresMongo.self, named: "mongodb", service: "mongodb-peer", environment: environment.merging(more) { $1 })
    }
}
