#if HTTP
import StoresCore
import StoresHTTP

/// Qdrant's REST protocol: paths, the envelope of a reply, and what is made of a refusal.
struct QdrantAPI: Sendable {
    let service: HTTPService

    /// Sends a request and reads `result` of the reply's `{"result":…,"status":"ok","time":…}`.
    func send<T>(
        _ call: HTTPCall, resource: String? = nil, context: CallContext,
        _ read: (inout JSONPull) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let reply = try await service.send(call, resource: resource, context: context, known: HTTPRefusal.qdrant)
        do throws(StoreError) {
            return try JSONPull.read(reply.body) { pull throws(StoreError) in
                var result: T?
                try pull.object { pull, key throws(StoreError) in
                    if key == "result" { result = try read(&pull) } else { try pull.skip() }
                }
                guard let result else { throw pull.error("a reply without result") }
                return result
            }
        } catch {
            // Whoever answered such a thing may have written before.
            throw call.isWrite ? error.filling(applied: .unknown) : error
        }
    }

    /// A write of points or of an index. True when it is done, false when it is only taken.
    func update(
        _ method: HTTPCall.Method, _ path: [String], body: consuming [UInt8], waits: Bool, resource: String,
        context: CallContext
    ) async throws(StoreError) -> Bool {
        let call = HTTPCall(
            method, path, query: [("wait", waits ? "true" : "false")], body: body, isWrite: true)
        return try await send(call, resource: resource, context: context) { pull throws(StoreError) in
            var isDone = false
            try pull.object { pull, key throws(StoreError) in
                guard key == "status" else { return try pull.skip() }
                // `acknowledged` and `wait_timeout` are kept, and not yet searched.
                isDone = try pull.string() == "completed"
            }
            return isDone
        }
    }

    func version(_ context: CallContext) async throws(StoreError) -> String {
        let reply = try await service.send(
            HTTPCall(.get, []), resource: nil, context: context, known: HTTPRefusal.qdrant)
        return try JSONPull.read(reply.body) { pull throws(StoreError) in
            var version: String?
            try pull.object { pull, key throws(StoreError) in
                if key == "version" { version = try pull.string() } else { try pull.skip() }
            }
            guard let version else { throw pull.error("no version; is it a Qdrant?") }
            return version
        }
    }

    // MARK: Collections

    func collectionNames(_ context: CallContext) async throws(StoreError) -> [String] {
        try await send(HTTPCall(.get, ["collections"]), context: context) { pull throws(StoreError) in
            var names: [String] = []
            try pull.object { pull, key throws(StoreError) in
                guard key == "collections" else { return try pull.skip() }
                try pull.array { pull throws(StoreError) in
                    try pull.object { pull, key throws(StoreError) in
                        if key == "name" { names.append(try pull.string()) } else { try pull.skip() }
                    }
                }
            }
            return names
        }
    }

    /// Nil when there is none of that name.
    func collection(_ name: String, _ context: CallContext) async throws(StoreError) -> QdrantCollection? {
        do throws(StoreError) {
            return try await send(HTTPCall(.get, ["collections", name]), context: context) { pull throws(StoreError) in
                try QdrantCollection(name, &pull)
            }
        } catch  where error.code == .notFound {
            return nil
        }
    }

    /// Makes a collection; somebody else's being first is no error.
    func create(_ name: String, _ spec: VectorCollectionSpec, _ context: CallContext) async throws(StoreError) {
        let call = HTTPCall(
            .put, ["collections", name], body: try QdrantCollection.creation(spec), isWrite: true)
        do throws(StoreError) {
            try await send(call, resource: spec.name, context: context) { pull throws(StoreError) in try pull.skip() }
        } catch  where error.code == .alreadyExists {
            return
        }
    }

    /// False when it was not there.
    func drop(_ name: String, _ context: CallContext) async throws(StoreError) -> Bool {
        let call = HTTPCall(.delete, ["collections", name], isWrite: true)
        do throws(StoreError) {
            return try await send(call, resource: name, context: context) { pull throws(StoreError) in
                try pull.bool()
            }
        } catch  where error.code == .notFound {
            return false
        }
    }
}
#endif
