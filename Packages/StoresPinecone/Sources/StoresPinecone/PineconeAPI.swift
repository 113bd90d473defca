#if HTTP
import StoresCore
import StoresHTTP

/// Pinecone's control plane, and what its two planes have in common.
struct PineconeAPI: Sendable {
    let configuration: PineconeConfiguration
    /// The control plane.
    let control: HTTPService

    init(_ configuration: PineconeConfiguration) {
        self.configuration = configuration
        control = HTTPService(configuration.http(configuration.endpoint))
    }

    /// Sends a request and returns the reply if it is a success.
    static func send(
        _ call: HTTPCall, to service: HTTPService, resource: String? = nil, context: CallContext
    ) async throws(StoreError) -> HTTPReply {
        try await service.send(call, resource: resource, context: context, known: HTTPRefusal.pinecone)
    }

    // MARK: Indexes

    func indexes(_ context: CallContext) async throws(StoreError) -> [PineconeIndex] {
        let reply = try await Self.send(HTTPCall(.get, ["indexes"]), to: control, context: context)
        return try JSONPull.read(reply.body) { pull throws(StoreError) in
            var found: [PineconeIndex] = []
            try pull.object { pull, key throws(StoreError) in
                guard key == "indexes", !pull.takeNull() else {
                    return key == "indexes" ? () : try pull.skip()
                }
                found = try pull.list { pull throws(StoreError) in try PineconeIndex(&pull) }
            }
            return found
        }
    }

    /// Nil when there is none of that name.
    func index(_ name: String, _ context: CallContext) async throws(StoreError) -> PineconeIndex? {
        do throws(StoreError) {
            let reply = try await Self.send(HTTPCall(.get, ["indexes", name]), to: control, context: context)
            return try JSONPull.read(reply.body) { pull throws(StoreError) in try PineconeIndex(&pull) }
        } catch  where error.code == .notFound {
            return nil
        }
    }

    /// Makes an index, or finds the one that somebody else made first.
    func create(_ spec: VectorCollectionSpec, _ context: CallContext) async throws(StoreError) {
        let call = HTTPCall(
            .post, ["indexes"], body: try PineconeIndex.creation(spec, configuration), isWrite: true)
        do throws(StoreError) {
            _ = try await Self.send(call, to: control, resource: spec.name, context: context)
        } catch  where error.code == .alreadyExists {
            return
        }
    }

    /// Removes an index, and waits until it is gone: until then its name is taken. False when it was not there.
    func drop(_ name: String, _ resource: String, _ context: CallContext) async throws(StoreError) -> Bool {
        do throws(StoreError) {
            _ = try await Self.send(
                HTTPCall(.delete, ["indexes", name], isWrite: true), to: control, resource: resource, context: context)
        } catch  where error.code == .notFound {
            return false
        }
        var pause = PineconePause()
        while try await index(name, context) != nil {
            try await pause.wait(context.deadline, "the removal of an index", applied: .yes)
        }
        return true
    }

    /// The index once it takes requests.
    func readyIndex(_ name: String, _ context: CallContext) async throws(StoreError) -> PineconeIndex? {
        var pause = PineconePause()
        while let found = try await index(name, context) {
            if found.isReady, found.host != nil { return found }
            try await pause.wait(context.deadline, "an index that Pinecone prepares", applied: .no)
        }
        return nil
    }
}

/// The time between two looks at something that Pinecone is about to do: longer each time, up to a second.
struct PineconePause {
    private var length = Duration.milliseconds(20)

    /// - Throws: `timeout` when the deadline comes first, `cancelled`.
    mutating func wait(_ deadline: Deadline, _ what: String, applied: StoreError.Applied) async throws(StoreError) {
        guard deadline.remaining > length else { throw .timeout(what, applied: applied) }
        do {
            try await Task.sleep(for: length)
        } catch {
            throw .cancelled(applied: applied)
        }
        length = min(length * 3 / 2, .seconds(1))
    }
}
#endif
