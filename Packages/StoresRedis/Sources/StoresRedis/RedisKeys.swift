/// How the library's keys are spelled. Whatever a caller names stays behind the prefix.
///
/// `stores:s:{user}/42` is the session key `user/42`: the leading segments stand in braces, by which a cluster chooses
/// the slot, so that the keys of one user's transaction are on one server. `stores:l:{user}/42` is the lease of that
/// name. The event tier has one slot, since its events have one order: `stores:{stores:events}:…`.
struct RedisKeys: Sendable {
    enum Space: UInt8, Sendable {
        case entry = 0x73  // s
        case lease = 0x6C  // l
        /// No such key is ever written.
        case probe = 0x70  // p
    }

    let prefix: [UInt8]
    /// How many leading segments stand in the braces.
    let slotSegments: Int
    private let eventPrefix: [UInt8]

    init(prefix: String, slotSegments: Int) {
        self.prefix = Array(prefix.utf8)
        self.slotSegments = slotSegments
        eventPrefix = Array("\(prefix){\(prefix)events}:".utf8)
    }

    private static let slash = UInt8(ascii: "/")
    private static let percent = UInt8(ascii: "%")
    private static let close = UInt8(ascii: "}")

    // MARK: Session keys

    /// Writes a session key or lease as an argument.
    func write(_ space: Space, _ key: String, to writer: inout RedisWriter) {
        var key = key
        key.withUTF8 { text in
            let end = tagEnd(text)
            let count = prefix.count + 3 + tagCount(text[..<end]) + 1 + (text.count - end)
            writer.argument(count: count) { append(space, UnsafeBufferPointer(rebasing: text[...]), end, to: &$0) }
        }
    }

    /// A session key or lease as the server has it.
    func bytes(_ space: Space, _ key: String) -> [UInt8] {
        var key = key
        var bytes: [UInt8] = []
        key.withUTF8 { text in append(space, text, tagEnd(text), to: &bytes) }
        return bytes
    }

    private func append(_ space: Space, _ text: UnsafeBufferPointer<UInt8>, _ end: Int, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: prefix)
        bytes.append(space.rawValue)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(UInt8(ascii: "{"))
        if end == 0 { bytes.append(Self.percent) }
        for byte in text[..<end] {
            // A brace in the name would end the tag early, and two keys of one user might part.
            switch byte {
            case Self.percent: bytes.append(contentsOf: [Self.percent, UInt8(ascii: "2"), UInt8(ascii: "5")])
            case Self.close: bytes.append(contentsOf: [Self.percent, UInt8(ascii: "7"), UInt8(ascii: "D")])
            default: bytes.append(byte)
            }
        }
        bytes.append(Self.close)
        bytes.append(contentsOf: text[end...])
    }

    /// Where the leading segments end.
    private func tagEnd(_ text: UnsafeBufferPointer<UInt8>) -> Int {
        var missing = slotSegments
        for (index, byte) in text.enumerated() where byte == Self.slash {
            missing -= 1
            if missing == 0 { return index }
        }
        return text.count
    }

    /// Bytes of the escaped tag; an empty one is a lone `%`.
    private func tagCount(_ tag: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
        tag.isEmpty ? 1 : tag.count + 2 * tag.count { $0 == Self.percent || $0 == Self.close }
    }

    /// The session key of a key on the server; nil when it is none.
    func sessionKey(_ bytes: [UInt8]) -> String? {
        let start = prefix.count + 3
        guard bytes.count > start, bytes.starts(with: prefix), bytes[prefix.count] == Space.entry.rawValue,
            let end = bytes[start...].firstIndex(of: Self.close)
        else { return nil }
        var text: [UInt8] = []
        var index = start
        while index < end {
            guard bytes[index] == Self.percent else {
                text.append(bytes[index])
                index += 1
                continue
            }
            guard index + 2 < end else { break }
            text.append(bytes[index + 1] == UInt8(ascii: "2") ? Self.percent : Self.close)
            index += 3
        }
        text += bytes[(end + 1)...]
        return String(validating: text, as: UTF8.self)
    }

    /// What the keys within a prefix have in common.
    struct Range: Sendable {
        /// The key that equals the prefix; nil where all are meant.
        var exact: [UInt8]?
        /// How the others begin.
        var start: [UInt8]
        /// Where all of them are in one slot, a key of it that is never there.
        var probe: [UInt8]?

        /// For SCAN's MATCH: everything that begins like both, with what is special to it escaped.
        var pattern: [UInt8] {
            // The exact key begins like the others but for the last byte or two: "{a}" and "{a}/", or "{a}" and "{a/".
            let common = exact.map { exact in zip(exact, start).prefix { $0 == $1 }.map(\.0) } ?? start
            var pattern: [UInt8] = []
            for byte in common {
                if "*?[]\\^-".utf8.contains(byte) { pattern.append(UInt8(ascii: "\\")) }
                pattern.append(byte)
            }
            return pattern + [UInt8(ascii: "*")]
        }
    }

    /// The session keys within a prefix of whole segments; nil: all of them.
    func range(_ prefix: String?) -> Range {
        guard let prefix else {
            return Range(exact: nil, start: self.prefix + [Space.entry.rawValue] + Array(":{".utf8))
        }
        let exact = bytes(.entry, prefix)
        let isOneSlot = prefix.utf8.count { $0 == Self.slash } + 1 >= slotSegments
        // With fewer segments than the tag has, what follows stands inside the braces.
        return Range(
            exact: exact, start: (isOneSlot ? exact : exact.dropLast()) + [Self.slash],
            probe: isOneSlot ? bytes(.probe, prefix) : nil)
    }

    // MARK: Events

    /// A key of the event tier: what it is, and for whom.
    func event(_ kind: StaticString, _ name: String = "") -> [UInt8] {
        var bytes = eventPrefix
        kind.withUTF8Buffer { bytes.append(contentsOf: $0) }
        if !name.isEmpty {
            bytes.append(UInt8(ascii: ":"))
            bytes.append(contentsOf: name.utf8)
        }
        return bytes
    }

    /// The slot of a key in a cluster.
    ///
    /// Source: Redis cluster specification, "Key distribution model" and "Hash tags".
    static func slot(_ key: [UInt8]) -> Int {
        var part = key[...]
        if let open = key.firstIndex(of: UInt8(ascii: "{")),
            let end = key[(open + 1)...].firstIndex(of: close), end > open + 1
        {
            part = key[(open + 1)..<end]
        }
        return Int(crc16(part) % 16384)
    }

    /// CRC-16/XMODEM: polynomial 0x1021, starting at 0.
    private static func crc16(_ bytes: ArraySlice<UInt8>) -> UInt16 {
        var crc: UInt16 = 0
        for byte in bytes {
            crc ^= UInt16(byte) << 8
            for _ in 0..<8 { crc = crc & 0x8000 != 0 ? crc << 1 ^ 0x1021 : crc << 1 }
        }
        return crc
    }
}
