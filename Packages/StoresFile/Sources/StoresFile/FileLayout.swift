import StoresCore

/// Where a key lies under `objects/`, and back. The mapping is one to one on bytes:
///
/// - A key is split at `/`. Each segment but the last is a directory, whose name ends with `+`; the last is a file.
///   So `a` (`a`) and `a/b` (`a+/b`) coexist.
/// - `a`–`z`, `0`–`9`, `-`, `_`, `,`, `=`, `@` and `.` stand for themselves, `.` not in front. A capital is `+` and its
///   small letter (`README` is `+r+e+a+d+m+e`), so that a file system that ignores case keeps `a` and `A` apart. Every
///   other byte is `%` and two small hexadecimal digits, so that one that normalises Unicode keeps `é` and `é` apart.
/// - An empty segment is `%`.
/// - A segment of more than 80 bytes is cut after every 80; all but the last piece are directories that end with `++`.
///   So no name is longer than 242 bytes, where file systems have 255.
///
/// No name that this makes is `.`, `..`, hidden, or holds a separator, whatever the key: a key can't leave its root.
enum FileLayout {
    /// Bytes of a segment in one name. Fixed, not "what fits": pieces of equal length keep the order of bytes.
    static let pieceBytes = 80
    static let maxKeyBytes = 1024

    struct Place: Sendable, Hashable {
        /// From `objects/` down.
        var directories: [String]
        var file: String

        /// Relative to the root, for messages.
        var path: String { (["objects"] + directories + [file]).joined(separator: "/") }
    }

    /// What a name in a directory stands for.
    struct Name: Hashable {
        enum Kind: Hashable { case file, directory, continued }
        var kind: Kind
        var bytes: [UInt8]
    }

    /// - Throws: `invalidArgument` for a key that is empty, has more than 1024 bytes, NUL, or a `.` or `..` segment.
    static func place(of key: String) throws(FileError) -> Place {
        let bytes = Array(key.utf8)
        guard !bytes.isEmpty else { throw refused("an artifact key is not empty") }
        guard bytes.count <= maxKeyBytes else {
            throw refused("an artifact key has at most \(maxKeyBytes) bytes; got \(bytes.count)")
        }
        guard !bytes.contains(0) else { throw refused("an artifact key has no NUL") }
        var place = Place(directories: [], file: "")
        let segments = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            if segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8) {
                throw refused("an artifact key has no \".\" or \"..\" segment")
            }
            var rest = segment
            while rest.count > pieceBytes {
                place.directories.append(encode(rest.prefix(pieceBytes)) + "++")
                rest = rest.dropFirst(pieceBytes)
            }
            if index == segments.count - 1 {
                place.file = encode(rest)
            } else {
                place.directories.append(encode(rest) + "+")
            }
        }
        return place
    }

    /// The deepest directory that holds every key with a prefix, and how many of the prefix's bytes lead there.
    static func directories(ofPrefix prefix: [UInt8]) -> (names: [String], bytes: Int, isContinued: Bool) {
        var names: [String] = []
        var used = 0
        var isContinued = false
        var segments = prefix.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        var last = segments.popLast() ?? []
        for segment in segments {
            var rest = segment
            while rest.count > pieceBytes {
                names.append(encode(rest.prefix(pieceBytes)) + "++")
                rest = rest.dropFirst(pieceBytes)
            }
            names.append(encode(rest) + "+")
            used += segment.count + 1
        }
        while last.count > pieceBytes {
            names.append(encode(last.prefix(pieceBytes)) + "++")
            last = last.dropFirst(pieceBytes)
            used += pieceBytes
            isContinued = true
        }
        return (names, used, isContinued)
    }

    /// The name of up to ``pieceBytes`` bytes.
    static func encode(_ bytes: ArraySlice<UInt8>) -> String {
        guard !bytes.isEmpty else { return "%" }
        var name: [UInt8] = []
        name.reserveCapacity(bytes.count + 8)
        for (index, byte) in bytes.enumerated() {
            if isPlain(byte, isFirst: index == 0) {
                name.append(byte)
            } else if isCapital(byte) {
                name.append(UInt8(ascii: "+"))
                name.append(byte | 0x20)
            } else {
                name.append(UInt8(ascii: "%"))
                name.append(hex[Int(byte >> 4)])
                name.append(hex[Int(byte & 15)])
            }
        }
        return String(decoding: name, as: UTF8.self)
    }

    /// What a found name stands for; nil for any name that ``encode(_:)`` does not make.
    static func decode(_ name: UnsafeBufferPointer<UInt8>) -> Name? {
        var end = name.count
        var kind = Name.Kind.file
        if end >= 1, name[end - 1] == UInt8(ascii: "+") {
            end -= 1
            kind = .directory
            if end >= 1, name[end - 1] == UInt8(ascii: "+") {
                end -= 1
                kind = .continued
            }
        }
        guard end > 0 else { return nil }
        if end == 1, name[0] == UInt8(ascii: "%") { return kind == .continued ? nil : Name(kind: kind, bytes: []) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(end)
        var index = 0
        while index < end {
            let byte = name[index]
            if isPlain(byte, isFirst: index == 0) {
                bytes.append(byte)
                index += 1
            } else if byte == UInt8(ascii: "+"), index + 1 < end,
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(name[index + 1])
            {
                bytes.append(name[index + 1] & 0xDF)
                index += 2
            } else if byte == UInt8(ascii: "%"), index + 2 < end, let high = digit(name[index + 1]),
                let low = digit(name[index + 2])
            {
                let value = high << 4 | low
                guard value != 0, value != UInt8(ascii: "/"), !isCapital(value),
                    !isPlain(value, isFirst: bytes.isEmpty)
                else { return nil }
                bytes.append(value)
                index += 3
            } else {
                return nil
            }
        }
        guard kind == .continued ? bytes.count == pieceBytes : bytes.count <= pieceBytes else { return nil }
        return Name(kind: kind, bytes: bytes)
    }

    /// A number below 256 that every process agrees on: the lock that guards the key (FNV-1a).
    static func stripe(of key: String) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int((hash ^ hash >> 32 ^ hash >> 16) & 0xFF)
    }

    private static let hex = Array("0123456789abcdef".utf8)

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    private static func isCapital(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    private static func isPlain(_ byte: UInt8, isFirst: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ","), UInt8(ascii: "="), UInt8(ascii: "@"): true
        case UInt8(ascii: "."): !isFirst
        default: false
        }
    }

    private static func refused(_ message: String) -> FileError { .store(.invalidArgument(message)) }
}
