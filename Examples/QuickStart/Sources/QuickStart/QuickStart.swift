import Foundation
import StoresCore
import StoresSQLite

/// Four tiers in one program. Without variables everything is in memory and gone at the end; with
///
///     STORE_VECTOR=sqlite STORE_SESSION=sqlite STORE_EVENT=sqlite STORE_MEMORY=sqlite swift run QuickStart
///
/// the same program keeps it all in the file that `SQLITE_PATH` names.
@main
enum QuickStart {
    static func main() async throws {
        var registry = AdapterRegistry()
        registry.register(StoresSQLite.self)
        try await Stores.withOpen(registry: registry, environment: ProcessInfo.processInfo.environment) { stores in
            try await vectors(stores.vector)
            try await sessions(stores.session)
            try await events(stores.event)
            try await memories(stores.memory)
        }
    }

    /// Nearest neighbours with a filter. The embedder hashes words: deterministic, and no language model.
    static func vectors(_ vector: VectorStore) async throws {
        let embedder = FeatureHashingEmbedder(dimensions: 256)
        let notes = try await vector.collection(
            "notes-\(embedder.name)", dimensions: embedder.dimensions, metric: embedder.metric,
            fields: [FieldDefinition("year", .int)])
        let texts = [
            ("boil", "Water boils at a lower temperature on a mountain", 2024),
            ("rain", "Rain falls when droplets in a cloud grow heavy", 2025),
            ("kettle", "A kettle boils water with a heating element", 2026),
        ]
        let embeddings = try await embedder.embed(texts.map(\.1))
        try await notes.upsert(
            zip(texts, embeddings).map { text, embedding in
                VectorRecord(id: text.0, vector: embedding, metadata: ["year": .int(Int64(text.2))], document: text.1)
            })

        let question = try await embedder.embed("what boils water")
        let hits = try await notes.query(question, where: .field("year") >= 2025, limit: 1, include: [.document])
        for hit in hits {
            print("nearest since 2025:", hit.document ?? hit.id)
        }
    }

    /// A value with a time to live, and a second writer who is refused because he read an older version.
    static func sessions(_ session: SessionStore) async throws {
        let first = try await session.set("cart/ada", SessionValue("1 kettle"), expiry: .after(.seconds(3600)))
        try await session.set("cart/ada", SessionValue("2 kettles"), expiry: .keep, condition: .ifMatch(first.etag))
        do {
            try await session.set("cart/ada", SessionValue("0 kettles"), expiry: .keep, condition: .ifMatch(first.etag))
        } catch {
            guard error.code == .conflict else { throw error }
            print("cart:", try await session.get("cart/ada")?.value.text ?? "empty")
        }
    }

    /// Appended once, however often it is tried.
    static func events(_ event: EventStore) async throws {
        let placed = NewEvent(id: "placed-1", type: "order.placed", data: Array(#"{"kettles":2}"#.utf8))
        try await event.append([placed], to: "order-1", expected: .any)
        try await event.append([placed], to: "order-1", expected: .any)
        let order = try await event.read("order-1")
        print("events:", order.events.map { "\($0.revision) \($0.type)" }.joined(separator: ", "))
    }

    /// Facts of one user, found by their words.
    static func memories(_ memory: MemoryStore) async throws {
        try await memory.put(
            FactDraft(id: "tea", scope: ["user", "ada"], content: "Ada drinks green tea in the morning"))
        try await memory.put(FactDraft(id: "home", scope: ["user", "ada"], content: "Ada lives in London"))
        let found = try await memory.recall(text: "where does Ada live", scope: ["user", "ada"], limit: 1)
        print("recalled:", found.first?.fact.content ?? "nothing")
    }
}
