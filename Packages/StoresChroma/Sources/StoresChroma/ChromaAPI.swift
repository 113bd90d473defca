#if HTTP
import StoresCore
import StoresHTTP

/// Chroma's v2 protocol: paths, and what is made of a refusal.
struct ChromaAPI: Sendable {
    let service: HTTPService
    let tenant: String
    let database: String

    private var base: [String] { ["api", "v2", "tenants", tenant, "databases", database] }

    /// Sends a request and returns the body of a success.
    ///
    /// - Parameter path: Under the database.
    func send(
        _ method: HTTPCall.Method, _ path: [String], query: [(name: String, value: String)] = [],
        body: consuming [UInt8]? = nil, isWrite: Bool = false, resource: String? = nil, context: CallContext
    ) async throws(StoreError) -> [UInt8] {
        try await sendAbsolute(
            HTTPCall(method, base + path, query: query, body: body, isWrite: isWrite), resource: resource,
            context: context)
    }

    /// Outside the database: versions, tenants.
    func sendAbsolute(_ call: HTTPCall, resource: String? = nil, context: CallContext) async throws(StoreError)
        -> [UInt8]
    {
        try await service.send(call, resource: resource, context: context, known: HTTPRefusal.chroma).body
    }

    // MARK: Server

    func version(_ context: CallContext) async throws(StoreError) -> String {
        let body = try await sendAbsolute(HTTPCall(.get, ["api", "v2", "version"]), context: context)
        return try JSONPull.read(body) { pull throws(StoreError) in try pull.string() }
    }

    /// What the server takes in one call, and whether embeddings may be base64.
    func preflight(_ context: CallContext) async throws(StoreError) -> (maxBatch: Int, takesBase64: Bool) {
        let body = try await sendAbsolute(HTTPCall(.get, ["api", "v2", "pre-flight-checks"]), context: context)
        var found = (maxBatch: 5461, takesBase64: false)
        try JSONPull.read(body) { pull throws(StoreError) in
            try pull.object { pull, key throws(StoreError) in
                switch key {
                case "max_batch_size": found.maxBatch = Int(clamping: try pull.int())
                case "supports_base64_encoding": found.takesBase64 = try pull.bool()
                default: try pull.skip()
                }
            }
        }
        return found
    }

    /// Makes sure that tenant and database are there.
    func ensureDatabase(_ mode: SchemaMode, _ context: CallContext) async throws(StoreError) {
        do throws(StoreError) {
            _ = try await send(.get, [], resource: database, context: context)
        } catch {
            guard error.code == .notFound, mode == .create else {
                throw error.filling(
                    remedy: "let CHROMA_TENANT and CHROMA_DATABASE name what is there, or open with schema mode create")
            }
            try await create(["api", "v2", "tenants"], tenant, context)
            try await create(["api", "v2", "tenants", tenant, "databases"], database, context)
        }
    }

    private func create(_ path: [String], _ name: String, _ context: CallContext) async throws(StoreError) {
        var writer = JSONWriter()
        writer.append(["name": .string(name)])
        do throws(StoreError) {
            _ = try await sendAbsolute(
                HTTPCall(.post, path, body: writer.finish(), isWrite: true), resource: name, context: context)
        } catch  where error.code == .alreadyExists {
            return
        }
    }

    // MARK: Collections

    /// Nil when there is none of that name.
    func collection(_ name: String, _ context: CallContext) async throws(StoreError) -> ChromaCollection? {
        do throws(StoreError) {
            let body = try await send(.get, ["collections", name], context: context)
            return try JSONPull.read(body) { pull throws(StoreError) in try ChromaCollection(&pull) }
        } catch  where error.code == .notFound {
            return nil
        }
    }

    /// Makes a collection, or finds the one that somebody else made first.
    func createCollection(
        _ name: String, _ spec: VectorCollectionSpec, namespace: String, _ context: CallContext
    ) async throws(StoreError) -> ChromaCollection {
        let body = try ChromaCollection.creation(name, spec, namespace: namespace)
        do throws(StoreError) {
            let reply = try await send(
                .post, ["collections"], body: body, isWrite: true, resource: spec.name, context: context)
            return try JSONPull.read(reply) { pull throws(StoreError) in try ChromaCollection(&pull) }
        } catch  where error.code == .alreadyExists {
            guard let found = try await collection(name, context) else { throw error }
            return found
        }
    }

    /// Every collection of the database.
    func collections(_ context: CallContext) async throws(StoreError) -> [ChromaCollection] {
        let page = 1000
        var all: [ChromaCollection] = []
        while true {
            try context.check(applied: .no)
            let body = try await send(
                .get, ["collections"], query: [("limit", "\(page)"), ("offset", "\(all.count)")], context: context)
            let found = try JSONPull.read(body) { pull throws(StoreError) in
                try pull.list { pull throws(StoreError) in try ChromaCollection(&pull) }
            }
            all += found
            if found.count < page { return all }
        }
    }

    /// False when it was not there.
    func dropCollection(_ name: String, _ context: CallContext) async throws(StoreError) -> Bool {
        do throws(StoreError) {
            _ = try await send(.delete, ["collections", name], isWrite: true, resource: name, context: context)
            return true
        } catch  where error.code == .notFound {
            return false
        }
    }
}
#endif
