/// Which node of a cluster has which slots.
struct RedisClusterMap: Sendable, Hashable {
    static let slotCount = 16384

    /// By slot, the place in `addresses`; -1 for nobody's.
    private var owners: [Int16]
    private var addresses: [RedisAddress]

    /// - Parameters:
    ///   - value: What CLUSTER SLOTS replies: first and last slot, then the primary's host and port, then replicas.
    ///   - address: Where it was asked: a node that does not know its own host means that one.
    /// - Returns: Nil for a reply of another form, and where nobody has any slot.
    init?(_ value: RedisValue, askedAt address: RedisAddress) {
        guard let ranges = value.array, !ranges.isEmpty else { return nil }
        owners = [Int16](repeating: -1, count: Self.slotCount)
        addresses = []
        for range in ranges {
            guard let parts = range.array, parts.count >= 3, let first = parts[0].integer, let last = parts[1].integer,
                (0..<Int64(Self.slotCount)).contains(first), (first..<Int64(Self.slotCount)).contains(last),
                let primary = parts[2].array, primary.count >= 2, let port = primary[1].integer
            else { return nil }
            var host = primary[0].text ?? ""
            if host.isEmpty || host == "?", case .tcp(let asked, _) = address { host = asked }
            let place = place(of: .tcp(host: host, port: Int(clamping: port)))
            for slot in Int(first)...Int(last) { owners[slot] = place }
        }
    }

    /// In a fixed order.
    var primaries: [RedisAddress] {
        Set(owners).filter { $0 >= 0 }.map { addresses[Int($0)] }.sorted { $0.description < $1.description }
    }

    /// The same for the same map, in every process: FNV-1a of who has which slot.
    var fingerprint: UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let order = primaries
        for address in order {
            for byte in address.description.utf8 { add(byte) }
            add(0)
        }
        let numbers = addresses.map { UInt8(truncatingIfNeeded: (order.firstIndex(of: $0) ?? -1) + 1) }
        for owner in owners { add(owner < 0 ? 0 : numbers[Int(owner)]) }
        return hash
    }

    /// Where the node that says this is moving slots to.
    ///
    /// - Parameter nodes: What CLUSTER NODES replies: a line for each node with its id, `host:port@bus`, flags of which
    ///   `myself` is one, five more fields, and then slots; `[93->-ID]` is one that is moving to the node of the id.
    static func targets(_ nodes: String) -> Set<RedisAddress> {
        let lines = nodes.split(separator: "\n").map { $0.split(separator: " ") }.filter { $0.count >= 8 }
        guard let own = lines.first(where: { $0[2].split(separator: ",").contains("myself") }) else { return [] }
        let ids = own.dropFirst(8).compactMap { field in
            field.firstRange(of: "->-").map { field[$0.upperBound...].prefix { $0 != "]" } }
        }
        return Set(
            lines.filter { ids.contains($0[0]) }.compactMap { line in
                RedisAddress(line[1].prefix { $0 != "@" }, defaultPort: 6379)
            })
    }

    func address(of slot: Int) -> RedisAddress? {
        owners[slot] < 0 ? nil : addresses[Int(owners[slot])]
    }

    /// One slot has moved.
    mutating func note(_ slot: Int, _ address: RedisAddress) {
        guard owners.indices.contains(slot) else { return }
        owners[slot] = place(of: address)
    }

    private mutating func place(of address: RedisAddress) -> Int16 {
        if let place = addresses.firstIndex(of: address) { return Int16(place) }
        addresses.append(address)
        return Int16(addresses.count - 1)
    }
}

/// Where a cluster sends a command instead.
enum RedisRedirection: Hashable {
    /// The slot is that node's from now on.
    case moved(slot: Int, RedisAddress)
    /// This once: the key has gone there already.
    case ask(RedisAddress)
    /// Nowhere yet; it will be settled soon.
    case again

    /// - Parameter address: Who says it: a node that does not know its own host means that one.
    init?(_ error: RedisErrorReply, from address: RedisAddress?) {
        switch error.code {
        case "MOVED", "ASK":
            // MOVED 3999 127.0.0.1:6381, or MOVED 3999 :6381
            let words = error.text.split(separator: " ")
            guard words.count >= 3, let slot = Int(words[1]) else { return nil }
            var place = String(words[2])
            if place.hasPrefix(":"), place.dropFirst().allSatisfy(\.isNumber), case .tcp(let host, _)? = address {
                place = host.contains(":") ? "[\(host)]" + place : host + place
            }
            guard let target = RedisAddress(place, defaultPort: 6379) else { return nil }
            self = error.isCode("MOVED") ? .moved(slot: slot, target) : .ask(target)
        case "TRYAGAIN", "CLUSTERDOWN": self = .again
        case _ where error.isOutOfReach: self = .again
        default: return nil
        }
    }
}
