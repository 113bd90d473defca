@_spi(Bytes) import StoresCore

/// Several events in one value. Each is: id, type, content type, number of entries of metadata, name and value of each,
/// data. Every text and the data is preceded by its length, every number has four bytes, most significant first.
enum KafkaFrames {
    static func encode(_ events: [NewEvent]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(events.reduce(0) { $0 + $1.data.count + 128 })
        for event in events {
            append(event.id.utf8, to: &bytes)
            append(event.type.utf8, to: &bytes)
            append(event.contentType.utf8, to: &bytes)
            append(UInt32(event.metadata.count), to: &bytes)
            for (name, value) in event.metadata {
                append(name.utf8, to: &bytes)
                append(value.utf8, to: &bytes)
            }
            append(event.data, to: &bytes)
        }
        return bytes
    }

    /// Nil for what is no such value of that many events.
    static func decode(_ bytes: UnsafeRawBufferPointer, count: Int) -> [NewEvent]? {
        var reader = Reader(bytes: bytes)
        // Each takes 20 bytes at least.
        guard (1...max(1, bytes.count / 20)).contains(count) else { return nil }
        var events: [NewEvent] = []
        events.reserveCapacity(count)
        for _ in 0..<count {
            guard let id = reader.text(), let type = reader.text(), let contentType = reader.text(),
                let entries = reader.number(), entries <= bytes.count / 8
            else { return nil }
            var metadata: [String: String] = [:]
            for _ in 0..<entries {
                guard let name = reader.text(), let value = reader.text() else { return nil }
                metadata[name] = value
            }
            guard let data = reader.bytes().map({ Array($0) }) else { return nil }
            events.append(NewEvent(id: id, type: type, data: data, contentType: contentType, metadata: metadata))
        }
        return reader.isAtEnd ? events : nil
    }

    private static func append(_ number: UInt32, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private static func append(_ part: some Collection<UInt8>, to bytes: inout [UInt8]) {
        append(UInt32(part.count), to: &bytes)
        bytes.append(contentsOf: part)
    }

    private struct Reader {
        let all: UnsafeRawBufferPointer
        private var at = 0

        init(bytes: UnsafeRawBufferPointer) {
            all = bytes
        }

        var isAtEnd: Bool { at == all.count }

        mutating func number() -> Int? {
            guard all.count - at >= 4 else { return nil }
            defer { at += 4 }
            return Int(UInt32(bigEndian: all.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
        }

        mutating func bytes() -> Slice<UnsafeRawBufferPointer>? {
            guard let count = number(), all.count - at >= count else { return nil }
            defer { at += count }
            return all[at..<at + count]
        }

        mutating func text() -> String? { bytes().flatMap { String(utf8: UnsafeRawBufferPointer(rebasing: $0)) } }
    }
}
