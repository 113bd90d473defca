#if SQLite
import StoresCore

/// The artifact tier. A body is written in chunks under the number of a new object, which one last transaction
/// makes visible with the condition checked in it; a reader sees the object before or the one after (A4).
struct SQLiteArtifactDriver: ArtifactDriver {
    let backend: SQLiteBackend

    /// What one transaction of an upload writes, and the memory that an upload takes: plus one piece of the body.
    private static let batchBytes = 1 << 20

    func put(_ request: ArtifactPut, body: ArtifactBody, context: CallContext) async throws(StoreError)
        -> ArtifactInfo
    {
        if request.condition != .none {
            // Who would be refused at the end is refused before the first byte.
            try await backend.read(context) { (connection) throws(StoreError) in
                try SQLiteArtifacts(connection: connection).check(request.condition, request.key)
            }
        }
        var buffer = try await fill([], from: body)
        // A small body is one transaction.
        if buffer.count < Self.batchBytes { return try await finish(request, nil, 0, buffer, body, context) }
        let deadline = context.deadline
        let object = try await backend.write(context) { (connection) throws(StoreError) in
            try SQLiteArtifactObjects(connection: connection).create(until: deadline)
        }
        do {
            var next: Int64 = 0
            while buffer.count >= Self.batchBytes {
                // Whole chunks; the rest waits for what follows.
                let whole = buffer.count / SQLiteArtifactObjects.chunkBytes * SQLiteArtifactObjects.chunkBytes
                let (part, index) = (buffer[..<whole], next)
                next = try await backend.write(context) { (connection) throws(StoreError) in
                    try SQLiteArtifactObjects(connection: connection).write(part, to: object, from: index)
                }
                buffer = try await fill(Array(buffer[whole...]), from: body)
            }
            return try await finish(request, object, next, buffer, body, context)
        } catch {
            await discard(object)
            throw error
        }
    }

    /// Pulls until there is enough for a transaction, or the body ends.
    private func fill(_ buffer: [UInt8], from body: ArtifactBody) async throws(StoreError) -> [UInt8] {
        var buffer = buffer
        while buffer.count < Self.batchBytes, let chunk = try await body.next() { buffer += chunk }
        return buffer
    }

    private func finish(
        _ request: ArtifactPut, _ known: Int64?, _ index: Int64, _ rest: [UInt8], _ body: ArtifactBody,
        _ context: CallContext
    ) async throws(StoreError) -> ArtifactInfo {
        guard let sha256 = body.sha256 else {
            throw StoreError(.internal, "the body did not end", resource: request.key, applied: .no)
        }
        let size = body.size
        return try await backend.write(context) { (connection) throws(StoreError) in
            let objects = SQLiteArtifactObjects(connection: connection)
            let object = if let known { known } else { try objects.create(until: nil) }
            _ = try objects.write(rest[...], to: object, from: index)
            return try SQLiteArtifacts(connection: connection).publish(
                object, request, size: size, sha256: sha256, now: context.now)
        }
    }

    /// Removes an upload's chunks, also when the call was cancelled or its time is over. If this fails, too, a
    /// later sweep does it.
    private func discard(_ object: Int64) async {
        let backend = backend
        await Task {
            let context = CallContext(deadline: .after(.seconds(10)))
            try? await backend.write(context) { (connection) throws(StoreError) in
                try SQLiteArtifactObjects(connection: connection).remove(object)
            }
        }.value
    }

    func head(_ key: String, context: CallContext) async throws(StoreError) -> ArtifactInfo? {
        try await backend.read(context) { (connection) throws(StoreError) in
            try SQLiteArtifacts(connection: connection).find(key)?.info
        }
    }

    func get(_ key: String, range: ByteRange?, context: CallContext) async throws(StoreError)
        -> ArtifactDownload?
    {
        let found = try await backend.read(context) { (connection) throws(StoreError) in
            try SQLiteArtifacts(connection: connection).find(key).map { ($0.info, $0.object) }
        }
        guard let (info, object) = found else { return nil }
        var bytes = 0..<info.size
        if let range {
            guard let resolved = range.resolved(size: info.size) else {
                throw .invalidArgument("the range passes the end of the object's \(info.size) bytes", resource: key)
            }
            bytes = resolved
        }
        return ArtifactDownload(
            info: info, range: bytes,
            chunks: SQLiteArtifactChunks(backend, object, info, bytes, context.deadline))
    }

    func delete(_ keys: [String], context: CallContext) async throws(StoreError) -> [Result<Bool, StoreError>] {
        if keys.isEmpty { return [] }
        return try await backend.write(context) { (connection) throws(StoreError) in
            var results: [Result<Bool, StoreError>] = []
            for key in keys { results.append(.success(try SQLiteArtifacts(connection: connection).remove(key))) }
            _ = try SQLiteArtifactObjects.sweep(connection)
            return results
        }
    }

    func list(_ request: ArtifactList, context: CallContext) async throws(StoreError) -> ArtifactListing {
        guard request.limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(request.limit)") }
        return try await backend.read(context, snapshot: true) { (connection) throws(StoreError) in
            try SQLiteArtifacts(connection: connection).list(request)
        }
    }
}
#endif
