import StoresCore

/// Artifacts as files; see ``FileRoot`` for where, ``FileCodec`` for how.
///
/// A put writes a temporary file and renames it into place under its key's lock, so that conditions hold between
/// threads and between processes. Reads take no lock: they open a file, and what they opened stays as it was.
struct FileArtifactDriver: ArtifactDriver {
    let root: FileRoot
    let threads: FileThreads

    /// What is gathered before it goes to a thread.
    private static let writeBytes = 512 << 10

    func put(_ request: ArtifactPut, body: ArtifactBody, context: CallContext) async throws(StoreError) -> ArtifactInfo
    {
        let place = try translated { () throws(FileError) in try FileLayout.place(of: request.key) }
        var info = ArtifactInfo(
            key: request.key, size: 0, etag: FileRoot.random(), contentType: request.contentType,
            metadata: request.metadata, modified: context.now, sha256: nil)
        let root = root
        let draft = info
        let temporary = try await threads.run(context) { _ throws(FileError) in
            // Before the body is pulled: it may be long, and can be pulled once only.
            try root.demand(request.condition, key: request.key, at: place)
            _ = try FileCodec.trailer(draft)
            return try root.makeTemporary()
        }
        do throws(StoreError) {
            try await write(body, to: temporary, context)
            info.size = body.size
            info.sha256 = body.sha256
            info.modified = context.now
            let complete = info
            try await threads.run(context) { _ throws(FileError) in
                let path = { root.absolute("\(FileRoot.temporary)/\(temporary.name)") }
                try Posix.write(try FileCodec.trailer(complete), to: temporary.descriptor, path)
                if root.fsync { try Posix.sync(temporary.descriptor, path) }
            }
            try await publish(temporary, request, place, context)
        } catch {
            if error.applied == nil || error.applied == .no {
                await threads.finish { () throws(FileError) in try root.discard(temporary) }
            }
            throw error.filling(applied: .no)
        }
        return info
    }

    /// While one part is written, the next is pulled and hashed. No write is under way when this returns or throws.
    private func write(
        _ body: ArtifactBody, to temporary: FileRoot.Temporary, _ context: CallContext
    ) async throws(StoreError) {
        var gathered: [UInt8] = []
        var writing: Task<Result<Void, StoreError>, Never>?
        do throws(StoreError) {
            while let chunk = try await body.next() {
                if gathered.isEmpty { gathered = chunk } else { gathered += chunk }
                guard gathered.count >= Self.writeBytes else { continue }
                try await writing?.value.get()
                writing = start(gathered, temporary, context)
                gathered = []
            }
            try await writing?.value.get()
            if !gathered.isEmpty { try await start(gathered, temporary, context).value.get() }
        } catch {
            _ = await writing?.value
            throw error
        }
    }

    private func start(
        _ bytes: [UInt8], _ temporary: FileRoot.Temporary, _ context: CallContext
    ) -> Task<Result<Void, StoreError>, Never> {
        let (root, threads) = (root, threads)
        return Task {
            do throws(StoreError) {
                try await threads.run(context) { _ throws(FileError) in
                    try Posix.write(bytes, to: temporary.descriptor) {
                        root.absolute("\(FileRoot.temporary)/\(temporary.name)")
                    }
                }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
    }

    private func publish(
        _ temporary: FileRoot.Temporary, _ request: ArtifactPut, _ place: FileLayout.Place, _ context: CallContext
    ) async throws(StoreError) {
        let root = root
        try await locked(request.key, context) { () throws(FileError) -> Descriptor in
            try root.demand(request.condition, key: request.key, at: place)
            return try root.publish(temporary, at: place)
        } then: { (directory: Descriptor) throws(FileError) in
            if root.fsync { try root.syncEntries(of: place, from: directory) }
        }
    }

    func head(_ key: String, context: CallContext) async throws(StoreError) -> ArtifactInfo? {
        let root = root
        return try await threads.run(context) { _ throws(FileError) in
            try root.object(key, at: try FileLayout.place(of: key))?.info
        }
    }

    func get(_ key: String, range: ByteRange?, context: CallContext) async throws(StoreError) -> ArtifactDownload? {
        let root = root
        let place = try translated { () throws(FileError) in try FileLayout.place(of: key) }
        let object = try await threads.run(context) { _ throws(FileError) in try root.object(key, at: place) }
        guard let object else { return nil }
        let size = object.info.size
        guard let bytes = range.map({ $0.resolved(size: size) }) ?? 0..<size else {
            throw .invalidArgument("the range passes the end of an object of \(size) bytes", resource: key)
        }
        return ArtifactDownload(
            info: object.info, range: bytes,
            chunks: FileArtifactChunks(
                object.descriptor, range: bytes, path: root.absolute(place.path), threads: threads, context: context))
    }

    func delete(_ keys: [String], context: CallContext) async throws(StoreError) -> [Result<Bool, StoreError>] {
        var results: [Result<Bool, StoreError>] = []
        results.reserveCapacity(keys.count)
        for key in keys {
            do throws(StoreError) {
                results.append(.success(try await delete(key, context)))
            } catch {
                results.append(.failure(error.filling(resource: key, applied: .no)))
            }
        }
        return results
    }

    private func delete(_ key: String, _ context: CallContext) async throws(StoreError) -> Bool {
        let root = root
        let place = try translated { () throws(FileError) in try FileLayout.place(of: key) }
        return try await locked(key, context) { () throws(FileError) -> Descriptor? in
            try root.remove(place)
        } then: { (directory: Descriptor?) throws(FileError) -> Bool in
            guard let directory else { return false }
            if root.fsync {
                do throws(FileError) {
                    try Posix.sync(directory) { root.absolute(place.path) }
                } catch {
                    throw .store(error.storeError.filling(applied: .unknown))
                }
            }
            root.prune(place, from: directory)
            return true
        }
    }

    func list(_ request: ArtifactList, context: CallContext) async throws(StoreError) -> ArtifactListing {
        let root = root
        return try await threads.run(context) { control throws(FileError) in
            var lister = try FileLister(request, root: root, control: control)
            return try lister.page()
        }
    }

    /// Runs `change` under the key's lock and `then` after it. A lock that another process holds for long is waited
    /// for outside of the threads, so that other keys go on.
    private func locked<T: Sendable, R: Sendable>(
        _ key: String, _ context: CallContext, _ change: @escaping @Sendable () throws(FileError) -> T,
        then: @escaping @Sendable (T) throws(FileError) -> R
    ) async throws(StoreError) -> R {
        let root = root
        var wait = Duration.milliseconds(1)
        while true {
            let result = try await threads.run(context) { _ throws(FileError) -> R? in
                guard let lock = try root.tryLock(key) else { return nil }
                let changed: T
                do throws(FileError) {
                    changed = try change()
                } catch {
                    Posix.unlock(lock)
                    throw error
                }
                Posix.unlock(lock)
                return try then(changed)
            }
            if let result { return result }
            do {
                try await Task.sleep(for: min(wait * Double.random(in: 0.5...1), context.deadline.remaining))
            } catch {
                throw .cancelled(applied: .no)
            }
            if context.deadline.hasPassed {
                throw .timeout("waiting for another process's write of the key", applied: .no)
            }
            wait = min(wait * 2, .milliseconds(20))
        }
    }

    private func translated<T>(_ body: () throws(FileError) -> T) throws(StoreError) -> T {
        do throws(FileError) { return try body() } catch { throw error.storeError }
    }
}

extension FileRoot {
    /// Throws unless a put may go on. Certain only while the key's lock is held.
    ///
    /// An unreadable object counts as present. It may be overwritten, but no etag matches it.
    func demand(_ condition: ArtifactCondition, key: String, at place: FileLayout.Place) throws(FileError) {
        switch condition {
        case .none: return
        case .ifAbsent:
            guard try exists(place) else { return }
            let current = try? object(key, at: place)?.info.etag
            throw .store(.refused("the key exists", key, current: current))
        case .ifMatch(let etag):
            let current = try object(key, at: place)?.info.etag
            guard let current else { throw .store(.refused("the key does not exist", key, current: nil)) }
            guard current == etag else {
                throw .store(.refused("the object was written since its etag was read", key, current: current))
            }
        }
    }
}

extension StoreError {
    /// A condition that does not hold.
    fileprivate static func refused(_ message: String, _ key: String, current: String?) -> StoreError {
        StoreError(
            .conflict, message, remedy: "read the object again and decide anew", resource: key, applied: .no,
            conflict: .etag(current: current))
    }
}
