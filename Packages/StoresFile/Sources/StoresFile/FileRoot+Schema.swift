import StoresCore

extension FileRoot {
    static let marker = "stores-file.json"
    static let version = 1

    /// What may lie in a directory that becomes a store.
    private static let harmless: Set<String> = [
        objects, temporary, locks, marker, "lost+found", ".DS_Store", ".gitkeep", ".gitignore", ".keep",
    ]

    /// Makes or checks the store's directory.
    ///
    /// - Throws: `schemaMismatch` when the directory is not a store's, or of another version, or with `verify` missing.
    func prepare(_ mode: SchemaMode) throws(FileError) {
        switch mode {
        case .off: return
        case .create:
            try makeRoot()
            let root = try Posix.openDirectory(path)
            let isNew = try readMarker(root) == nil
            if isNew { try demandHarmless(root) }
            for name in [Self.objects, Self.temporary, Self.locks] {
                _ = try Posix.makeDirectory(name, in: root, { absolute(name) })
            }
            if isNew {
                if fsync { syncAncestors(of: root) }
                try writeMarker(root)
            } else if fsync {
                // Another process may have written it a moment ago, and not have synced it yet.
                try syncDirectory(root) { path }
            }
        case .verify:
            let root: Descriptor
            do throws(FileError) {
                root = try Posix.openDirectory(path)
            } catch let error where error.isMissing {
                throw notAStore("no such directory")
            }
            guard try readMarker(root) != nil else { throw notAStore("not a store's directory: no \(Self.marker)") }
            for name in [Self.objects, Self.temporary, Self.locks] {
                guard try Posix.exists(name, in: root, { absolute(name) }) else {
                    throw notAStore("the directory \(name) is missing")
                }
            }
        }
    }

    /// Removes the temporary files whose writers are gone; those of live ones are locked.
    ///
    /// - Returns: How many were removed.
    @discardableResult
    func sweep(check: () throws(FileError) -> Void = {}) throws(FileError) -> Int {
        let directory: Descriptor
        do throws(FileError) {
            directory = try open(Self.temporary)
        } catch let error where error.isMissing {
            return 0
        }
        var names: [String] = []
        try Posix.forEachName(in: directory, { absolute(Self.temporary) }) { name throws(FileError) in
            if name.count == 32 { names.append(String(decoding: name, as: UTF8.self)) }
        }
        var removed = 0
        for name in names {
            try check()
            let path = { absolute("\(Self.temporary)/\(name)") }
            do throws(FileError) {
                let file = try Posix.openFile(name, in: directory, path)
                guard try Posix.tryLock(file, path) else { continue }
                if try Posix.remove(name, in: directory, path) { removed += 1 }
            } catch {
                // Swept by another, or of another user: no reason not to start.
                continue
            }
        }
        return removed
    }

    private func makeRoot() throws(FileError) {
        var made = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: true) {
            made += "/" + part
            do throws(FileError) {
                let isNew = try Posix.makeDirectory(made)
                if isNew, fsync {
                    try Posix.sync(try Posix.parent(of: try Posix.openDirectory(made)) { made }) { made }
                }
            } catch {
                // A directory above that exists may still refuse a mkdir (read-only file system, no permission).
                guard (try? Posix.openDirectory(made)) != nil else { throw error }
            }
        }
    }

    /// The directories on the way to the root, whichever process made them: a store that has its marker is found
    /// after a power cut. Best effort: those above that are not this user's may not be opened.
    private func syncAncestors(of root: Descriptor) {
        var current = root
        for _ in path.split(separator: "/", omittingEmptySubsequences: true) {
            guard let above = try? Posix.parent(of: current, { path }) else { return }
            try? syncDirectory(above) { path }
            current = above
        }
    }

    /// The marker's version; nil when there is none.
    private func readMarker(_ root: Descriptor) throws(FileError) -> Int64? {
        let path = { absolute(Self.marker) }
        let file: Descriptor
        do throws(FileError) {
            file = try Posix.openFile(Self.marker, in: root, path)
        } catch let error where error.isMissing {
            return nil
        }
        let bytes = try Posix.read(file, at: 0, count: 4096, path)
        guard case .object(let fields)? = try? JSONReader.value(from: bytes), fields["format"] == "stores-file",
            case .int(let version)? = fields["version"]
        else { throw notAStore("\(Self.marker) is not a store's marker") }
        guard version == Self.version else {
            throw .foreign(
                "a store of layout version \(version); this library knows version \(Self.version)", path: self.path,
                remedy: version > Self.version
                    ? "update the library, or choose another ARTIFACT_DIR" : "choose another ARTIFACT_DIR")
        }
        return version
    }

    /// Concurrent first starts write the same bytes: whoever is last changes nothing.
    private func writeMarker(_ root: Descriptor) throws(FileError) {
        let temporary = try makeTemporary()
        let path = { absolute(Self.marker) }
        do throws(FileError) {
            let text = "{\"format\":\"stores-file\",\"version\":\(Self.version)}\n"
            try Posix.write(Array(text.utf8), to: temporary.descriptor, path)
            if fsync { try Posix.sync(temporary.descriptor, path) }
            try Posix.rename(temporary.name, in: temporary.directory, to: Self.marker, in: root, path)
            if fsync { try Posix.sync(root, path) }
        } catch {
            try? discard(temporary)
            throw error
        }
    }

    private func demandHarmless(_ root: Descriptor) throws(FileError) {
        try Posix.forEachName(in: root, { path }) { name throws(FileError) in
            guard !Self.harmless.contains(String(decoding: name, as: UTF8.self)) else { return }
            throw notAStore("the directory holds other files than a store's")
        }
    }

    private func notAStore(_ reason: String) -> FileError {
        .foreign(
            reason, path: path,
            remedy: "set ARTIFACT_DIR to a store's directory, or to an empty one and start with schema mode create")
    }
}
