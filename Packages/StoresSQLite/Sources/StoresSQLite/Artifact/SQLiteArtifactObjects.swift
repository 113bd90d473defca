#if SQLite
import StoresCore

/// Bodies: rows of at most 256 KiB under an object's number.
///
/// A number is never used again, so who reads an object by its number gets its bytes or none, never another's.
/// `sweep_after` is set while an object is invisible: during its upload (to the end of the call's time; a process
/// that died can't clear it), and after it was replaced or deleted (so that readers can finish).
struct SQLiteArtifactObjects {
    static let chunkBytes = 256 << 10
    private static let bits: Int64 = 24
    private static let maxObject: Int64 = 1 << 38
    /// How long the bytes of a replaced or deleted object stay for those who are reading them.
    static let grace = Duration.seconds(120)
    /// How many chunks one write frees at most: 64 MiB.
    private static let sweepCount: Int64 = 256

    let connection: SQLiteConnection

    /// Physical housekeeping goes by the machine's clock; the injected one may stand still or jump.
    private static var clock: Timestamp { SystemStoreClock().now }

    func create(until deadline: Deadline?) throws(StoreError) -> Int64 {
        let sweepAfter = deadline.map { deadline in
            Self.clock.advanced(by: deadline.remaining).advanced(by: .seconds(60)).millisecondsSinceEpoch
        }
        try connection.run(
            "INSERT INTO stores_artifact_objects (sweep_after) VALUES (?1)", [SQLiteValue(sweepAfter)])
        let id = connection.lastInsertedRow
        guard id < Self.maxObject else {
            throw StoreError(.tooLarge, "the file has had too many objects", applied: .no)
        }
        return id
    }

    /// False when somebody swept it: its upload was taken for dead.
    func publish(_ object: Int64) throws(StoreError) -> Bool {
        try connection.run(
            "UPDATE stores_artifact_objects SET sweep_after = NULL WHERE object_id = ?1", [.int(object)]) == 1
    }

    func retire(_ object: Int64) throws(StoreError) {
        let sweepAfter = Self.clock.advanced(by: Self.grace).millisecondsSinceEpoch
        try connection.run(
            "UPDATE stores_artifact_objects SET sweep_after = ?2 WHERE object_id = ?1",
            [.int(object), .int(sweepAfter)])
    }

    func write(_ bytes: ArraySlice<UInt8>, to object: Int64, from index: Int64) throws(StoreError) -> Int64 {
        var index = index
        var rest = bytes
        let insert = try connection.prepare(
            "INSERT INTO stores_artifact_chunks (chunk_id, checksum, data) VALUES (?1, ?2, ?3)")
        while !rest.isEmpty {
            guard index < 1 << Self.bits else {
                throw StoreError(.tooLarge, "an object has at most 4 TiB", applied: .no)
            }
            let chunk = rest.prefix(Self.chunkBytes)
            rest = rest.dropFirst(Self.chunkBytes)
            try insert.bind(1, Self.row(object, index))
            try chunk.withUnsafeBufferPointer { (chunk) throws(StoreError) in
                try insert.bind(2, Self.checksum(UnsafeRawBufferPointer(chunk)))
                try insert.bind(3, UnsafeRawBufferPointer(chunk))
            }
            try insert.run()
            index += 1
        }
        return index
    }

    /// Nil when the object's bytes are gone.
    func chunk(_ index: Int64, of object: Int64) throws(StoreError) -> [UInt8]? {
        try connection.first(
            "SELECT checksum, data FROM stores_artifact_chunks WHERE chunk_id = ?1",
            [.int(Self.row(object, index))]
        ) { (row) throws(StoreError) in
            let bytes = row.bytes(1)
            guard bytes.withUnsafeBytes({ Self.checksum($0) }) == row.int(0) else {
                throw .corruptFile(connection.path, "a part of an object does not fit its checksum")
            }
            return bytes
        }
    }

    /// Removes an object's chunks and then its row, at most `count` chunks.
    private func remove(_ object: Int64, chunks count: Int64) throws(StoreError) -> Int64 {
        let removed = try connection.run(
            """
            DELETE FROM stores_artifact_chunks WHERE chunk_id IN
            (SELECT chunk_id FROM stores_artifact_chunks WHERE chunk_id BETWEEN ?1 AND ?2 LIMIT ?3)
            """,
            [.int(Self.row(object, 0)), .int(Self.row(object + 1, 0) - 1), .int(count)])
        if removed < count {
            try connection.run("DELETE FROM stores_artifact_objects WHERE object_id = ?1", [.int(object)])
        }
        return Int64(removed)
    }

    func remove(_ object: Int64) throws(StoreError) {
        _ = try remove(object, chunks: .max)
    }

    /// Frees some of what is due.
    static func sweep(_ connection: SQLiteConnection) throws(StoreError) -> Int64 {
        let objects = SQLiteArtifactObjects(connection: connection)
        let due = try connection.all(
            """
            SELECT object_id FROM stores_artifact_objects WHERE sweep_after <= ?1 ORDER BY sweep_after LIMIT 64
            """,
            [.int(clock.millisecondsSinceEpoch)]
        ) { $0.int(0) }
        var freed: Int64 = 0
        for object in due where freed < sweepCount {
            freed += try objects.remove(object, chunks: sweepCount - freed)
        }
        return freed
    }

    private static func row(_ object: Int64, _ index: Int64) -> Int64 { object << bits | index }

    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> Int64 {
        var sum = SQLiteChecksum()
        sum.add(bytes)
        return sum.value
    }
}
#endif
