import StoresCore

@testable import StoresMongo

/// Commands to the server under test, as `mongod` understands them with its test commands enabled.
extension Stores {
    /// The next command of this name, or of the other, fails, and as many as are named.
    ///
    /// - Returns: For ``hasFailed(_:)``.
    @discardableResult
    func fail(_ command: String, or other: String? = nil, times: Int32 = 1, _ how: BSONDocument) async throws -> Int64 {
        let names = [command, other].compactMap { $0 }.map(BSONValue.string)
        let data = (["failCommands": .array(names)] as BSONDocument).merging(how)
        let point: BSONDocument = [
            "configureFailPoint": "failCommand", "mode": ["times": .int32(times)], "data": .document(data),
        ]
        return try await admin(point)["count"]?.integer ?? 0
    }

    /// What was made to fail and has not yet does not.
    func failNoMore() async throws {
        _ = try await admin(["configureFailPoint": "failCommand", "mode": "off"])
    }

    /// Returns once the command has come that was made to fail.
    func hasFailed(_ count: Int64) async throws {
        _ = try await admin(
            ["waitForFailPoint": "failCommand", "timesEntered": .int64(count + 1), "maxTimeMS": .int64(5000)])
    }

    /// The cursors that are open on the server; on the peer, its change streams.
    var openCursors: Int64 {
        get async throws {
            let status = try await admin(["serverStatus": 1])
            return status["metrics"]?.document?["cursor"]?.document?["open"]?.document?["total"]?.integer ?? -1
        }
    }

    func admin(_ command: BSONDocument) async throws -> BSONDocument {
        let reply = try await session.withNative(MongoCommands.self) {
            try await $0.run(command.encoded, database: "admin")
        }
        return try reply.withUnsafeBytes { try BSONDocument(decoding: $0) }
    }
}
