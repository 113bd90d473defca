import StoresCore

/// Takes documents in and out of the stores. Every step can be done again with the same result, so that a document
/// whose process died half-way is simply done again.
struct DemoIndexer {
    let writer: DemoWriter
    let run: DemoRun

    /// The order matters: what is searched first, then the event, and the fact last. The fact is the document's
    /// checkpoint: when it is there, all else is.
    ///
    /// - Parameter version: Of the fact that is there, of whatever make.
    func take(_ document: DemoDocument, replacing old: DemoCatalog.Entry?, version: Int64) async throws {
        let bytes = try Files.contents(document.path)
        // As it is now, should it have changed since it was found.
        let sha256 = SHA256Digest.hexadecimal(of: bytes)
        let split = PassageSplitter.split(String(decoding: bytes, as: UTF8.self), syntax: document.syntax)
        let passages = split.passages
        let writer = writer
        async let vectors: Void = writer.index(vectors: passages, document, sha256, old)
        async let words: Void = writer.index(words: passages, document, sha256, old)
        async let original: Void = writer.keep(bytes, document)
        _ = try await (vectors, words, original)
        let title = split.titles.first ?? document.name
        try await run.record(
            "document.indexed", "\(document.name)\u{0}\(sha256)",
            [
                "document": .string(document.name), "passages": .int(Int64(passages.count)),
                "size": .int(Int64(bytes.count)), "sha256": .string(sha256), "replaced": .bool(old != nil),
            ])
        let draft = FactDraft(
            id: document.name, scope: writer.names.scope,
            content: "\(title): \(document.name) has \(bytes.count) bytes in \(passages.count) passages",
            attributes: [
                "title": .string(title), "path": .string(document.path), "size": .int(Int64(bytes.count)),
                "passages": .int(Int64(passages.count)), "sha256": .string(sha256),
                "headings": .array(split.titles.prefix(5).map(Value.string)), "run": .int(run.state.number),
            ], source: "stores demo, run \(run.state.number)")
        try await writer.timings.measure(.memory) {
            _ = try await writer.stores.memory.put(draft, ifVersion: version)
        }
    }

    /// The fact goes last here too.
    func remove(_ name: String, _ old: DemoCatalog.Entry) async throws {
        try await writer.timings.measure(.vector) { try await writer.removePassages(name, from: 0, old, keeping: nil) }
        try await writer.timings.measure(.search) { try await writer.removeWords(name, from: 0, old, keeping: nil) }
        try await writer.timings.measure(.artifact) {
            _ = try await writer.stores.artifact.delete(writer.names.artifact(name))
        }
        try await run.record(
            "document.removed", "\(name)\u{0}\(old.sha256)",
            ["document": .string(name), "passages": .int(Int64(old.passages))])
        try await writer.timings.measure(.memory) {
            _ = try await writer.stores.memory.delete(name, scope: writer.names.scope)
        }
    }
}
