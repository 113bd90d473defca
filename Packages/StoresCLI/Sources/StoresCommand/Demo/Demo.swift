import StoresCore

/// The demonstration: documents into every tier, then questions.
struct Demo {
    let stores: Stores
    var names = DemoNames()
    var clock: any StoreClock = SystemStoreClock()
    var progress: any DemoProgress = SilentProgress()
    let embedder = FeatureHashingEmbedder()

    /// - Parameters:
    ///   - sources: The documents as they are now.
    ///   - questions: None takes samples from the documents' headings.
    /// - Throws: What the stores throw. Started again, it goes on where it was.
    func run(_ sources: DemoSources, questions: [String]) async throws -> DemoReport {
        let timings = DemoTimings()
        let run = try await DemoRun.open(stores.event, names, timings, clock: clock) {
            progress.note("waiting until the lease of an earlier process ends, at most \(DemoRun.leaseTTL)")
        }
        do {
            let report = try await work(sources, questions, run, timings)
            await run.close()
            return report
        } catch {
            await run.close()
            throw error
        }
    }

    private func work(
        _ sources: DemoSources, _ questions: [String], _ run: DemoRun, _ timings: DemoTimings
    ) async throws -> DemoReport {
        if run.isResumed {
            progress.note("run \(run.state.number) was interrupted after \(run.state.done) documents; going on")
        }
        let collection = try await timings.measure(.vector) { try await openCollection() }
        let index = try await timings.measure(.search) { try await openIndex() }
        let writer = DemoWriter(
            stores: stores, names: names, timings: timings, embedder: embedder, collection: collection, index: index)
        let indexer = DemoIndexer(writer: writer, run: run)
        var catalog = try await DemoCatalog.load(stores.memory, names, timings)
        try await dropLost(&catalog, collection, index, timings)
        let plan = DemoPlan(sources.documents, catalog)
        try await run.record("run.started", "", ["documents": .int(Int64(sources.documents.count))])
        for (done, step) in plan.steps.enumerated() {
            try Task.checkCancellation()
            progress.step(done, of: plan.steps.count, step.name)
            switch step {
            case .take(let document):
                try await indexer.take(
                    document, replacing: catalog.entries[document.name], version: catalog.version(document.name))
            case .remove(let name, let entry): try await indexer.remove(name, entry)
            }
            try await run.save { $0.done += 1 }
        }
        progress.step(plan.steps.count, of: plan.steps.count, "")

        catalog = try await DemoCatalog.load(stores.memory, names, timings)
        let conversation = DemoConversation(
            stores: stores, names: names, timings: timings, run: run, embedder: embedder, collection: collection,
            index: index)
        var answers: [DemoConversation.Answer] = []
        for (number, question) in (questions.isEmpty ? DemoConversation.samples(catalog) : questions).enumerated() {
            try Task.checkCancellation()
            let answer = try await conversation.ask(question)
            try await conversation.remember(answer, number: Int64(number))
            answers.append(answer)
        }
        let before = try await run.counts()
        try await run.record(
            "run.completed", "",
            [
                "indexed": .int(Int64(before["document.indexed"] ?? 0)),
                "removed": .int(Int64(before["document.removed"] ?? 0)),
                "questions": .int(Int64(before["question.answered"] ?? 0)),
            ])
        try await run.save(status: "done") { _ in }
        return try await report(sources, plan, catalog, run, collection, index, conversation, answers, timings)
    }

    // MARK: Opening

    func openCollection() async throws -> VectorCollection {
        try await stores.vector.collection(
            names.collection(embedder), dimensions: embedder.dimensions, metric: embedder.metric,
            fields: [
                FieldDefinition("document", .string), FieldDefinition("sha256", .string),
                FieldDefinition("line", .int, isIndexed: false),
            ])
    }

    func openIndex() async throws -> SearchIndex {
        let analyzer: TextAnalyzer =
            stores.search.capabilities.contains(.search(.englishAnalyzer)) ? .english : .standard
        return try await stores.search.index(
            names.index,
            fields: [
                "text": .text(analyzer), "heading": .text(analyzer), "document": .keyword, "sha256": .keyword,
                "line": .number,
            ])
    }

    /// Facts can outlive what they are about, when another backend was chosen for a tier, or data was removed by hand.
    /// Their documents are then taken in anew.
    private func dropLost(
        _ catalog: inout DemoCatalog, _ collection: VectorCollection, _ index: SearchIndex, _ timings: DemoTimings
    ) async throws {
        guard !catalog.entries.isEmpty else { return }
        let inVector = try await timings.measure(.vector) { try await collection.count() }
        let inSearch = try await timings.measure(.search) { try await index.count() }
        let kept = try await timings.measure(.artifact) { try await artifactKeys() }
        let isShort = inVector < catalog.passages || inSearch < catalog.passages
        for (name, entry) in catalog.entries {
            var isLost = !kept.contains(names.artifact(name))
            if !isLost, isShort, entry.passages > 0 {
                let ids = (0..<entry.passages).map { names.passage(name, $0) }
                let vectors = try await timings.measure(.vector) { try await collection.get(ids: ids, include: []) }
                let words = try await timings.measure(.search) { try await index.get(ids: ids) }
                isLost = vectors.count < ids.count || words.count < ids.count
            }
            guard isLost else { continue }
            try await timings.measure(.memory) { _ = try await stores.memory.delete(name, scope: names.scope) }
            catalog.entries[name] = nil
        }
    }

    private func artifactKeys() async throws -> Set<String> {
        var keys: Set<String> = []
        var cursor: Cursor?
        repeat {
            let listing = try await stores.artifact.list(prefix: names.artifacts, cursor: cursor)
            keys.formUnion(listing.objects.map(\.key))
            cursor = listing.next
        } while cursor != nil
        return keys
    }

    // MARK: Report

    private func report(
        _ sources: DemoSources, _ plan: DemoPlan, _ catalog: DemoCatalog, _ run: DemoRun,
        _ collection: VectorCollection, _ index: SearchIndex, _ conversation: DemoConversation,
        _ answers: [DemoConversation.Answer], _ timings: DemoTimings
    ) async throws -> DemoReport {
        let events = try await run.counts()
        var counts: [Tier: [(String, Int)]] = [:]
        counts[.vector] = [("passages", try await timings.measure(.vector) { try await collection.count() })]
        counts[.search] = [("passages", try await timings.measure(.search) { try await index.count() })]
        counts[.artifact] = [("objects", try await timings.measure(.artifact) { try await artifactKeys() }.count)]
        counts[.memory] = [("facts", catalog.entries.count)]
        var session: [(String, Int)] = []
        if stores.session.capabilities.contains(.session(.append)) {
            let entries = try await timings.measure(.session) {
                try await stores.session.elements(names.conversation)?.count ?? 0
            }
            session.append(("entries", entries))
        }
        session.append(("questions", Int(clamping: try await conversation.counter())))
        counts[.session] = session
        counts[.event] = [("events", events.values.reduce(0, +))]
        return DemoReport(
            run: run.state, isResumed: run.isResumed, stream: run.stream,
            backends: Tier.stores.map { tier in
                let probe = stores.report.probes.first { $0.tier == tier }
                return DemoReport.Backend(
                    tier: tier, adapter: probe?.adapter ?? "", endpoint: probe?.endpoint,
                    counts: counts[tier] ?? [], duration: timings.total(tier), calls: timings.calls(tier))
            },
            documents: sources.documents.count, indexed: events["document.indexed"] ?? 0,
            unchanged: max(0, sources.documents.count - (events["document.indexed"] ?? 0)),
            removed: events["document.removed"] ?? 0, skipped: sources.skipped, answers: answers)
    }
}
