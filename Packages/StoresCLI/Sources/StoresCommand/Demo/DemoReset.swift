import StoresCore

extension Demo {
    /// Removes all that the demo stored, and nothing else.
    func reset() async throws {
        let lease = try await DemoRun.acquire(stores.event, names) {
            progress.note("waiting until the lease of an earlier process ends, at most \(DemoRun.leaseTTL)")
        }
        do {
            try await remove(lease)
        } catch {
            if let lease { await DemoRun.release(lease, stores.event) }
            throw error
        }
        if let lease { await DemoRun.release(lease, stores.event) }
    }

    private func remove(_ lease: Lease?) async throws {
        let collection = names.collection(embedder)
        _ = try await stores.vector.dropCollection(collection, confirming: collection)
        try await stores.search.dropIndex(names.index, confirming: names.index)
        try await stores.memory.forget(scope: names.everything)
        try await stores.session.delete(prefix: names.prefix)
        var cursor: Cursor?
        repeat {
            let listing = try await stores.artifact.list(prefix: "\(names.prefix)/", cursor: cursor)
            try await stores.artifact.delete(listing.objects.map(\.key)).throwIfFailed()
            cursor = listing.next
        } while cursor != nil
        guard stores.event.capabilities.contains(.event(.runState)),
            let run = try await stores.event.loadRun(names.run)
        else { return }
        let last = try DemoState(json: run.state).number
        guard stores.event.capabilities.contains(.event(.deleteStream)) else {
            // The streams stay, and with them the ids of their events: the next run needs a number of its own.
            var state = DemoState(number: last)
            state.counter = 0
            try await stores.event.saveRun(
                names.run, status: "done", state: state.json, ifVersion: run.version, lease: lease)
            return
        }
        for number in stride(from: 1, through: last, by: 1) {
            let stream = names.stream(number)
            try await stores.event.deleteStream(stream, confirming: stream)
        }
        try await stores.event.deleteRun(names.run)
    }
}
