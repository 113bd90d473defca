import CMongoC
import StoresCore

/// A client of the pool for the length of one call, on a thread that may block. Every command is bounded by the call's
/// deadline, on the server too.
struct MongoConnection {
    let client: OpaquePointer
    let configuration: MongoConfiguration
    let deadline: Deadline
    /// Whether reads are to see only what a majority of the members has.
    let readsMajority: Bool
    var database: String

    init(client: OpaquePointer, configuration: MongoConfiguration, deadline: Deadline, readsMajority: Bool) {
        self.client = client
        self.configuration = configuration
        self.deadline = deadline
        self.readsMajority = readsMajority
        database = configuration.database
    }

    /// A collection's name on the server.
    func name(_ collection: MongoCollection) -> String { configuration.collectionPrefix + collection.rawValue }

    // MARK: Commands

    /// Runs a command that reads, or sets something up.
    func run(_ command: BSONDocument) throws(StoreError) -> BSONDocument {
        try send(bounded(command), STORES_MONGO_READ)
    }

    /// Runs a command that writes; the write concern is that of the URL, or `majority`.
    func write(_ command: BSONDocument) throws(StoreError) -> BSONDocument {
        try send(bounded(command), STORES_MONGO_WRITE)
    }

    /// Runs a command of the caller's own, without concerns of ours.
    func runPlain(_ command: BSONDocument) throws(StoreError) -> BSONDocument {
        try send(bounded(command), STORES_MONGO_PLAIN)
    }

    private func bounded(_ command: BSONDocument) -> BSONDocument {
        var command = command
        command["maxTimeMS"] = .int64(Int64(max(1, deadline.remainingMilliseconds)))
        return command
    }

    private func send(_ command: BSONDocument, _ kind: stores_mongo_kind, _ options: BSONDocument = [:])
        throws(StoreError) -> BSONDocument
    {
        if deadline.hasPassed { throw .timeout("the command", applied: .no) }
        let bytes = command.encoded
        let options = options.encoded
        var reply: UnsafeMutablePointer<UInt8>?
        var count = 0
        var failure = stores_mongo_failure()
        let succeeded = stores_mongo_command(
            client, database, bytes, bytes.count, options, options.count, kind, &reply, &count, &failure)
        defer { if let reply { stores_mongo_free(reply) } }
        guard succeeded else { throw .mongo(failure, writes: kind != STORES_MONGO_READ, configuration) }
        return try BSONDocument(decoding: UnsafeRawBufferPointer(start: reply, count: count))
    }

    // MARK: Reading

    /// Hands out what matches, until the body returns false.
    func find(
        _ collection: MongoCollection, _ filter: BSONDocument, sort: BSONDocument? = nil,
        fields: BSONDocument? = nil, limit: Int? = nil, batch: Int? = nil,
        _ body: (BSONDocument) throws(StoreError) -> Bool
    ) throws(StoreError) {
        if deadline.hasPassed { throw .timeout("the query", applied: .no) }
        var options: BSONDocument = ["maxTimeMS": .int64(Int64(max(1, deadline.remainingMilliseconds)))]
        if let sort { options["sort"] = .document(sort) }
        if let fields { options["projection"] = .document(fields) }
        if let limit { options["limit"] = .int64(Int64(limit)) }
        if let batch { options["batchSize"] = .int64(Int64(batch)) }
        if readsMajority { options["readConcern"] = ["level": "majority"] }
        let (bytes, opts) = (filter.encoded, options.encoded)
        let cursor = stores_mongo_find(
            client, database, name(collection), bytes, bytes.count, opts, opts.count)
        guard let cursor else { throw StoreError(.internal, "libmongoc refused a query", applied: .no) }
        defer { mongoc_cursor_destroy(cursor) }
        var start: UnsafePointer<UInt8>?
        var count = 0
        while stores_mongo_next(cursor, &start, &count) {
            let document = try BSONDocument(decoding: UnsafeRawBufferPointer(start: start, count: count))
            guard try body(document) else { return }
            if deadline.hasPassed { throw .timeout("the query") }
        }
        var failure = stores_mongo_failure()
        if stores_mongo_failed(cursor, &failure) { throw .mongo(failure, writes: false, configuration) }
    }

    /// The one document with this `_id`: a command without a cursor, which costs less, and without a limit of time,
    /// which costs some servers more than the look itself.
    func find(_ collection: MongoCollection, id: String, fields: BSONDocument? = nil) throws(StoreError)
        -> BSONDocument?
    {
        var command: BSONDocument = [
            "find": .string(name(collection)), "filter": ["_id": .string(id)], "limit": 1, "singleBatch": true,
        ]
        if let fields { command["projection"] = .document(fields) }
        let options: BSONDocument = readsMajority ? ["readConcern": ["level": "majority"]] : [:]
        return try send(command, STORES_MONGO_READ, options)["cursor"]?.document?["firstBatch"]?.array?.first?.document
    }

    func find(
        _ collection: MongoCollection, _ filter: BSONDocument, sort: BSONDocument? = nil,
        fields: BSONDocument? = nil, limit: Int? = nil
    ) throws(StoreError) -> [BSONDocument] {
        var found: [BSONDocument] = []
        try find(collection, filter, sort: sort, fields: fields, limit: limit) { document in
            found.append(document)
            return true
        }
        return found
    }

    // MARK: Writing

    /// What a batch of writes came to.
    struct Written {
        /// Documents that matched, were inserted or deleted.
        var count = 0
        /// By the place of the statement.
        var errors: [Int: MongoWriteError] = [:]
    }

    /// - Parameter isOrdered: Whether nothing after the first failure is tried.
    func insert(_ collection: MongoCollection, _ documents: [[UInt8]], isOrdered: Bool = false) throws(StoreError)
        -> Written
    {
        try batches("insert", collection, "documents", documents, isOrdered)
    }

    func update(_ collection: MongoCollection, _ statements: [BSONDocument]) throws(StoreError) -> Written {
        try batches("update", collection, "updates", statements.map(\.encoded), false)
    }

    /// Returns how many there were.
    @discardableResult
    func delete(_ collection: MongoCollection, _ filter: BSONDocument, onlyOne: Bool = false) throws(StoreError) -> Int
    {
        let statement: BSONDocument = ["q": .document(filter), "limit": .int32(onlyOne ? 1 : 0)]
        let written = try batches("delete", collection, "deletes", [statement.encoded], true)
        if let error = written.errors[0] { throw .mongo(error) }
        return written.count
    }

    /// One statement of an update; how many documents it matched.
    func update(_ collection: MongoCollection, _ filter: BSONDocument, _ change: BSONDocument, all: Bool = false)
        throws(StoreError) -> Int
    {
        let written = try update(
            collection, [["q": .document(filter), "u": .document(change), "multi": .bool(all)]])
        if let error = written.errors[0] { throw .mongo(error) }
        return written.count
    }

    /// Commands of at most 12 MiB and 10,000 statements.
    private func batches(
        _ command: String, _ collection: MongoCollection, _ field: String, _ statements: [[UInt8]], _ isOrdered: Bool
    ) throws(StoreError) -> Written {
        var written = Written()
        var start = 0
        while start < statements.count {
            var end = start
            var bytes = 0
            while end < statements.count, end == start || bytes + statements[end].count <= 12 << 20,
                end - start < 10_000
            {
                bytes += statements[end].count
                end += 1
            }
            let part: BSONDocument
            do throws(StoreError) {
                part = try write([
                    command: .string(name(collection)), "ordered": .bool(isOrdered),
                    field: .array(statements[start..<end].map(BSONValue.encoded)),
                ])
            } catch {
                // Earlier parts stand.
                throw start == 0 ? error : error.filling(applied: .unknown)
            }
            written.count += Int(clamping: part["n"]?.integer ?? 0)
            for error in part["writeErrors"]?.array ?? [] {
                guard let error = error.document.flatMap(MongoWriteError.init) else { continue }
                written.errors[start + error.place] = error
            }
            if isOrdered, !written.errors.isEmpty { break }
            start = end
        }
        return written
    }

    /// Changes one document and returns it as it is then; nil when none matched.
    ///
    /// - Throws: ``MongoDuplicate`` as `alreadyExists` where `upsert` meets a document that the filter does not match.
    func modify(
        _ collection: MongoCollection, _ filter: BSONDocument, _ change: BSONDocument, upsert: Bool = false,
        fields: BSONDocument? = nil
    ) throws(StoreError) -> BSONDocument? {
        var command: BSONDocument = [
            "findAndModify": .string(name(collection)), "query": .document(filter), "update": .document(change),
            "new": true, "upsert": .bool(upsert),
        ]
        if let fields { command["fields"] = .document(fields) }
        return try write(command)["value"]?.document
    }
}

/// What a server says of one statement among many.
struct MongoWriteError: Error, Sendable {
    var place: Int
    var code: Int64
    var message: String

    init?(_ document: BSONDocument) {
        guard let place = document["index"]?.integer, let code = document["code"]?.integer, place >= 0 else {
            return nil
        }
        self.place = Int(clamping: place)
        self.code = code
        message = document["errmsg"]?.string ?? ""
    }

    /// A document with the same key is there.
    var isDuplicate: Bool { code == 11000 || code == 11001 || code == 12582 }

    /// The name of the unique index that was violated, as every server tells it.
    var index: String? {
        let words = message.split(separator: " ")
        guard let place = words.firstIndex(of: "index:"), place + 1 < words.count else { return nil }
        return String(words[place + 1])
    }
}
