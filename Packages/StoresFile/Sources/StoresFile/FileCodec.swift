import StoresCore

/// An object as one file: the body, then what is known of it.
///
/// ```
/// body            `size` bytes, from offset 0
/// "\n"
/// JSON            one line: key, etag, contentType, metadata, modified, sha256
/// "\n"
/// "stores-file 1 <size: 16 hex> <bytes of JSON: 8 hex> <SHA-256 of JSON and of this line before it: 64 hex>\n"
/// ```
///
/// One file, because one rename then changes data and metadata together, an open descriptor goes on reading the object
/// it opened, one `fsync` makes it durable, and a copy made by any tool is complete (extended attributes get lost in
/// copies, and a manifest beside immutable bodies needs a collector for the bodies that a crash leaves). The trailer
/// comes last, because the size and the hash are known last, and because then the body starts the file: most tools
/// that read from the front show it, `tail -n 2` shows the trailer, and ranges need no arithmetic.
enum FileCodec {
    static let version = 1
    /// Bytes of the last line.
    static let footerBytes = 105
    /// Of the metadata's keys and values together, in UTF-8.
    static let maxMetadataBytes = 64 << 10
    /// Of the JSON line, more than any put writes: a longer one is damage.
    static let maxJSONBytes = 1 << 20
    static let magic = "stores-file "

    struct Footer: Hashable {
        var bodySize: Int64
        var jsonBytes: Int
        var digest: String
    }

    enum FooterError: Error {
        case damaged(String)
        case version(String)
    }

    /// What follows the body.
    static func trailer(_ info: ArtifactInfo) throws(FileError) -> [UInt8] {
        var writer = JSONWriter()
        // Pairs, not an object: whatever the keys are, they read back.
        let metadata = info.metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        writer.append([
            "key": .string(info.key),
            "etag": .string(info.etag),
            "contentType": .string(info.contentType),
            "metadata": .array(metadata.map { .array([.string($0.key), .string($0.value)]) }),
            "modified": .int(info.modified.millisecondsSinceEpoch),
            "sha256": info.sha256.map { .string($0) } ?? .null,
        ])
        let json = writer.bytes
        let count = metadata.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        guard count <= maxMetadataBytes, json.count <= maxJSONBytes else {
            throw .store(
                StoreError(
                    .tooLarge, "metadata has at most \(maxMetadataBytes) bytes; got \(count)",
                    resource: info.key, applied: .no))
        }
        let line = "\(magic)\(version) \(hex(UInt64(info.size), 16)) \(hex(UInt64(json.count), 8)) "
        let digest = SHA256Digest.hexadecimal(of: json + Array(line.utf8))
        return [0x0A] + json + [0x0A] + Array(line.utf8) + Array(digest.utf8) + [0x0A]
    }

    /// Reads the last ``footerBytes`` bytes of a file.
    static func footer(_ bytes: ArraySlice<UInt8>) throws(FooterError) -> Footer {
        guard bytes.count == footerBytes, bytes.starts(with: magic.utf8), bytes.last == 0x0A,
            let text = String(validating: bytes.dropFirst(magic.utf8.count).dropLast(), as: UTF8.self)
        else { throw .damaged("its trailer is missing; the file was cut, or others wrote it") }
        let fields = text.split(separator: " ", omittingEmptySubsequences: false)
        guard let found = fields.first, found == "\(version)" else {
            let found = fields.first.flatMap { UInt64($0) }
            guard let found else { throw .damaged("its trailer is damaged") }
            throw .version("\(found)")
        }
        guard fields.count == 4, fields[1].utf8.count == 16, fields[2].utf8.count == 8, fields[3].utf8.count == 64,
            let size = Int64(fields[1], radix: 16), size >= 0, let json = Int(fields[2], radix: 16), json >= 0,
            json <= maxJSONBytes
        else { throw .damaged("its trailer is damaged") }
        return Footer(bodySize: size, jsonBytes: json, digest: String(fields[3]))
    }

    /// The size of a file with this footer; nil when it is too large to be true.
    static func fileSize(_ footer: Footer) -> Int64? {
        let (size, overflow) = footer.bodySize.addingReportingOverflow(Int64(footer.jsonBytes + 2 + footerBytes))
        return overflow ? nil : size
    }

    /// Whether the footer's hash is that of the JSON and of the footer itself.
    static func isIntact(_ footer: Footer, json: [UInt8]) -> Bool {
        let line = "\(magic)\(version) \(hex(UInt64(footer.bodySize), 16)) \(hex(UInt64(footer.jsonBytes), 8)) "
        return SHA256Digest.hexadecimal(of: json + Array(line.utf8)) == footer.digest
    }

    /// What the JSON line says; nil when it is not what ``trailer(_:)`` writes.
    static func info(json: [UInt8], size: Int64) -> ArtifactInfo? {
        guard case .object(let fields)? = try? JSONReader.value(from: json),
            case .string(let key)? = fields["key"], case .string(let etag)? = fields["etag"],
            case .string(let contentType)? = fields["contentType"], case .int(let modified)? = fields["modified"],
            case .array(let pairs)? = fields["metadata"], let hash = fields["sha256"]
        else { return nil }
        var metadata: [String: String] = [:]
        for pair in pairs {
            guard case .array(let items) = pair, items.count == 2, case .string(let key) = items[0],
                case .string(let value) = items[1]
            else { return nil }
            metadata[key] = value
        }
        let sha256: String?
        switch hash {
        case .string(let text): sha256 = text
        case .null: sha256 = nil
        default: return nil
        }
        return ArtifactInfo(
            key: key, size: size, etag: etag, contentType: contentType, metadata: metadata,
            modified: Timestamp(millisecondsSinceEpoch: modified), sha256: sha256)
    }

    private static func hex(_ value: UInt64, _ digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
