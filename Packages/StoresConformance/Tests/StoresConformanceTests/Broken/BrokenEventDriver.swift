import StoresCore

/// The in-memory driver with one defect.
struct BrokenEventDriver: OrderedEventDriver, DeletingEventDriver, SnapshotDriver {
    let inner: InMemoryEventDriver
    let session: InMemorySessionDriver
    let defect: EventDefect?
    let state: BrokenState

    init(inner: InMemoryEventDriver, session: InMemorySessionDriver, defect: String) {
        self.inner = inner
        self.session = session
        self.defect = EventDefect(rawValue: defect)
        state = BrokenState(defect)
    }

    private func folded(_ stream: String) -> String { defect == .streamsFolded ? stream.lowercased() : stream }

    func append(_ events: [NewEvent], to stream: String, expected: ExpectedRevision, context: CallContext)
        async throws(StoreError) -> AppendResult
    {
        try await state.take()
        var events = events
        switch defect {
        case .dataAsText:
            for index in events.indices {
                events[index].data = Array(String(decoding: events[index].data, as: UTF8.self).utf8)
            }
        case .typesTrimmed:
            for index in events.indices { events[index].type = String(events[index].type.prefix { $0 != " " }) + "x" }
        case .batchCut: events = Array(events.prefix(100))
        case .overlapAppended:
            let known = Set(
                try await inner.read(stream, from: nil, direction: .forward, limit: 10_000, context: context).events
                    .map(\.id))
            let fresh = events.filter { !known.contains($0.id) }
            if !fresh.isEmpty { events = fresh }
        default: break
        }
        let (batch, demand) = (events, defect == .expectationsIgnored ? .any : expected)
        if defect == .writesLost {
            return AppendResult(firstRevision: 0, lastRevision: 0, position: Position(1), isDeduplicated: false)
        }
        do throws(StoreError) {
            var result = try await state.call { () async throws(StoreError) in
                try await inner.append(batch, to: folded(stream), expected: demand, context: context)
            }
            if defect == .againNotSaid { result.isDeduplicated = false }
            if defect == .resultOff, result.firstRevision > 0 {
                result.firstRevision -= 1
                result.lastRevision -= 1
            }
            return result
        } catch {
            if defect == .conflictsKeepFirst, let first = batch.last {
                _ = try await inner.append([first], to: stream, expected: .any, context: context)
            }
            throw error
        }
    }

    func read(_ stream: String, from: Int64?, direction: ReadDirection, limit: Int, context: CallContext)
        async throws(StoreError) -> StreamSlice
    {
        let direction = defect == .backwardIsForward ? .forward : direction
        let start = defect == .fromExclusive && direction == .forward ? from.map { $0 == .max ? $0 : $0 + 1 } : from
        var slice = try await inner.read(
            folded(stream), from: start, direction: direction, limit: limit, context: context)
        switch defect {
        case .readReversed: slice.events.reverse()
        case .missingExists: slice.exists = true
        case .oldestLies: slice.oldestRevision = 5
        case .oldestLost:
            slice.events.removeAll { $0.revision < 10 && (slice.lastRevision ?? 0) > 500 }
        case .revisionsFromOne: for index in slice.events.indices { slice.events[index].revision += 1 }
        default: break
        }
        return slice
    }

    func readAll(after position: Position?, limit: Int, context: CallContext) async throws(StoreError) -> EventSlice {
        if defect == .readAllEmpty { return EventSlice(events: [], next: nil, isAtEnd: true) }
        if defect == .afterInclusive, let position {
            // The event at the position comes again.
            let all = try await inner.readAll(after: nil, limit: 100_000, context: context)
            if let known = all.events.first(where: { $0.position == position }) {
                var slice = try await inner.readAll(after: position, limit: limit, context: context)
                slice.events.insert(known, at: 0)
                return slice
            }
        }
        var slice = try await inner.readAll(after: position, limit: limit, context: context)
        if defect == .readAllRepeats, let last = slice.events.last { slice.events.append(last) }
        if defect == .readAllSkips, slice.events.count > 2 { slice.events.remove(at: 1) }
        return slice
    }

    func head(context: CallContext) async throws(StoreError) -> Position? {
        defect == .headIsStart ? nil : try await inner.head(context: context)
    }

    func waitForEvents(after position: Position?, timeout: Duration) async throws(StoreError) {
        guard defect == .waitsOn else { return try await inner.waitForEvents(after: position, timeout: timeout) }
        // A wait that nothing ends but its time.
        await Task.detached { try? await Task.sleep(for: .seconds(5)) }.value
    }

    func deleteStream(_ stream: String, context: CallContext) async throws(StoreError) -> Bool {
        let wasThere = try await inner.deleteStream(folded(stream), context: context)
        return defect == .deleteSaysTrue ? true : wasThere
    }

    func saveSnapshot(_ snapshot: Snapshot, context: CallContext) async throws(StoreError) {
        try await inner.saveSnapshot(snapshot, context: context)
    }

    func loadSnapshots(_ stream: String, atOrBefore: Int64?, limit: Int, context: CallContext)
        async throws(StoreError) -> [Snapshot]
    {
        let found = try await inner.loadSnapshots(stream, atOrBefore: atOrBefore, limit: limit, context: context)
        return defect == .snapshotsOldestFirst ? found.reversed() : found
    }

    func deleteSnapshots(_ stream: String, before: Int64?, context: CallContext) async throws(StoreError) -> Int {
        try await inner.deleteSnapshots(stream, before: before, context: context)
    }
}
