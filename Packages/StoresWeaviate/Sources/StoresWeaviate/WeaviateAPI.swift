#if HTTP
import StoresCore
import StoresHTTP

/// Weaviate's protocol: paths, the envelopes of replies, and what is made of a refusal.
struct WeaviateAPI: Sendable {
    let service: HTTPService

    /// Sends a request and returns the body of a success. Paths are under `/v1`.
    func send(_ call: HTTPCall, resource: String? = nil, context: CallContext) async throws(StoreError) -> [UInt8] {
        var call = call
        call.path.insert("v1", at: 0)
        return try await service.send(call, resource: resource, context: context, known: HTTPRefusal.weaviate).body
    }

    /// A GraphQL query. `read` takes what stands under the one field of `data`: `Get` or `Aggregate`.
    ///
    /// - Throws: Also what stands in `errors`, which come with status 200.
    func query<T>(
        _ query: consuming [UInt8], resource: String, context: CallContext,
        _ read: (inout JSONPull) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        var writer = JSONWriter()
        writer.raw("{\"query\":")
        writer.append(String(decoding: query, as: UTF8.self))
        writer.raw("}")
        let body = try await send(
            HTTPCall(.post, ["graphql"], body: writer.finish()), resource: resource, context: context)
        var found: T?
        var errors: [String] = []
        try JSONPull.read(body) { pull throws(StoreError) in
            try pull.object { pull, key throws(StoreError) in
                if pull.takeNull() { return }
                switch key {
                case "data":
                    try pull.object { pull, _ throws(StoreError) in
                        if pull.takeNull() { return }
                        try pull.object { pull, _ throws(StoreError) in
                            if !pull.takeNull() { found = try read(&pull) }
                        }
                    }
                case "errors": errors = try Self.messages(&pull)
                default: try pull.skip()
                }
            }
        }
        guard errors.isEmpty else {
            throw .weaviate(messages: errors, service.configuration, applied: nil, resource: resource)
        }
        guard let found else {
            throw StoreError(.corrupt, "the reply to a query has neither data nor errors", resource: resource)
        }
        return found
    }

    /// `[{"message":"…"},…]`
    static func messages(_ pull: inout JSONPull) throws(StoreError) -> [String] {
        try pull.list { pull throws(StoreError) in
            var message = ""
            try pull.object { pull, key throws(StoreError) in
                if key == "message" { message = try pull.string() } else { try pull.skip() }
            }
            return message
        }
    }

    func version(_ context: CallContext) async throws(StoreError) -> String {
        let body = try await send(HTTPCall(.get, ["meta"]), context: context)
        return try JSONPull.read(body) { pull throws(StoreError) in
            var version: String?
            try pull.object { pull, key throws(StoreError) in
                if key == "version" { version = try pull.string() } else { try pull.skip() }
            }
            guard let version else { throw pull.error("no version; is it a Weaviate?") }
            return version
        }
    }

    // MARK: Schema

    func collections(_ context: CallContext) async throws(StoreError) -> [WeaviateCollection] {
        let body = try await send(HTTPCall(.get, ["schema"]), context: context)
        return try JSONPull.read(body) { pull throws(StoreError) in
            var found: [WeaviateCollection] = []
            try pull.object { pull, key throws(StoreError) in
                guard key == "classes", !pull.takeNull() else { return try pull.skip() }
                found = try pull.list { pull throws(StoreError) in try WeaviateCollection(&pull) }
            }
            return found
        }
    }

    /// Nil when there is none of that name.
    func collection(_ name: String, _ context: CallContext) async throws(StoreError) -> WeaviateCollection? {
        do throws(StoreError) {
            let body = try await send(
                HTTPCall(.get, ["schema", WeaviateName.collection(name)]), resource: name, context: context)
            return try JSONPull.read(body) { pull throws(StoreError) in try WeaviateCollection(&pull) }
        } catch  where error.code == .notFound {
            return nil
        }
    }

    /// Makes a collection; somebody else's being first is no error.
    func create(_ spec: VectorCollectionSpec, _ context: CallContext) async throws(StoreError) {
        let call = HTTPCall(.post, ["schema"], body: try WeaviateCollection.creation(spec), isWrite: true)
        do throws(StoreError) {
            _ = try await send(call, resource: spec.name, context: context)
        } catch  where error.code == .alreadyExists {
            return
        }
    }

    func drop(_ name: String, _ context: CallContext) async throws(StoreError) {
        let call = HTTPCall(.delete, ["schema", WeaviateName.collection(name)], isWrite: true)
        _ = try await send(call, resource: name, context: context)
    }

    func hasTenant(_ target: VectorTarget, _ context: CallContext) async throws(StoreError) -> Bool {
        let path = [
            "schema", WeaviateName.collection(target.collection.name), "tenants", WeaviateName.tenant(target.namespace),
        ]
        do throws(StoreError) {
            _ = try await send(HTTPCall(.get, path), context: context)
            return true
        } catch  where error.code == .notFound {
            return false
        }
    }

    // MARK: Objects

    /// Writes a batch: for each of its objects, in order, why it was not written, or nil.
    func write(_ batch: consuming [UInt8], resource: String, context: CallContext) async throws(StoreError)
        -> [StoreError?]
    {
        let call = HTTPCall(.post, ["batch", "objects"], body: batch, isWrite: true)
        let body = try await send(call, resource: resource, context: context)
        return try Self.written(body) { pull throws(StoreError) in
            try pull.list { pull throws(StoreError) in
                var isWritten: Bool?
                var messages: [String] = []
                try pull.object { pull, key throws(StoreError) in
                    guard key == "result", !pull.takeNull() else { return try pull.skip() }
                    try pull.object { pull, key throws(StoreError) in
                        switch key {
                        case "status": isWritten = try pull.string() == "SUCCESS"
                        case "errors":
                            if pull.takeNull() { return }
                            try pull.object { pull, key throws(StoreError) in
                                guard key == "error", !pull.takeNull() else { return try pull.skip() }
                                messages = try Self.messages(&pull)
                            }
                        default: try pull.skip()
                        }
                    }
                }
                guard let isWritten else { throw pull.error("an object without a result") }
                if isWritten, messages.isEmpty { return nil }
                return .weaviate(messages: messages, service.configuration, applied: .no, resource: resource)
            }
        }
    }

    /// Reads the reply to a write: when it is no such reply, the write may have taken effect.
    private static func written<T>(
        _ body: [UInt8], _ read: (inout JSONPull) throws(StoreError) -> T
    ) throws(StoreError) -> T {
        do throws(StoreError) {
            return try JSONPull.read(body, read)
        } catch {
            throw error.filling(applied: .unknown)
        }
    }

    /// Deletes at most as many as the server gives results for: how many, and how many matched before.
    func delete(_ filter: WeaviateFilter, _ target: VectorTarget, _ context: CallContext) async throws(StoreError)
        -> (deleted: Int, failed: Int, matched: Int)
    {
        var writer = JSONWriter()
        writer.raw("{\"match\":{\"class\":")
        writer.append(WeaviateName.collection(target.collection.name))
        writer.raw(",\"where\":")
        filter.value(.json).append(to: &writer, as: .json)
        writer.raw("},\"output\":\"minimal\"}")
        let call = HTTPCall(
            .delete, ["batch", "objects"], query: [("tenant", WeaviateName.tenant(target.namespace))],
            body: writer.finish(), isWrite: true)
        let body = try await send(call, resource: target.collection.name, context: context)
        return try Self.written(body) { pull throws(StoreError) in
            var found: (deleted: Int, failed: Int, matched: Int)?
            try pull.object { pull, key throws(StoreError) in
                guard key == "results" else { return try pull.skip() }
                var numbers = (deleted: 0, failed: 0, matched: 0)
                try pull.object { pull, key throws(StoreError) in
                    switch key {
                    case "successful": numbers.deleted = Int(clamping: try pull.int())
                    case "failed": numbers.failed = Int(clamping: try pull.int())
                    case "matches": numbers.matched = Int(clamping: try pull.int())
                    default: try pull.skip()
                    }
                }
                found = numbers
            }
            guard let found else { throw pull.error("no results of a deletion") }
            return found
        }
    }
}
#endif
