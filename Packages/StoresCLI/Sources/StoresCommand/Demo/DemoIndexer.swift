import StoresCore

/// Takes documents in and out of the stores. Every step can be done again with the same result, so that a document
/// whose process died half-way is simply done again.
struct DemoIndexer {
    let stores: Stores
    let names: DemoNames
    let timings: DemoTimings
    let run: DemoRun
    let embedder: FeatureHashingEmbedder
    let collection: VectorCollection
    let index: SearchIndex

    /// The order matters: what is searched first, then the event, and the fact last. The fact is the document's
    /// checkpoint: when it is there, all else is.
    func take(_ document: DemoDocument, replacing old: DemoCatalog.Entry?) async throws {
        let bytes = try Files.contents(document.path)
        // As it is now, should it have changed since it was found.
        let sha256 = SHA256Digest.hexadecimal(of: bytes)
        let split = PassageSplitter.split(String(decoding: bytes, as: UTF8.self), syntax: document.syntax)
        let passages = split.passages
        async let vectors: Void = index(vectors: passages, document, sha256, old)
        async let words: Void = index(words: passages, document, sha256, old)
        async let original: Void = keep(bytes, document)
        _ = try await (vectors, words, original)
        let title = split.titles.first ?? document.name
        try await run.record(
            "document.indexed", "\(document.name)\u{0}\(sha256)",
            [
                "document": .string(document.name), "passages": .int(Int64(passages.count)),
                "size": .int(Int64(bytes.count)), "sha256": .string(sha256), "replaced": .bool(old != nil),
            ])
        let draft = FactDraft(
            id: document.name, scope: names.scope,
            content: "\(title): \(document.name) has \(bytes.count) bytes in \(passages.count) passages",
            attributes: [
                "title": .string(title), "path": .string(document.path), "size": .int(Int64(bytes.count)),
                "passages": .int(Int64(passages.count)), "sha256": .string(sha256),
                "headings": .array(split.titles.prefix(5).map(Value.string)), "run": .int(run.state.number),
            ], source: "stores demo, run \(run.state.number)")
        try await timings.measure(.memory) {
            _ = try await stores.memory.put(draft, ifVersion: old?.version ?? 0)
        }
    }

    /// The fact goes last here too.
    func remove(_ name: String, _ old: DemoCatalog.Entry) async throws {
        try await timings.measure(.vector) { try await removePassages(name, from: 0, old, keeping: nil) }
        try await timings.measure(.search) { try await removeWords(name, from: 0, old, keeping: nil) }
        try await timings.measure(.artifact) { _ = try await stores.artifact.delete(names.artifact(name)) }
        try await run.record(
            "document.removed", "\(name)\u{0}\(old.sha256)",
            ["document": .string(name), "passages": .int(Int64(old.passages))])
        try await timings.measure(.memory) { _ = try await stores.memory.delete(name, scope: names.scope) }
    }

    private func index(
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

    private func index(
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

    private func keep(_ bytes: [UInt8], _ document: DemoDocument) async throws {
        try await timings.measure(.artifact) {
            _ = try await stores.artifact.put(
                names.artifact(document.name), bytes: bytes, contentType: document.contentType)
        }
    }

    /// Stale passages: by the number that the fact knows, and, where the backend filters, all of another version.
    private func removePassages(
        _ name: String, from first: Int, _ old: DemoCatalog.Entry?, keeping sha256: String?
    ) async throws {
        let ids = staleIDs(name, from: first, old)
        if !ids.isEmpty { try await collection.delete(ids: ids) }
        if stores.vector.capabilities.contains(.vector(.filters)) {
            try await collection.delete(where: Self.stale(name, keeping: sha256))
        }
    }

    private func removeWords(
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
