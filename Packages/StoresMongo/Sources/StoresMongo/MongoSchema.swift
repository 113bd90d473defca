import StoresCore

/// The indexes; collections come into being with them. MongoDB takes an index that is there with the same shape as
/// made, also from two processes at once, and refuses one with another shape.
struct MongoSchema {
    let connection: MongoConnection
    let tiers: Set<Tier>

    private struct Index {
        var name: String
        var keys: BSONDocument
        var isUnique = false
        /// Documents are removed once the date in the key has passed.
        var expires = false

        var document: BSONDocument {
            var document: BSONDocument = ["key": .document(keys), "name": .string(name)]
            if isUnique { document["unique"] = true }
            if expires { document["expireAfterSeconds"] = .int32(0) }
            return document
        }
    }

    private static let indexes: [(tier: Tier, collection: MongoCollection, indexes: [Index])] = [
        (.session, .sessions, [Index(name: "purge", keys: ["purge": .int32(1)], expires: true)]),
        (.session, .sessionLeases, []),
        (
            .event, .events,
            [
                // Who comes second finds his place in the stream, or one of his events, taken.
                Index(
                    name: "place", keys: ["stream": .int32(1), "life": .int32(1), "first": .int32(1)], isUnique: true),
                Index(name: "ids", keys: ["stream": .int32(1), "ids": .int32(1)], isUnique: true),
            ]
        ),
        (.event, .runs, [Index(name: "status", keys: ["status": .int32(1), "_id": .int32(1)])]),
        (
            .event, .snapshots,
            [Index(name: "place", keys: ["stream": .int32(1), "revision": .int32(-1)], isUnique: true)]
        ),
        (
            .memory, .facts,
            [
                Index(name: "expires", keys: ["expires": .int32(1)]),
                Index(name: "life", keys: ["life": .int32(1)]),
                Index(name: "words", keys: ["words.w": .int32(1)]),
            ]
        ),
        (.memory, .factLines, [Index(name: "life", keys: ["life": .int32(1)])]),
    ]

    func ensure(_ mode: SchemaMode) throws(StoreError) {
        switch mode {
        case .off: return
        case .verify: try verify()
        case .create: try create()
        }
    }

    private func create() throws(StoreError) {
        for (tier, collection, indexes) in Self.indexes where tiers.contains(tier) {
            if indexes.isEmpty { continue }
            _ = try connection.write([
                "createIndexes": .string(connection.name(collection)),
                "indexes": .array(indexes.map { .document($0.document) }),
            ])
        }
    }

    private func verify() throws(StoreError) {
        for (tier, collection, indexes) in Self.indexes where tiers.contains(tier) && !indexes.isEmpty {
            let name = connection.name(collection)
            var found: [BSONDocument] = []
            do throws(StoreError) {
                let reply = try connection.run(["listIndexes": .string(name)])
                found = (reply["cursor"]?.document?["firstBatch"]?.array ?? []).compactMap(\.document)
            } catch {
                // The collection is missing (NamespaceNotFound).
                guard (error.underlying as? MongoNativeError)?.code == 26 else { throw error }
            }
            for index in indexes {
                guard let there = found.first(where: { $0["name"]?.string == index.name }) else {
                    throw StoreError(
                        .schemaMismatch, "the collection \(name) has no index \(index.name)",
                        remedy: "start once with STORE_SCHEMA=create", applied: .no,
                        conflict: .schema(found: "no index", wanted: index.name), phase: .schema)
                }
                let keys = there["key"]?.document?.fields.map(\.name) ?? []
                guard keys == index.keys.fields.map(\.name), (there["unique"] == .bool(true)) == index.isUnique,
                    there["expireAfterSeconds"]?.integer == (index.expires ? 0 : nil)
                else {
                    throw StoreError(
                        .schemaMismatch, "the index \(index.name) of \(name) has another shape",
                        remedy: "drop it, and start once with STORE_SCHEMA=create", applied: .no,
                        conflict: .schema(
                            found: keys.joined(separator: ","),
                            wanted: index.keys.fields.map(\.name).joined(separator: ",")), phase: .schema)
                }
            }
        }
    }
}
