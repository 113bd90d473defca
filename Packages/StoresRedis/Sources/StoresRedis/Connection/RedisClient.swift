@_spi(Sockets) import StoresCore
import Synchronization

/// Where a command belongs, by the key that it is about.
enum RedisPlace: Sendable {
    /// A key of the session tier.
    case session(String)
    /// All of the event tier.
    case events
    /// A key as the server has it.
    case key([UInt8])

    /// Scripts of the event tier reach keys that they do not declare. A node that its slot is only on its way to has
    /// not all of them yet, and does not know what it lacks: a reader would skip events. So they wait for its arrival.
    var mustBeWhole: Bool {
        if case .events = self { true } else { false }
    }
}

/// Commands to whichever server has the keys: the one there is, the primary that sentinels name, or a node of a
/// cluster.
final class RedisClient: Sendable {
    private struct State {
        var cluster: RedisClusterMap?
        /// By address; once made they stay, since a node that left may come back.
        var nodes: [RedisAddress: RedisNode] = [:]
        /// The map is out of date: somebody is to fetch a new one.
        var isStale = false
        var isClosed = false
    }

    private let configuration: RedisConfiguration
    private let keys: RedisKeys
    private let reactor: SocketReactor
    private let source: any RedisAddressSource
    let single: RedisNode
    private let eventSlot: Int
    private let clustered = Atomic<Bool>(false)
    private let state = Mutex(State())

    /// How often a command follows the cluster's redirections.
    private static let mostRedirections = 16

    init(_ configuration: RedisConfiguration, keys: RedisKeys, reactor: SocketReactor) {
        self.configuration = configuration
        self.keys = keys
        self.reactor = reactor
        switch configuration.mode {
        case .servers: source = RedisFixedAddress(configuration.addresses[0])
        case .sentinels(let primary): source = RedisSentinels(configuration, primary: primary)
        }
        single = RedisNode(configuration, source: source, reactor: reactor)
        eventSlot = RedisKeys.slot(keys.event("g"))
    }

    var isCluster: Bool { clustered.load(ordering: .relaxed) }

    /// Where a connection for waiting goes.
    var eventSource: any RedisAddressSource {
        guard isCluster, let address = state.withLock({ $0.cluster?.address(of: eventSlot) }) else { return source }
        return RedisFixedAddress(address)
    }

    // MARK: Commands

    /// One command.
    func call(_ place: RedisPlace, context: CallContext, _ encode: @Sendable (inout RedisWriter) -> Void)
        async throws(StoreError) -> RedisValue
    {
        if isCluster { return try await callCluster(place, context, encode) }
        return try Self.one(try await single.call(count: 1, deadline: context.deadline.instant, encode))
    }

    /// Many commands in one round trip; each has a reply of its own, which may be an error.
    func call(
        count: Int, context: CallContext, place: (Int) -> RedisPlace,
        _ encode: @Sendable (Int, inout RedisWriter) -> Void
    ) async throws(StoreError) -> [RedisValue] {
        guard count > 0 else { return [] }
        if isCluster { return try await callCluster(count, context, place, encode) }
        let outcome = try await single.call(count: count, deadline: context.deadline.instant) { writer in
            for index in 0..<count { encode(index, &writer) }
        }
        return try Self.several(outcome)
    }

    /// A script, by its digest; and by its text where the server does not have it.
    ///
    /// - Parameters:
    ///   - keys: How many keys `encode` writes first.
    ///   - arguments: How many arguments it writes after them.
    func run(
        _ script: RedisScript, _ place: RedisPlace, context: CallContext, keys: Int, arguments: Int,
        _ encode: @Sendable (inout RedisWriter) -> Void
    ) async throws(StoreError) -> RedisValue {
        let value = try await call(place, context: context) { writer in
            script.begin(&writer, byDigest: true, keys: keys, arguments: arguments)
            encode(&writer)
        }
        guard case .error(let error) = value, error.isCode("NOSCRIPT") else { return try value.checked() }
        return try await call(place, context: context) { writer in
            script.begin(&writer, byDigest: false, keys: keys, arguments: arguments)
            encode(&writer)
        }.checked()
    }

    /// One script many times, in one round trip; each reply may be an error.
    func run(
        _ script: RedisScript, count: Int, context: CallContext, keys: Int, arguments: Int,
        place: (Int) -> RedisPlace, _ encode: @Sendable (Int, inout RedisWriter) -> Void
    ) async throws(StoreError) -> [RedisValue] {
        var values = try await call(count: count, context: context, place: place) { index, writer in
            script.begin(&writer, byDigest: true, keys: keys, arguments: arguments)
            encode(index, &writer)
        }
        let missing = values.indices.filter { values[$0].error?.isCode("NOSCRIPT") ?? false }
        guard !missing.isEmpty else { return values }
        let again: [RedisValue]
        do throws(StoreError) {
            again = try await call(count: missing.count, context: context, place: { place(missing[$0]) }) {
                index, writer in
                script.begin(&writer, byDigest: false, keys: keys, arguments: arguments)
                encode(missing[index], &writer)
            }
        } catch {
            throw missing.count == count ? error : error.forSome
        }
        for (index, value) in zip(missing, again) { values[index] = value }
        return values
    }

    private static func one(_ outcome: RedisOutcome) throws(StoreError) -> RedisValue {
        guard case .one(let value) = outcome else { throw .redisUnexpected("one command") }
        return value
    }

    private static func several(_ outcome: RedisOutcome) throws(StoreError) -> [RedisValue] {
        switch outcome {
        case .one(let value): return [value]
        case .several(let values): return values
        case .failure, .again: throw .redisUnexpected("several commands")
        }
    }

    // MARK: Clusters

    /// Asks the servers in turn who they are; and a node of a cluster, which node has what.
    func start(_ context: CallContext) async throws(StoreError) -> RedisServer {
        let server = try await inquire(context)
        guard server.isSupported else {
            throw StoreError(
                .unsupported, "\(server.flavor.title) \(server.version) is too old",
                remedy: "Redis 6.2, KeyDB 6.3 or Valkey 7.2 is the least", applied: .no, phase: .version)
        }
        guard server.mode == "cluster" else {
            guard configuration.addresses.count == 1 || configuration.mode != .servers else {
                throw StoreError(
                    .invalidArgument,
                    "\(configuration.flavor.variable("URL")) names several servers, and they are no nodes of a cluster",
                    remedy: "name one, or sentinels: redis+sentinel://host:port,host:port/primary", applied: .no,
                    phase: .configuration)
            }
            return server
        }
        try await refresh(context)
        clustered.store(true, ordering: .relaxed)
        return server
    }

    private func inquire(_ context: CallContext) async throws(StoreError) -> RedisServer {
        var failure: StoreError = .redisUnexpected("INFO")
        let count = configuration.mode == .servers ? configuration.addresses.count : 1
        for index in 0..<count {
            let node = index == 0 ? single : try node(configuration.addresses[index])
            do throws(StoreError) {
                let patience = patient(context, attempts: count - index)
                let outcome = try await node.call(count: 1, deadline: patience) {
                    $0.command(1)
                    $0.word("INFO")
                }
                guard let text = try Self.one(outcome).checked().text else { throw .redisUnexpected("INFO") }
                return RedisServer(info: text)
            } catch {
                failure = error
                if error.code == .cancelled || context.deadline.hasPassed { throw error }
            }
        }
        throw failure
    }

    /// A server that is silent must not use up the time of the others.
    private func patient(_ context: CallContext, attempts: Int) -> MonotonicInstant {
        guard attempts > 1 else { return context.deadline.instant }
        let patience = Deadline.after(min(context.deadline.remaining / 2, .seconds(2)))
        return min(context.deadline, patience).instant
    }

    private func slot(of place: RedisPlace) -> Int {
        switch place {
        case .session(let key): RedisKeys.slot(keys.bytes(.entry, key))
        case .events: eventSlot
        case .key(let key): RedisKeys.slot(key)
        }
    }

    func node(_ address: RedisAddress) throws(StoreError) -> RedisNode {
        let node = state.withLock { state -> RedisNode? in
            if state.isClosed { return nil }
            if let node = state.nodes[address] { return node }
            let node = RedisNode(configuration, source: RedisFixedAddress(address), reactor: reactor)
            state.nodes[address] = node
            return node
        }
        guard let node else { throw .redisClosed }
        return node
    }

    private func owner(of slot: Int) throws(StoreError) -> RedisNode {
        guard let address = state.withLock({ $0.cluster?.address(of: slot) }) else { return single }
        return try node(address)
    }

    private func callCluster(
        _ place: RedisPlace, _ context: CallContext, _ encode: @Sendable (inout RedisWriter) -> Void
    ) async throws(StoreError) -> RedisValue {
        let slot = slot(of: place)
        try await refreshIfStale(context)
        var node = try owner(of: slot)
        var asks = false
        var redirections = 0
        var pauses = 0
        while redirections < Self.mostRedirections {
            let (target, isAsking) = (node, asks)
            let outcome = try await noting(target) { () async throws(StoreError) in
                try await target.call(count: isAsking ? 2 : 1, deadline: context.deadline.instant) { writer in
                    if isAsking {
                        writer.command(1)
                        writer.word("ASKING")
                    }
                    encode(&writer)
                }
            }
            let value = try Self.several(outcome).last ?? .null
            guard let error = value.error else { return value }
            if error.isCode("MOVED") { state.withLock { $0.isStale = true } }
            switch RedisRedirection(error, from: target.address) {
            case .moved(let slot, let address):
                redirections += 1
                node = try self.node(address)
                asks = false
                note(slot, address)
            case .ask(let address) where !place.mustBeWhole:
                redirections += 1
                node = try self.node(address)
                asks = true
            case .ask, .again:
                try await pause(pauses, context)
                pauses += 1
                node = try owner(of: slot)
                asks = false
            case nil: return value
            }
        }
        throw StoreError(.unavailable, "the cluster redirects without end", applied: .no)
    }

    /// Keys of a slot are on their way from one node to another, or nobody has it right now.
    func pause(_ number: Int, _ context: CallContext) async throws(StoreError) {
        do {
            try await Task.sleep(for: .milliseconds(5 << min(number, 6)))
        } catch {
            throw .cancelled(applied: .no)
        }
        try context.check("the call to the cluster", applied: .no)
        state.withLock { $0.isStale = true }
        try await refreshIfStale(context)
    }

    /// The map as it was last fetched; nil where there is no cluster.
    var cluster: RedisClusterMap? { state.withLock { $0.cluster } }

    func address(of slot: Int) -> RedisAddress? { cluster?.address(of: slot) }

    /// Whether it is a node that the cluster has told of: a cursor may name any.
    func isKnown(_ address: RedisAddress) -> Bool {
        state.withLock { $0.nodes[address] != nil || $0.cluster?.primaries.contains(address) ?? false }
    }

    /// A slot has moved.
    func note(_ slot: Int, _ address: RedisAddress) {
        state.withLock { state in
            state.cluster?.note(slot, address)
            state.isStale = true
        }
    }

    /// One command to one node, a script by its text where the node does not have it.
    ///
    /// - Parameter isAsking: Keys of a slot that is only on its way to the node are reached too.
    func asking(
        _ node: RedisNode, _ context: CallContext, _ encode: @Sendable (inout RedisWriter, _ byDigest: Bool) -> Void,
        isAsking: Bool
    ) async throws(StoreError) -> RedisValue {
        var value = RedisValue.null
        for byDigest in [true, false] {
            let outcome = try await noting(node) { () async throws(StoreError) in
                try await node.call(count: isAsking ? 2 : 1, deadline: context.deadline.instant) { writer in
                    if isAsking {
                        writer.command(1)
                        writer.word("ASKING")
                    }
                    encode(&writer, byDigest)
                }
            }
            value = try Self.several(outcome).last ?? .null
            guard let error = value.error, error.isCode("NOSCRIPT") else { return value }
        }
        return value
    }

    /// One call for each node, at the same time; what is redirected goes its own way.
    private func callCluster(
        _ count: Int, _ context: CallContext, _ place: (Int) -> RedisPlace,
        _ encode: @Sendable (Int, inout RedisWriter) -> Void
    ) async throws(StoreError) -> [RedisValue] {
        try await refreshIfStale(context)
        let slots = (0..<count).map { slot(of: place($0)) }
        var groups: [ObjectIdentifier: (node: RedisNode, writer: RedisWriter, indices: [Int])] = [:]
        for index in 0..<count {
            let node = try owner(of: slots[index])
            encode(index, &groups[ObjectIdentifier(node), default: (node, RedisWriter(), [])].writer)
            groups[ObjectIdentifier(node)]?.indices.append(index)
        }
        var values = [RedisValue](repeating: .null, count: count)
        let parts = await withTaskGroup(
            of: ([Int], Result<[RedisValue], StoreError>).self,
            returning: [([Int], Result<[RedisValue], StoreError>)].self
        ) { tasks in
            for group in groups.values {
                let (node, bytes, indices) = (group.node, group.writer.bytes, group.indices)
                let deadline = context.deadline.instant
                tasks.addTask {
                    do throws(StoreError) {
                        let outcome = try await self.noting(node) { () async throws(StoreError) in
                            try await node.call(count: indices.count, deadline: deadline) { $0.encoded(bytes) }
                        }
                        return (indices, .success(try Self.several(outcome)))
                    } catch {
                        return (indices, .failure(error))
                    }
                }
            }
            return await tasks.reduce(into: []) { $0.append($1) }
        }
        for (indices, result) in parts {
            // With several nodes, that one has failed says nothing of what the others did.
            let replies: [RedisValue]
            do throws(StoreError) {
                replies = try result.get()
            } catch {
                throw parts.count == 1 ? error : error.forSome
            }
            for (index, value) in zip(indices, replies) { values[index] = value }
        }
        for index in 0..<count {
            guard let error = values[index].error, error.isCode("MOVED") || RedisRedirection(error, from: nil) != nil
            else { continue }
            do throws(StoreError) {
                values[index] = try await callCluster(place(index), context) { encode(index, &$0) }
            } catch {
                throw count == 1 ? error : error.forSome
            }
        }
        return values
    }

    /// A node that does not answer may have been replaced.
    private func noting(_ node: RedisNode, _ body: () async throws(StoreError) -> RedisOutcome) async throws(StoreError)
        -> RedisOutcome
    {
        do throws(StoreError) {
            return try await body()
        } catch {
            if error.code == .unavailable || error.code == .timeout {
                state.withLock { $0.isStale = !$0.isClosed }
            }
            throw error
        }
    }

    /// The first who finds the map out of date fetches a new one; the others go on with what there is.
    func refreshIfStale(_ context: CallContext) async throws(StoreError) {
        let isMine = state.withLock { state -> Bool in
            defer { state.isStale = false }
            return state.isStale
        }
        guard isMine else { return }
        do throws(StoreError) {
            try await refresh(context)
        } catch {
            // The old one may do; whoever fails with it asks again.
            if error.code == .cancelled { throw error }
        }
    }

    /// Asks one node after the other.
    func refresh(_ context: CallContext) async throws(StoreError) {
        let known = state.withLock { $0.cluster?.primaries ?? [] }
        var failure: StoreError = .redisUnexpected("CLUSTER SLOTS")
        var asked: Set<RedisAddress> = []
        for address in known + configuration.addresses where asked.insert(address).inserted {
            do throws(StoreError) {
                let node = try node(address)
                // One that is silent must not use up the time of the others.
                let short = patient(context, attempts: 2)
                let value = try Self.one(
                    try await node.call(count: 1, deadline: short) { writer in
                        writer.command(2)
                        writer.word("CLUSTER")
                        writer.word("SLOTS")
                    }
                ).checked()
                guard let map = RedisClusterMap(value, askedAt: address) else { continue }
                state.withLock { $0.cluster = map }
                return
            } catch {
                failure = error
                if error.code == .cancelled || context.deadline.hasPassed { throw error }
            }
        }
        throw failure
    }

    func close() async {
        let nodes = state.withLock { state in
            state.isClosed = true
            return Array(state.nodes.values)
        }
        for node in nodes { await node.close() }
        await single.close()
    }
}
