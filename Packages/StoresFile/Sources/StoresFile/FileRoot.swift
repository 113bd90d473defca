import StoresCore

/// The store's directory on disk. All functions block: they run on the adapter's threads.
///
/// ```
/// stores-file.json   what this directory is, and its version
/// objects/           one file for each object; names by ``FileLayout``
/// temporary/         objects while they are written, each under its writer's flock
/// locks/             256 lock files; a key is written under the one of its stripe
/// ```
///
/// The root is opened anew by each call, and everything below it through descriptors with `O_NOFOLLOW`: no link
/// within the store leads out of it, and no path is longer than one name.
struct FileRoot: Sendable {
    static let objects = "objects"
    static let temporary = "temporary"
    static let locks = "locks"

    let path: String
    let fsync: Bool
    /// What is called for a directory that must reach the medium.
    var syncDirectory: @Sendable (Descriptor, Posix.Path) throws(FileError) -> Void = {
        (directory, path) throws(FileError) in try Posix.sync(directory, path)
    }

    /// An object that was opened: what it was at that moment, whatever is put or deleted later.
    struct Object: Sendable {
        var descriptor: Descriptor
        var info: ArtifactInfo
    }

    /// A file that is being written, locked against the sweep.
    struct Temporary: Sendable {
        var directory: Descriptor
        var name: String
        var descriptor: Descriptor
    }

    func absolute(_ relative: String) -> String { "\(path)/\(relative)" }

    func open(_ name: String) throws(FileError) -> Descriptor {
        try Posix.openDirectory(name, in: try Posix.openDirectory(path), { absolute(name) })
    }

    // MARK: Objects

    /// A directory below `objects/`; nil when it is missing.
    func directory(_ names: some Sequence<String>) throws(FileError) -> Descriptor? {
        var current = try open(Self.objects)
        for name in names {
            do throws(FileError) {
                current = try Posix.openDirectory(name, in: current) { absolute("\(Self.objects)/…/\(name)") }
            } catch let error where error.isMissing {
                return nil
            }
        }
        return current
    }

    /// The object of a key; nil when it is missing.
    func object(_ key: String, at place: FileLayout.Place) throws(FileError) -> Object? {
        guard let directory = try directory(place.directories) else { return nil }
        return try object(named: place.file, in: directory, key: Array(key.utf8)) { absolute(place.path) }
    }

    /// Opens and checks one file of a directory; nil when it is missing.
    func object(
        named name: String, in directory: Descriptor, key: [UInt8], _ path: Posix.Path
    ) throws(FileError) -> Object? {
        let file: Descriptor
        do throws(FileError) {
            file = try Posix.openFile(name, in: directory, path)
        } catch let error where error.isMissing {
            return nil
        }
        let status = try Posix.status(file, path)
        guard status.isRegular else { throw .corrupt("not a regular file", path: path()) }
        return Object(descriptor: file, info: try Self.info(file, size: status.size, key: key, path))
    }

    /// Reads the trailer of an object's file.
    ///
    /// - Throws: `corrupt` unless the file's size, the trailer's hash and the key are right.
    static func info(_ file: Descriptor, size: Int64, key: [UInt8], _ path: Posix.Path) throws(FileError)
        -> ArtifactInfo
    {
        let guess: Int64 = 2048
        let start = max(0, size - guess)
        let tail = try Posix.read(file, at: start, count: Int(size - start), path)
        guard tail.count == Int(size - start), tail.count >= FileCodec.footerBytes + 2 else {
            throw .corrupt("its trailer is missing; the file was cut, or others wrote it", path: path())
        }
        let footer: FileCodec.Footer
        do throws(FileCodec.FooterError) {
            footer = try FileCodec.footer(tail.suffix(FileCodec.footerBytes))
        } catch {
            switch error {
            case .damaged(let reason): throw .corrupt(reason, path: path())
            case .version(let found):
                throw .foreign(
                    "written in version \(found) of the format; this library reads version \(FileCodec.version)",
                    path: path(), remedy: "update the library that reads it")
            }
        }
        guard FileCodec.fileSize(footer) == size else {
            throw .corrupt("its size is not what its trailer says; bytes were lost or added", path: path())
        }
        let wanted = footer.jsonBytes + 2 + FileCodec.footerBytes
        let trailer =
            wanted <= tail.count
            ? tail.suffix(wanted)
            : try Posix.read(file, at: size - Int64(wanted), count: wanted, path)[...]
        guard trailer.count == wanted else { throw .corrupt("it shrank while it was read", path: path()) }
        let json = Array(trailer.dropFirst().prefix(footer.jsonBytes))
        guard trailer.first == 0x0A, trailer.dropFirst(1 + footer.jsonBytes).first == 0x0A,
            FileCodec.isIntact(footer, json: json)
        else { throw .corrupt("its trailer's hash is wrong", path: path()) }
        guard let info = FileCodec.info(json: json, size: footer.bodySize) else {
            throw .corrupt("its trailer is not readable", path: path())
        }
        guard key.elementsEqual(info.key.utf8) else {
            throw .corrupt("it holds the object of another key; it was moved or copied here", path: path())
        }
        return info
    }

    /// Whether anything stands in an object's place, readable or not.
    func exists(_ place: FileLayout.Place) throws(FileError) -> Bool {
        guard let directory = try directory(place.directories) else { return false }
        return try Posix.exists(place.file, in: directory) { absolute(place.path) }
    }

    // MARK: Writing

    func makeTemporary() throws(FileError) -> Temporary {
        let directory = try open(Self.temporary)
        while true {
            let name = Self.random()
            let path = { absolute("\(Self.temporary)/\(name)") }
            let file = try Posix.createFile(name, in: directory, path)
            // A sweep may have met the file before its lock: then it holds the lock, or the file is gone.
            if try Posix.tryLock(file, path), try Posix.status(file, path).links > 0 {
                return Temporary(directory: directory, name: name, descriptor: file)
            }
        }
    }

    func discard(_ temporary: Temporary) throws(FileError) {
        _ = try Posix.remove(temporary.name, in: temporary.directory) {
            absolute("\(Self.temporary)/\(temporary.name)")
        }
    }

    /// Renames a temporary file to its place and returns the directory that holds it. Makes the directories that are
    /// missing, again and again while deletes of others remove them as empty.
    func publish(_ temporary: Temporary, at place: FileLayout.Place) throws(FileError) -> Descriptor {
        var attempts = 0
        while true {
            do throws(FileError) {
                let directory = try makeDirectories(place)
                try Posix.rename(temporary.name, in: temporary.directory, to: place.file, in: directory) {
                    absolute(place.path)
                }
                return directory
            } catch let error where error.isMissing && attempts < 1000 {
                attempts += 1
                // Not a race, and no use in trying again, when the temporary itself is gone with its directory.
                guard try Posix.status(temporary.descriptor, { absolute(Self.temporary) }).links > 0 else {
                    throw error
                }
            }
        }
    }

    /// Waits until the entry of a place, and those of all directories on its path, are on the medium: whoever made
    /// them may be another process that has not synced them yet.
    ///
    /// - Parameter directory: The one that holds the object's file.
    func syncEntries(of place: FileLayout.Place, from directory: Descriptor) throws(FileError) {
        let path = { absolute(place.path) }
        var current = directory
        do throws(FileError) {
            try syncDirectory(current, path)
            for _ in place.directories {
                current = try Posix.parent(of: current, path)
                try syncDirectory(current, path)
            }
        } catch let error where error.isMissing {
            // Another call has deleted the object, and the directory with it, in the meantime.
        } catch {
            // Readers see the change; whether it outlives a power cut is not known.
            throw .store(error.storeError.filling(applied: .unknown))
        }
    }

    private func makeDirectories(_ place: FileLayout.Place) throws(FileError) -> Descriptor {
        var current = try open(Self.objects)
        for name in place.directories {
            let path = { absolute(place.path) }
            do throws(FileError) {
                current = try Posix.openDirectory(name, in: current, path)
            } catch let error where error.isMissing {
                _ = try Posix.makeDirectory(name, in: current, path)
                current = try Posix.openDirectory(name, in: current, path)
            }
        }
        return current
    }

    /// Removes an object's file and returns the directory that held it; nil when it was missing.
    func remove(_ place: FileLayout.Place) throws(FileError) -> Descriptor? {
        guard let directory = try directory(place.directories) else { return nil }
        guard try Posix.remove(place.file, in: directory, { absolute(place.path) }) else { return nil }
        return directory
    }

    /// Removes the directories of a place from the deepest up while they are empty; best effort.
    func prune(_ place: FileLayout.Place, from directory: Descriptor) {
        var current = directory
        for name in place.directories.reversed() {
            guard let above = try? Posix.parent(of: current, { absolute(place.path) }),
                Posix.removeEmptyDirectory(name, in: above)
            else { return }
            current = above
        }
    }

    // MARK: Locks

    /// Takes the lock of a key's stripe; nil when another holds it for longer than a moment. Give it back with
    /// `Posix.unlock`.
    func tryLock(_ key: String) throws(FileError) -> Descriptor? {
        try tryLock(named: String(FileLayout.stripe(of: key)))
    }

    func tryLock(named name: String) throws(FileError) -> Descriptor? {
        let path = { absolute("\(Self.locks)/\(name)") }
        let file = try Posix.openLock(name, in: try open(Self.locks), path)
        // It is held while a rename is made, with no wait for the disk: microseconds.
        for attempt in 0..<8 {
            if try Posix.tryLock(file, path) { return file }
            Posix.pause(microseconds: 50 << UInt32(attempt / 2))
        }
        return nil
    }

    /// 32 hexadecimal digits that no two calls of any process share.
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return [generator.next() as UInt64, generator.next()].map { word in
            let text = String(word, radix: 16)
            return String(repeating: "0", count: 16 - text.utf8.count) + text
        }.joined()
    }
}
