public import StoresCore

/// The backend's own handle (X8): any command, over the store's connections.
///
/// ```swift
/// let length = try await stores.session.withNative(RedisCommands.self) { try await $0.send("STRLEN", "app:x") }
/// ```
///
/// The connections are shared: nothing that blocks, subscribes, selects a database or opens a transaction belongs here.
public struct RedisCommands: Sendable {
    let client: RedisClient

    /// A reply.
    public enum Reply: Sendable, Hashable {
        case null
        case integer(Int64)
        case bytes([UInt8])
        case double(Double)
        case boolean(Bool)
        case array([Reply])
    }

    /// Sends one command and waits for its reply.
    ///
    /// - Parameters:
    ///   - arguments: The command's name first.
    ///   - deadline: 30 s from now by default.
    /// - Throws: What the server refuses, translated as for the tiers.
    public func send(_ arguments: String..., deadline: Deadline = .after(.seconds(30))) async throws(StoreError)
        -> Reply
    {
        try await send(arguments.map { Array($0.utf8) }, deadline: deadline)
    }

    /// The same with bytes.
    public func send(_ arguments: [[UInt8]], deadline: Deadline = .after(.seconds(30))) async throws(StoreError)
        -> Reply
    {
        guard !arguments.isEmpty else { throw .invalidArgument("a command has a name") }
        // In a cluster it goes where the first key is; a command without one, to the node of the event tier.
        let place = arguments.count > 1 ? RedisPlace.key(arguments[1]) : .events
        let value = try await client.call(place, context: CallContext(deadline: deadline)) { writer in
            writer.command(arguments.count)
            for argument in arguments { writer.text(argument) }
        }
        return Reply(try value.checked())
    }
}

extension RedisCommands.Reply {
    init(_ value: RedisValue) {
        switch value {
        case .null: self = .null
        case .integer(let number): self = .integer(number)
        case .bytes(let bytes): self = .bytes(bytes)
        case .status(let text): self = .bytes(Array(text.utf8))
        // One of several replies in an array.
        case .error(let error): self = .bytes(Array(error.text.utf8))
        case .array(let values): self = .array(values.map(Self.init))
        case .double(let number): self = .double(number)
        case .boolean(let flag): self = .boolean(flag)
        }
    }
}
