import StoresCore

extension RedisSessionDriver {
    func delete(prefix: String, context: CallContext) async throws(StoreError) -> Int {
        guard !prefix.isEmpty else {
            throw .invalidArgument("an empty prefix would delete everything", remedy: "name a prefix")
        }
        let range = keys.range(prefix)
        var count = 0
        var place = RedisScanPlace()
        // The server looks at its whole key space: in larger steps where there is little to delete.
        var step = 500
        repeat {
            do throws(StoreError) {
                // What is deleted by now stays deleted.
                try context.check("the deletion", applied: .no)
                let page = try await page(range, &place, step: step, deletes: true, context)
                count += page.count
                step = page.count > 100 ? 500 : min(step * 2, 8000)
            } catch {
                throw count > 0 ? error.forSome : error
            }
        } while !place.isAtEnd
        return count
    }

    func scan(prefix: String?, cursor: Cursor?, limit: Int, context: CallContext) async throws(StoreError)
        -> Page<String>
    {
        let range = keys.range(prefix)
        var place = RedisScanPlace()
        if let cursor {
            guard let decoded = RedisScanPlace(cursor) else {
                throw .invalidArgument(
                    "the cursor was not given out by this store",
                    remedy: "hand over the `next` of a page of the same query, or none to start anew")
            }
            place = decoded
        }
        var found: [String] = []
        // Where few keys match, many steps find none. Half of the time is kept for the caller's way back: a page that
        // is not full, even an empty one, goes on where it was.
        let half = ContinuousClock.now + context.deadline.remaining / 2
        repeat {
            try context.check("the scan")
            let page = try await page(
                range, &place, step: min(max(limit, 100), 1000), deletes: false, context)
            found += page.keys
        } while found.count < limit && !place.isAtEnd && ContinuousClock.now < half
        return Page(items: found, next: place.isAtEnd ? nil : place.cursor)
    }

    /// One step of SCAN; the server looks at `step` places of its key space, and so is never blocked for long.
    private func page(
        _ range: RedisKeys.Range, _ place: inout RedisScanPlace, step: Int, deletes: Bool, _ context: CallContext
    ) async throws(StoreError) -> (keys: [String], count: Int) {
        let now = context.now.millisecondsSinceEpoch
        let reply = try await client.scan(
            RedisSessionScripts.scan, key: range.isOneSlot ? range.exact : nil, place: &place, context: context,
            arguments: 7
        ) { position, writer in
            writer.integer(now)
            writer.text(position)
            writer.integer(Int64(step))
            writer.text(range.pattern)
            writer.text(range.exact ?? [])
            writer.text(range.start)
            writer.word(deletes ? "1" : "0")
        }
        guard let parts = reply.value.array, parts.count == 3, let next = parts[0].text, let count = parts[1].integer,
            let found = parts[2].array
        else { throw .redisUnexpected("a scan") }
        place.advance(to: next, hasMoreServers: reply.hasMoreServers)
        return (found.compactMap { $0.bytes.flatMap(keys.sessionKey) }, Int(clamping: count))
    }
}

/// How far a scan has come: SCAN's own cursor on one server, and which server of a cluster that is.
struct RedisScanPlace: Sendable, Hashable {
    private(set) var server = 0
    private(set) var position = "0"
    private(set) var isAtEnd = false
    /// Of the cluster's map that `server` counts in; 0 before there was one.
    private var map: UInt64 = 0

    init() {}

    init?(_ cursor: Cursor) {
        let parts = cursor.rawValue.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let server = Int(parts[0]), server >= 0, let position = UInt64(parts[1]),
            let map = UInt64(parts[2], radix: 16)
        else { return nil }
        self.server = server
        self.position = String(position)
        self.map = map
    }

    var cursor: Cursor { Cursor(rawValue: "\(server):\(position):\(String(map, radix: 16))") }

    /// The servers as they are now: after a change nobody knows what was seen of them, and it begins anew.
    mutating func enter(_ map: UInt64) {
        if self.map != map, self.map != 0 { (server, position) = (0, "0") }
        self.map = map
    }

    mutating func advance(to next: String, hasMoreServers: Bool) {
        position = next
        guard next == "0" else { return }
        if hasMoreServers { server += 1 } else { isAtEnd = true }
    }
}
