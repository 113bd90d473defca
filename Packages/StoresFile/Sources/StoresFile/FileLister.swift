import StoresCore

/// One page of a listing, in byte order of keys, directory by directory.
///
/// A directory is read whole (its order is the file system's) but only the names that can be on the page are kept,
/// so memory is bounded by the limit, not by the directory. A page of a directory of n objects costs n names read;
/// only the objects on the page are opened, and only the directories that the prefix and the cursor let in.
///
/// Among the entries of a directory the order is that of what they stand for: a file `n` is the key `n`, a directory
/// all keys that begin with `n/`. A directory of continued names holds keys on both sides of `n/`, and is visited
/// twice.
struct FileLister {
    private enum Part { case all, belowSlash, aboveSlash }

    private struct Entry {
        /// The bytes that the key begins with, by which entries are sorted; a file's are its key.
        var order: [UInt8]
        var name: FileLayout.Name
        var part: Part
    }

    private struct Level {
        var names: [String]
        var descriptor: Descriptor?
        /// Every key in the directory begins with it.
        var prefix: [UInt8]
        var part: Part
        var isContinued: Bool
        var entries: [Entry] = []
        var next = 0
        var isTruncated = true
    }

    /// Directories that stay open on the way down; deeper ones are opened again when they are returned to.
    private static let openLevels = 32
    private static let maxLimit = 10_000

    private let root: FileRoot
    private let control: FileThreads.Control
    private let prefix: [UInt8]
    private let delimiter: [UInt8]
    private let limit: Int
    /// Every key below was listed, or is not wanted.
    private var from: [UInt8]

    private var stack: [Level] = []
    private var objects: [ArtifactInfo] = []
    private var commonPrefixes: [String] = []
    private var count: Int { objects.count + commonPrefixes.count }

    init(_ request: ArtifactList, root: FileRoot, control: FileThreads.Control) throws(FileError) {
        self.root = root
        self.control = control
        prefix = Array(request.prefix.utf8)
        delimiter = Array((request.delimiter ?? "").utf8)
        limit = min(request.limit, Self.maxLimit)
        guard limit >= 1 else {
            throw .store(.invalidArgument("a listing's limit is at least 1; got \(request.limit)"))
        }
        guard request.delimiter != "" else { throw .store(.invalidArgument("a delimiter is not empty")) }
        from = prefix
        if let cursor = request.cursor {
            guard let start = Self.start(of: cursor), start.starts(with: prefix) else {
                throw .store(.invalidArgument("the cursor is not one of this listing's"))
            }
            from = start
        }
    }

    mutating func page() throws(FileError) -> ArtifactListing {
        let (names, used, isContinued) = FileLayout.directories(ofPrefix: prefix)
        stack = [
            Level(
                names: names, descriptor: nil, prefix: Array(prefix.prefix(used)), part: .all,
                isContinued: isContinued)
        ]
        while !stack.isEmpty {
            try control.check()
            let top = stack.count - 1
            guard mayHold(stack[top].prefix) else {
                stack.removeLast()
                continue
            }
            guard stack[top].next < stack[top].entries.count else {
                if stack[top].isTruncated { try scan(top) } else { stack.removeLast() }
                continue
            }
            let entry = stack[top].entries[stack[top].next]
            stack[top].next += 1
            if entry.name.kind == .file {
                guard try visit(entry, top) else { return listing(isLast: false) }
            } else {
                descend(entry, top)
            }
        }
        return listing(isLast: true)
    }

    /// - Returns: False when the page is full.
    private mutating func visit(_ entry: Entry, _ top: Int) throws(FileError) -> Bool {
        let key = entry.order
        // A key that is no text can't have been put; the file is someone else's.
        guard !key.lexicographicallyPrecedes(from), String(validating: key, as: UTF8.self) != nil else {
            return true
        }
        if let end = commonEnd(key) {
            guard count < limit else { return false }
            // A delimiter is text, and so ends where a character ends.
            commonPrefixes.append(String(decoding: key[..<end], as: UTF8.self))
            from = Self.successor(key[..<end])
            return true
        }
        guard let directory = try descriptor(top) else { return true }
        let name = FileLayout.encode(entry.name.bytes[...])
        let names = stack[top].names
        let path = { root.absolute(([FileRoot.objects] + names + [name]).joined(separator: "/")) }
        guard count < limit else { return false }
        let found: FileRoot.Object?
        do throws(FileError) {
            found = try root.object(named: name, in: directory, key: key, path)
        } catch {
            // Names the key: once that is deleted or put anew, the listing goes on from the same cursor.
            throw .store(error.storeError.filling(resource: String(decoding: key, as: UTF8.self)))
        }
        // Nil: deleted since the directory was read.
        guard let object = found else { return true }
        objects.append(object.info)
        from = key + [0]
        return true
    }

    private mutating func descend(_ entry: Entry, _ top: Int) {
        let name = FileLayout.encode(entry.name.bytes[...]) + (entry.name.kind == .continued ? "++" : "+")
        stack.append(
            Level(
                names: stack[top].names + [name], descriptor: nil,
                prefix: entry.name.kind == .continued ? stack[top].prefix + entry.name.bytes : entry.order,
                part: entry.part, isContinued: entry.name.kind == .continued))
    }

    /// The open directory of a level; nil when it is gone.
    private mutating func descriptor(_ level: Int) throws(FileError) -> Descriptor? {
        if let descriptor = stack[level].descriptor { return descriptor }
        let opened: Descriptor?
        if level > 0, let above = stack[level - 1].descriptor, let name = stack[level].names.last {
            do throws(FileError) {
                opened = try Posix.openDirectory(name, in: above) { root.absolute("\(FileRoot.objects)/…/\(name)") }
            } catch let error where error.isMissing {
                opened = nil
            }
        } else {
            opened = try root.directory(stack[level].names)
        }
        stack[level].descriptor = opened
        if level >= Self.openLevels { stack[level - Self.openLevels].descriptor = nil }
        return opened
    }

    /// Reads a directory: the first entries in order from `from` on, as many as the page can need.
    private mutating func scan(_ index: Int) throws(FileError) {
        let level = stack[index]
        let start = level.entries.last.map { $0.order + [0] } ?? []
        stack[index].entries = []
        stack[index].next = 0
        stack[index].isTruncated = false
        guard let directory = try descriptor(index) else { return }
        // One more than fits tells whether there is more; a few for directories that turn out empty.
        let kept = max(16, limit - count + 1)
        var found: [Entry] = []
        var last: [UInt8]?
        var seen = 0
        var isTruncated = false
        let control = control
        try Posix.forEachName(in: directory, { root.absolute(FileRoot.objects) }) { raw throws(FileError) in
            seen += 1
            if seen % 512 == 0 { try control.check() }
            guard let name = FileLayout.decode(raw), !level.isContinued || !name.bytes.isEmpty else { return }
            switch level.part {
            case .all: break
            case .belowSlash: guard let first = name.bytes.first, first < UInt8(ascii: "/") else { return }
            case .aboveSlash: guard let first = name.bytes.first, first > UInt8(ascii: "/") else { return }
            }
            for entry in Self.entries(name, level.prefix) {
                guard isWanted(entry), !entry.order.lexicographicallyPrecedes(start) else { continue }
                if let last, !entry.order.lexicographicallyPrecedes(last) {
                    isTruncated = true
                    continue
                }
                found.append(entry)
                if found.count >= 2 * kept {
                    (found, isTruncated) = (compacted(found, kept), true)
                    last = found.count == kept ? found.last?.order : nil
                }
            }
        }
        found = compacted(found, .max)
        if found.count > kept {
            found.removeLast(found.count - kept)
            isTruncated = true
        }
        stack[index].entries = found
        stack[index].isTruncated = isTruncated && !found.isEmpty
    }

    /// Sorted; of the files that roll up to one common prefix the first; the first `kept`.
    private func compacted(_ entries: [Entry], _ kept: Int) -> [Entry] {
        var result: [Entry] = []
        var common: ArraySlice<UInt8>?
        for entry in entries.sorted(by: { $0.order.lexicographicallyPrecedes($1.order) }) {
            guard result.count < kept else { break }
            if entry.name.kind == .file, let end = commonEnd(entry.order) {
                if let common, common == entry.order[..<end] { continue }
                common = entry.order[..<end]
            }
            result.append(entry)
        }
        return result
    }

    private static func entries(_ name: FileLayout.Name, _ prefix: [UInt8]) -> [Entry] {
        let bytes = prefix + name.bytes
        switch name.kind {
        case .file: return [Entry(order: bytes, name: name, part: .all)]
        case .directory: return [Entry(order: bytes + [UInt8(ascii: "/")], name: name, part: .all)]
        case .continued:
            // Between the key that ends here and those that go on with a slash, and behind them.
            return [
                Entry(order: bytes + [0x01], name: name, part: .belowSlash),
                Entry(order: bytes + [UInt8(ascii: "/") + 1], name: name, part: .aboveSlash),
            ]
        }
    }

    private func isWanted(_ entry: Entry) -> Bool {
        switch entry.name.kind {
        case .file: entry.order.starts(with: prefix) && !entry.order.lexicographicallyPrecedes(from)
        case .directory: mayHold(entry.order)
        case .continued: mayHold(Array(entry.order.dropLast()))
        }
    }

    /// Whether keys that begin with `bytes` can be on the page.
    private func mayHold(_ bytes: [UInt8]) -> Bool {
        (bytes.starts(with: prefix) || prefix.starts(with: bytes))
            && (!bytes.lexicographicallyPrecedes(from) || from.starts(with: bytes))
    }

    /// Where the common prefix of a key ends; nil when it is listed as itself.
    private func commonEnd(_ key: [UInt8]) -> Int? {
        guard !delimiter.isEmpty, key.count >= prefix.count + delimiter.count else { return nil }
        for start in prefix.count...(key.count - delimiter.count)
        where key[start] == delimiter[0] && key[start...].starts(with: delimiter) {
            return start + delimiter.count
        }
        return nil
    }

    /// The least bytes above all that begin with `bytes`. UTF-8 has no 0xFF.
    private static func successor(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result = Array(bytes)
        if let last = result.popLast() { result.append(last == .max ? last : last + 1) }
        return result
    }

    private func listing(isLast: Bool) -> ArtifactListing {
        ArtifactListing(
            objects: objects, commonPrefixes: commonPrefixes,
            next: isLast ? nil : Cursor(rawValue: "f1." + from.map { Self.hex($0) }.joined()))
    }

    private static func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    private static func start(of cursor: Cursor) -> [UInt8]? {
        let text = Array(cursor.rawValue.utf8)
        guard text.starts(with: "f1.".utf8), text.count % 2 == 1, text.count <= 3 + 2 * (FileLayout.maxKeyBytes + 1)
        else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 3, to: text.count, by: 2) {
            guard let high = Character(Unicode.Scalar(text[index])).hexDigitValue,
                let low = Character(Unicode.Scalar(text[index + 1])).hexDigitValue
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}
