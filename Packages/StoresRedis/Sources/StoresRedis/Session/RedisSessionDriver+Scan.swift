import StoresCore

extension RedisSessionDriver {
    func delete(prefix: String, context: CallContext) async throws(StoreError) -> Int {
        guard !prefix.isEmpty else {
            throw .invalidArgument("an empty prefix would delete everything", remedy: "name a prefix")
        }
        let range = keys.range(prefix)
        var count = 0
        var place = RedisScanPlace()
        var step = 500
        repeat {
            do throws(StoreError) {
                try context.check("the deletion", applied: .no)
                let page = try await page(range, &place, step: step, deletes: true, context)
                count += page.count
                step = Self.step(after: step, found: page.count)
            } catch {
                // What is deleted by now stays deleted.
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
        if let cursor { place = try RedisScanPlace(cursor) }
        var found: [String] = []
        // Where few keys match, many steps find none. Half of the time is kept for the caller's way back: a page that
        // is not full, even an empty one, goes on where it was.
        let half = MonotonicInstant.now + context.deadline.remaining / 2
        var step = min(max(limit, 100), 1000)
        repeat {
            try context.check("the scan")
            let page = try await page(range, &place, step: step, deletes: false, context)
            found += page.keys.compactMap(keys.sessionKey)
            step = min(Self.step(after: step, found: page.count), max(step, limit * 2))
        } while found.count < limit && !place.isAtEnd && MonotonicInstant.now < half
        return Page(items: found, next: place.isAtEnd ? nil : place.cursor)
    }

    /// The server looks at its whole key space: in larger steps where it finds little. A step of 5,000 places keeps it
    /// busy for a millisecond, and for some twenty where all are found.
    private static func step(after step: Int, found: Int) -> Int {
        min(max(100, found == 0 ? step * 2 : min(step * 2, step * 500 / found)), 5000)
    }

    /// One step of SCAN; the server looks at `step` places of its key space, and so is never blocked for long.
    private func page(
        _ range: RedisKeys.Range, _ place: inout RedisScanPlace, step: Int, deletes: Bool, _ context: CallContext
    ) async throws(StoreError) -> RedisScanPage {
        let now = context.now.millisecondsSinceEpoch
        return try await client.scan(
            RedisSessionScripts.scan, probe: range.probe, place: &place, context: context, arguments: 8
        ) { place, writer in
            writer.integer(now)
            writer.text(place.position)
            writer.text(place.process)
            writer.integer(Int64(step))
            writer.text(range.pattern)
            writer.text(range.exact ?? [])
            writer.text(range.start)
            writer.word(deletes ? "1" : "0")
        }
    }
}
