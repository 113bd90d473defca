#if SQLite
import StoresCore

/// The artifact tier's visible objects within one transaction.
struct SQLiteArtifacts {
    let connection: SQLiteConnection

    struct Stored {
        var info: ArtifactInfo
        var object: Int64
    }

    static let columns = "key, object_id, size, sha256, content_type, metadata, modified_at, checksum"

    func find(_ key: String) throws(StoreError) -> Stored? {
        try connection.first("SELECT \(Self.columns) FROM stores_artifacts WHERE key = ?1", [.text(key)]) {
            (row) throws(StoreError) in try stored(row)
        }
    }

    func stored(_ row: SQLiteRow) throws(StoreError) -> Stored {
        let object = row.int(1)
        let metadata = row.bytes(5)
        let strings = try? SQLiteCodec.strings(metadata, connection.path)
        let info = ArtifactInfo(
            key: row.text(0), size: row.int(2), etag: Self.etag(object), contentType: row.text(4),
            metadata: strings ?? [:], modified: row.timestamp(6),
            sha256: row.text(3))
        guard strings != nil, Self.checksum(info, object, String(decoding: metadata, as: UTF8.self)) == row.int(7)
        else {
            throw StoreError(
                .corrupt, "\(connection.path) is damaged: an object's description does not fit its checksum",
                remedy: "delete the object or put it anew, or restore the file from a backup", resource: info.key,
                applied: .no)
        }
        return Stored(info: info, object: object)
    }

    /// The number of an object is its etag: each write has one of its own.
    static func etag(_ object: Int64) -> String { String(object, radix: 16) }

    func check(_ condition: ArtifactCondition, _ key: String) throws(StoreError) {
        let current: String?
        let message: String
        switch condition {
        case .none: return
        case .ifAbsent:
            current = try find(key)?.info.etag
            if current == nil { return }
            message = "the object must be absent; it is there"
        case .ifMatch(let etag):
            current = try find(key)?.info.etag
            if current == etag { return }
            message = current == nil ? "the object is missing" : "the object has another etag"
        }
        throw StoreError(
            .conflict, message, remedy: "read the object's head again and repeat the put with its etag",
            resource: key, applied: .no, conflict: .etag(current: current))
    }

    /// Makes an object the one of its key; the one before stays for a while for its readers.
    func publish(_ object: Int64, _ request: ArtifactPut, size: Int64, sha256: String, now: Timestamp)
        throws(StoreError) -> ArtifactInfo
    {
        try check(request.condition, request.key)
        _ = try remove(request.key)
        guard try SQLiteArtifactObjects(connection: connection).publish(object) else {
            throw StoreError(
                .unavailable, "the upload took longer than its deadline allowed and was cleaned up",
                remedy: "give the put a later deadline", resource: request.key, applied: .no)
        }
        let info = ArtifactInfo(
            key: request.key, size: size, etag: Self.etag(object), contentType: request.contentType,
            metadata: request.metadata, modified: now, sha256: sha256)
        let metadata = SQLiteCodec.encode(request.metadata)
        try connection.run(
            "INSERT INTO stores_artifacts (\(Self.columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            [
                .text(info.key), .int(object), .int(size), .text(sha256), .text(info.contentType),
                .text(metadata), .int(now.millisecondsSinceEpoch), .int(Self.checksum(info, object, metadata)),
            ])
        _ = try SQLiteArtifactObjects.sweep(connection)
        return info
    }

    /// Takes a key's object away, readable or not; whether there was one. Its bytes stay for a while for its readers.
    func remove(_ key: String) throws(StoreError) -> Bool {
        let found = try connection.first(
            "SELECT \(Self.columns) FROM stores_artifacts WHERE key = ?1", [.text(key)]
        ) { row in (object: row.int(1), isIntact: (try? stored(row)) != nil) }
        guard let found else { return false }
        try connection.run("DELETE FROM stores_artifacts WHERE key = ?1", [.text(key)])
        if !found.isIntact {
            // The number may be what is damaged: another object's bytes must not go.
            let other = "SELECT 1 FROM stores_artifacts WHERE object_id = ?1 LIMIT 1"
            guard try connection.firstInt(other, [.int(found.object)]) == nil else { return true }
        }
        try SQLiteArtifactObjects(connection: connection).retire(found.object)
        return true
    }

    private static func checksum(_ info: ArtifactInfo, _ object: Int64, _ metadata: String) -> Int64 {
        var sum = SQLiteChecksum()
        sum.add(info.key)
        sum.add(object)
        sum.add(info.size)
        sum.add(info.sha256)
        sum.add(info.contentType)
        sum.add(metadata)
        sum.add(info.modified.millisecondsSinceEpoch)
        return sum.value
    }

    /// Keys in byte order; those that hold the delimiter after the prefix once, as their common prefix.
    func list(_ request: ArtifactList) throws(StoreError) -> ArtifactListing {
        let prefix = Array(request.prefix.utf8)
        let delimiter = Array((request.delimiter ?? "").utf8)
        let end = upperBound(ofPrefix: prefix) ?? [0xFF]
        var start = prefix
        if let cursor = request.cursor {
            let resumed = try CursorCodec.bytes(cursor, parts: 1...1)[0]
            if start.lexicographicallyPrecedes(resumed) { start = resumed }
        }
        var listing = ArtifactListing(objects: [])
        var count = 0
        var isMore = true
        while isMore {
            isMore = false
            try connection.each(
                "SELECT \(Self.columns) FROM stores_artifacts WHERE key >= ?1 AND key < ?2 ORDER BY key",
                [.textBytes(start), .textBytes(end)]
            ) { (row) throws(StoreError) in
                if count >= request.limit {
                    listing.next = CursorCodec.encode([start])
                    return false
                }
                let stored = try stored(row)
                let key = Array(stored.info.key.utf8)
                count += 1
                if let common = Self.common(key, after: prefix.count, delimiter) {
                    listing.commonPrefixes.append(String(decoding: common, as: UTF8.self))
                    // Whatever else has this prefix is skipped with one seek.
                    start = upperBound(ofPrefix: common) ?? end
                    isMore = true
                    return false
                }
                listing.objects.append(stored.info)
                start = key + [0]
                return true
            }
        }
        return listing
    }

    private static func common(_ key: [UInt8], after offset: Int, _ delimiter: [UInt8]) -> [UInt8]? {
        guard !delimiter.isEmpty, key.count >= offset + delimiter.count else { return nil }
        for index in offset...(key.count - delimiter.count)
        where key[index..<index + delimiter.count].elementsEqual(delimiter) {
            return Array(key[..<(index + delimiter.count)])
        }
        return nil
    }
}
#endif
