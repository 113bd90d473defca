import StoresCore

/// Asks questions, and keeps the conversation in the session tier.
struct DemoConversation {
    /// Passages found in one way, best first.
    struct Hits: Sendable {
        var way: String
        var ids: [String]
        var scores: [String: Double] = [:]
        var duration: Duration
    }

    /// What is known of a passage that was found.
    struct Found: Sendable {
        var document: String
        var heading: String
        var line: Int64
        var text: String
        var highlight: String?
    }

    struct Answer: Sendable {
        var question: String
        var hits: [Hits]
        var passages: [String: Found]
    }

    static let keptEntries = 20
    static let limit = 3

    let stores: Stores
    let names: DemoNames
    let timings: DemoTimings
    let run: DemoRun
    let embedder: FeatureHashingEmbedder
    let collection: VectorCollection
    let index: SearchIndex

    /// Questions from the documents' own headings: those of the largest documents, one of each, at most three.
    static func samples(_ catalog: DemoCatalog) -> [String] {
        let documents = catalog.entries.sorted {
            $0.value.passages == $1.value.passages
                ? $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) : $0.value.passages > $1.value.passages
        }
        var questions: [String] = []
        for (name, entry) in documents where questions.count < 3 {
            let heading =
                entry.headings.dropFirst().first { $0.contains(" ") } ?? entry.headings.last ?? name
            let question = heading.hasSuffix("?") ? heading : "What is said about \(heading)?"
            if !questions.contains(question) { questions.append(question) }
        }
        return questions
    }

    // MARK: Asking

    /// Finds passages by vector, by text, and by both.
    func ask(_ question: String) async throws -> Answer {
        var answer = Answer(question: question, hits: [], passages: [:])
        let depth = 20
        let vector = embedder.vector(question)
        let start = ContinuousClock.now
        let near = try await timings.measure(.vector) {
            try await collection.query(vector, limit: depth, include: [.metadata, .document])
        }
        let vectorDone = ContinuousClock.now
        let highlights = stores.search.capabilities.contains(.search(.highlights)) ? ["text"] : []
        let words = try await timings.measure(.search) {
            try await index.search(.match(question), highlight: highlights, limit: depth)
        }
        let textDone = ContinuousClock.now
        for match in near { answer.passages[match.id] = Found(match) }
        for hit in words.hits { answer.passages[hit.id] = Found(hit) }
        answer.hits.append(
            Hits(
                way: "vector", ids: near.prefix(Self.limit).map(\.id),
                scores: Dictionary(near.compactMap { match in match.score.map { (match.id, $0) } }) { $1 },
                duration: start.duration(to: vectorDone)))
        answer.hits.append(
            Hits(way: "text", ids: words.hits.prefix(Self.limit).map(\.id), duration: vectorDone.duration(to: textDone))
        )
        if stores.vector.capabilities.contains(.vector(.hybridQuery)) {
            let both = try await timings.measure(.vector) {
                try await collection.hybridQuery(
                    text: question, vector: vector, limit: Self.limit, include: [.metadata, .document])
            }
            for match in both where answer.passages[match.id] == nil { answer.passages[match.id] = Found(match) }
            answer.hits.append(
                Hits(way: "hybrid", ids: both.map(\.id), duration: textDone.duration(to: .now)))
        } else {
            let ids = RankFusion.fuse([near.map(\.id), words.hits.map(\.id)]).prefix(Self.limit)
            answer.hits.append(Hits(way: "fused", ids: Array(ids), duration: textDone.duration(to: .now)))
        }
        return answer
    }

    // MARK: Remembering

    /// Writes the traces of a question, each at most once however often the run is interrupted: the entry of the
    /// conversation carries its id, the counter is compared with what it was, the event has an id of its own.
    func remember(_ answer: Answer, number: Int64) async throws {
        guard number >= run.state.questions else { return }
        let id = "\(names.stream(run.state.number))-question-\(number)"
        let ids = answer.hits.last?.ids ?? []
        let session = stores.session
        if session.capabilities.contains(.session(.append)) {
            try await appendOnce(
                id, ["id": .string(id), "question": .string(answer.question), "answers": .array(ids.map(Value.string))])
        }
        if session.capabilities.contains(.session(.increment)) { try await countOnce() }
        try await run.record(
            "question.answered", "\(number)\u{0}\(answer.question)",
            ["question": .string(answer.question), "answers": .array(ids.map(Value.string))])
        let counter = try await counter()
        try await run.save {
            $0.questions = number + 1
            $0.counter = counter
        }
    }

    private func appendOnce(_ id: String, _ entry: Metadata) async throws {
        let entries = try await timings.measure(.session) {
            try await stores.session.elements(names.conversation, last: 4) ?? []
        }
        for bytes in entries {
            if case .object(let fields) = try? JSONReader.value(from: bytes), fields["id"] == .string(id) { return }
        }
        var writer = JSONWriter()
        writer.append(entry)
        let bytes = writer.bytes
        try await timings.measure(.session) {
            _ = try await stores.session.append(
                [bytes], to: names.conversation, keepLast: Self.keptEntries, expiry: .after(.seconds(30 * 86_400)))
        }
    }

    private func countOnce() async throws {
        guard try await counter() <= run.state.counter else { return }
        try await timings.measure(.session) {
            _ = try await stores.session.increment(names.questionCounter, expiry: .never)
        }
    }

    /// Questions so far.
    func counter() async throws -> Int64 {
        let entry = try await timings.measure(.session) { try await stores.session.get(names.questionCounter) }
        return entry.flatMap { Int64($0.value.text) } ?? 0
    }
}

extension DemoConversation.Found {
    init(_ match: VectorMatch) {
        self.init(fields: match.metadata, text: match.document ?? "", highlight: nil)
    }

    init(_ hit: SearchHit) {
        var text = ""
        if case .string(let kept) = hit.fields["text"] { text = kept }
        self.init(fields: hit.fields, text: text, highlight: hit.highlights["text"]?.first)
    }

    private init(fields: Metadata, text: String, highlight: String?) {
        document = if case .string(let name) = fields["document"] { name } else { "" }
        heading = if case .string(let heading) = fields["heading"] { heading } else { "" }
        line = if case .int(let line) = fields["line"] { line } else { 1 }
        self.text = text
        self.highlight = highlight
    }
}
