import ArgumentParser
import StoresCore

struct MemoryPut: TierVerb {
    static let tier = Tier.memory
    static let configuration = CommandConfiguration(
        commandName: "put", abstract: "Writes one fact from options, or the facts on stdin.",
        discussion: """
            In: {"id","scope","content","attributes"?,"expiresAt"?,"source"?,"embedding"?,"ifVersion"?}
            Out: with --id the fact as it is kept; else {"id","error"} for each that failed, at the end \
            {"succeeded","failed"}.

            stores memory put --id home --scope user/ada --content "Ada lives in London" --attribute city=London
            stores memory put < facts.jsonl
            """)

    @Option(help: "The fact's id; without it, facts are read from stdin.")
    var id: String?

    @Option(help: ScopeArgument.help)
    var scope: ScopeArgument?

    @Option(help: "The fact.")
    var content: String?

    @Option(
        name: .customLong("attribute"), help: ArgumentHelp("An attribute: JSON, else text.", valueName: "name=value"))
    var attributes: [KeyValueArgument] = []

    @Option(help: "Where the fact comes from.")
    var source: String?

    @Option(help: "How long it is to be known: 30s, 7d.")
    var ttl: DurationArgument?

    @Option(help: "0 demands that it is new, n that its version is n.")
    var ifVersion: Int64?

    @Flag(help: "Embed the content by feature hashing, for recall by vector.")
    var embed = false

    @OptionGroup var bulk: BulkOptions
    @OptionGroup var call: CallOptions

    func validate() throws {
        guard id != nil else {
            guard scope == nil, content == nil, attributes.isEmpty, source == nil, ttl == nil, ifVersion == nil else {
                throw ValidationError("--id is missing")
            }
            return
        }
        guard scope != nil, content != nil else { throw ValidationError("--id wants --scope and --content") }
    }

    func run(_ stores: Stores, _ console: Console) async throws {
        if let id, let scope, let content {
            var metadata: Metadata = [:]
            for (name, text) in try attributes.dictionary("--attribute") {
                metadata[name] = (try? JSONReader.value(from: text)) ?? .string(text)
            }
            let fact = try await stores.memory.put(
                embedded(
                    FactDraft(
                        id: id, scope: scope.scope, content: content, attributes: metadata,
                        expiresAt: ttl.map { SystemStoreClock().now.advanced(by: $0.duration) }, source: source)),
                ifVersion: ifVersion)
            return try await console.emit(fact.jsonValue)
        }
        var output = BulkOutput(console, bulk)
        var lines = JSONLines(console.input)
        while let batch = try await lines.batch() {
            let facts = try batch.map { try FactDraft.parse($0) }
            try await output.add(try await write(facts, stores))
        }
        try await output.finish()
    }

    /// In runs: facts without a demand together, each one with a demand alone.
    private func write(_ facts: [(draft: FactDraft, ifVersion: Int64?)], _ stores: Stores) async throws -> BulkResult {
        var result = BulkResult()
        var waiting: [FactDraft] = []
        func flush() async throws {
            guard !waiting.isEmpty else { return }
            let part = try await stores.memory.put(waiting)
            result.succeeded += part.succeeded
            result.failed += part.failed
            waiting = []
        }
        for (draft, ifVersion) in facts {
            guard let ifVersion else {
                waiting.append(embedded(draft))
                continue
            }
            try await flush()
            do throws(StoreError) {
                try await stores.memory.put(embedded(draft), ifVersion: ifVersion)
                result.succeeded.append(draft.id)
            } catch {
                guard !error.isRetryable else { throw error }
                result.failed.append(BulkFailure(id: draft.id, error: error))
            }
        }
        try await flush()
        return result
    }

    private func embedded(_ draft: FactDraft) -> FactDraft {
        guard embed, draft.embedding == nil else { return draft }
        var draft = draft
        draft.embedding = FeatureHashingEmbedder().vector(draft.content)
        return draft
    }
}
