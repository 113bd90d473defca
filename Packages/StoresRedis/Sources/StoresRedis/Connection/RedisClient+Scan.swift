import StoresCore

/// What one step of a scan found.
struct RedisScanPage: Sendable {
    var keys: [[UInt8]]
    /// How many were visible, also where they were deleted and are not among the keys.
    var count: Int
}

/// Steps of SCAN over one server, or over a cluster whose slots may move meanwhile: what is there throughout is found,
/// some of it more than once.
extension RedisClient {
    /// - Parameters:
    ///   - script: Takes the position and the process that gave it out, and replies with the next position, how many
    ///     it found, which, and its process. A position of another process is worth nothing: it begins anew.
    ///   - probe: Where one slot is meant, a key of it that is nowhere. The node that the slot is leaving says so then.
    ///   - encode: Writes the arguments.
    func scan(
        _ script: RedisScript, probe: [UInt8]?, place: inout RedisScanPlace, context: CallContext, arguments: Int,
        _ encode: @Sendable (RedisScanPlace, inout RedisWriter) -> Void
    ) async throws(StoreError) -> RedisScanPage {
        func step(_ node: RedisNode, _ place: RedisScanPlace, key: [UInt8]?) async throws(StoreError) -> RedisValue {
            let value = try await asking(
                node, context,
                { writer, byDigest in
                    script.begin(&writer, byDigest: byDigest, keys: key == nil ? 0 : 1, arguments: arguments)
                    if let key { writer.text(key) }
                    encode(place, &writer)
                }, isAsking: isCluster && key == nil)
            return value
        }
        guard isCluster else {
            let (page, isAtEnd) = try Self.page(try await step(single, place, key: nil), &place)
            if isAtEnd { place.end() }
            return page
        }
        guard let probe else { return try await scanEverywhere(&place, context, step) }
        return try await scanSlot(of: probe, &place, context, step)
    }

    private typealias Step = (RedisNode, RedisScanPlace, [UInt8]?) async throws(StoreError) -> RedisValue

    private static func page(_ value: RedisValue, _ place: inout RedisScanPlace) throws(StoreError)
        -> (RedisScanPage, isAtEnd: Bool)
    {
        guard let parts = try value.checked().array, parts.count == 4, let next = parts[0].text,
            let count = parts[1].integer, let found = parts[2].array, let process = parts[3].text
        else { throw .redisUnexpected("a scan") }
        let page = RedisScanPage(keys: found.compactMap(\.bytes), count: Int(clamping: count))
        return (page, place.advance(to: next, process: process))
    }

    /// The slot's node, and then the one that it is moving to: in this order, since keys go that way.
    private func scanSlot(of probe: [UInt8], _ place: inout RedisScanPlace, _ context: CallContext, _ step: Step)
        async throws(StoreError) -> RedisScanPage
    {
        let slot = RedisKeys.slot(probe)
        var pauses = 0
        while true {
            try context.check("the scan")
            if place.server.map({ !isKnown($0) }) ?? true {
                try await refreshIfStale(context)
                guard let owner = address(of: slot) else { throw .redisUnexpected("CLUSTER SLOTS") }
                place.enter(owner, .first)
            }
            guard let server = place.server else { throw .redisUnexpected("a scan") }
            let node = try node(server)
            guard place.pass == .first else {
                let (page, isAtEnd) = try Self.page(try await step(node, place, nil), &place)
                if isAtEnd { place.end() }
                return page
            }
            let value = try await step(node, place, probe)
            switch value.error.flatMap({ RedisRedirection($0, from: server) }) {
            case nil:
                let (page, isAtEnd) = try Self.page(value, &place)
                if isAtEnd { place.end() }
                return page
            case .moved(let slot, let address):
                // With all its keys.
                note(slot, address)
                place.enter(address, .first)
            case .ask(let target):
                let (page, isAtEnd) = try Self.page(try await step(node, place, nil), &place)
                if isAtEnd {
                    _ = try self.node(target)
                    place.enter(target, .targets)
                }
                return page
            case .again:
                try await pause(pauses, context)
                pauses += 1
                place = RedisScanPlace()
            }
        }
    }

    private func scanEverywhere(_ place: inout RedisScanPlace, _ context: CallContext, _ step: Step)
        async throws(StoreError) -> RedisScanPage
    {
        if place.server.map({ !isKnown($0) }) ?? true {
            try await refresh(context)
            guard let map = cluster, let first = map.primaries.first else { throw .redisUnexpected("CLUSTER SLOTS") }
            place.enter(first, .first, map: map.fingerprint)
        }
        guard let server = place.server else { throw .redisUnexpected("a scan") }
        let (page, isAtEnd) = try Self.page(try await step(try node(server), place, nil), &place)
        guard isAtEnd else { return page }
        let servers =
            switch place.pass {
            case .first, .everywhere: cluster?.primaries ?? []
            case .targets: try await targets(context)
            }
        if let next = servers.first(where: { $0.description > server.description }) {
            place.enter(next, place.pass, map: place.map)
        } else if place.pass == .first {
            try await refresh(context)
            guard let map = cluster, let first = map.primaries.first else { throw .redisUnexpected("CLUSTER SLOTS") }
            if map.fingerprint != place.map {
                place.enter(first, .everywhere)
            } else if let target = try await targets(context).first {
                place.enter(target, .targets)
            } else {
                place.end()
            }
        } else {
            place.end()
        }
        return page
    }

    /// The nodes that slots are on their way to, by what the nodes say that they leave, in a fixed order.
    private func targets(_ context: CallContext) async throws(StoreError) -> [RedisAddress] {
        var found: Set<RedisAddress> = []
        for address in cluster?.primaries ?? [] {
            let value = try await asking(
                try node(address), context,
                { writer, _ in
                    writer.command(2)
                    writer.word("CLUSTER")
                    writer.word("NODES")
                }, isAsking: false)
            guard let text = try value.checked().text else { throw .redisUnexpected("CLUSTER NODES") }
            found.formUnion(RedisClusterMap.targets(text))
        }
        for address in found { _ = try node(address) }
        return found.sorted { $0.description < $1.description }
    }
}
