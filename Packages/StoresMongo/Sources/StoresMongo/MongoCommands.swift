public import StoresCore

/// The escape hatch (X8): commands of the caller's own, as BSON.
///
/// ```swift
/// try await stores.session.withNative(MongoCommands.self) { try await $0.run(command) }
/// ```
public struct MongoCommands: Sendable {
    let clients: MongoClients

    /// Runs a command, and returns the server's reply. It is sent as it is: a concern that it is to have is in it.
    ///
    /// - Parameters:
    ///   - command: BSON, whose first field names the command.
    ///   - database: The stores' own unless another is named, such as `admin`.
    ///   - deadline: Sent to the server as `maxTimeMS`, too.
    /// - Throws: `corrupt` for what is no BSON; what the server refuses.
    public func run(_ command: [UInt8], database: String? = nil, deadline: Deadline = .after(.seconds(10)))
        async throws(StoreError) -> [UInt8]
    {
        let document = try command.withUnsafeBufferPointer { (bytes) throws(StoreError) in
            try BSONDocument(decoding: UnsafeRawBufferPointer(bytes))
        }
        return try await clients.call(CallContext(deadline: deadline), writes: true) {
            (connection) throws(StoreError) in
            var connection = connection
            if let database { connection.database = database }
            return try connection.runPlain(document).encoded
        }
    }
}
