import StoresCore

/// Writes the passages of documents to the tiers that are searched, and removes those that are no more.
struct DemoWriter: Sendable {
    let stores: Stores
    let names: DemoNames
    let timings: DemoTimings
    let embedder: FeatureHashingEmbedder
    let collection: VectorCollection
    let index: SearchIndex

    func index(
        vectors passages: [Passage], _ document: DemoDocument, _ sha256: String, _ old: DemoCatalog.Entry?
    ) async throws {
        for start in stride(from: 0, to: passages.count, by: 500) {
            let records = passages[start..<min(start + 500, passages.count)].map { passage in
                VectorRecord(
                    id: names.passage(document.name, passage.ordinal), vector: embedder.vector(passage.embedded),
                    metadata: [
                        "document": .string(document.name), "heading": .string(passage.heading),
                        "line": .int(Int64(passage.line)), "ordinal": .int(Int64(passage.ordinal)),
                        "sha256": .string(sha256),
                    ], document: passage.text)
            }
            try await timings.measure(.vector) {
                try await collection.upsert(records).result.throwIfFailed()
            }
        }
        try await timings.measure(.vector) {
            try await removePassages(document.name, from: passages.count, old, keeping: sha256)
        }
    }

    func index(
        words passages: [Passage], _ document: DemoDocument, _ sha256: String, _ old: DemoCatalog.Entry?
    ) async throws {
        for start in stride(from: 0, to: passages.count, by: 500) {
            let documents = passages[start..<min(start + 500, passages.count)].map { passage in
                SearchDocument(
                    id: names.passage(document.name, passage.ordinal),
                    fields: [
                        "text": .string(passage.text), "heading": .string(passage.heading),
                        "document": .string(document.name), "line": .int(Int64(passage.line)),
                        "sha256": .string(sha256),
                    ])
            }
            try await timings.measure(.search) {
                try await index.upsert(documents).result.throwIfFailed()
            }
        }
        try await timings.measure(.search) {
            try await removeWords(document.name, from: passages.count, old, keeping: sha256)
        }
    }

    func keep(_ bytes: [UInt8], _ document: DemoDocument) async throws {
        try await timings.measure(.artifact) {
            _ = try await stores.artifact.put(
                names.artifact(document.name), bytes: bytes, contentType: document.contentType)
        }
    }

    /// Stale passages: by the number that the fact knows, and, where the backend filters, all of another version.
    func removePassages(
        _ name: String, from first: Int, _ old: DemoCatalog.Entry?, keeping sha256: String?
    ) async throws {
        let ids = staleIDs(name, from: first, old)
        if !ids.isEmpty { try await collection.delete(ids: ids) }
        if stores.vector.capabilities.contains(.vector(.filters)) {
            try await collection.delete(where: Self.stale(name, keeping: sha256))
        }
    }

    func removeWords(
        _ name: String, from first: Int, _ old: DemoCatalog.Entry?, keeping sha256: String?
    ) async throws {
        let ids = staleIDs(name, from: first, old)
        if !ids.isEmpty { try await index.delete(ids: ids) }
        if stores.search.capabilities.contains(.search(.filters)) {
            try await index.delete(where: Self.stale(name, keeping: sha256))
        }
    }

    private func staleIDs(_ name: String, from first: Int, _ old: DemoCatalog.Entry?) -> [String] {
        guard let old, old.passages > first else { return [] }
        return (first..<old.passages).map { names.passage(name, $0) }
    }

    private static func stale(_ name: String, keeping sha256: String?) -> Filter {
        let document = Filter.equal("document", .string(name))
        guard let sha256 else { return document }
        return .and([document, .notEqual("sha256", .string(sha256))])
    }
}
