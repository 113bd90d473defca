import StoresCore
import Testing

@testable import StoresCommand

/// The demo over in-memory stores, with failures at every point.
@Suite struct DemoTests {
    static let ways: [String: String] = Dictionary(
        uniqueKeysWithValues: Tier.stores.map { ($0.variable, "memory") })

    /// Everything that a run leaves behind, without times and versions that failed writes may raise.
    struct Traces: Equatable {
        var vectors: [String] = []
        var words: [String] = []
        var objects: [String] = []
        var facts: [String] = []
        var revisions: [Int] = []
        var conversation: [String] = []
        var questions: Int64 = 0
        var events: [String] = []
        var status: String?

        /// What is there and should not be, and the other way round; short enough to be printed.
        func difference(from found: Traces) -> [String] {
            func compare(_ name: String, _ expected: [String], _ found: [String]) -> [String] {
                expected == found
                    ? []
                    : [
                        "\(name): \(found.count) instead of \(expected.count): "
                            + found.difference(from: expected).map { "\($0)" }.joined(separator: "; ").prefix(400)
                    ]
            }
            return compare("vectors", vectors, found.vectors) + compare("words", words, found.words)
                + compare("objects", objects, found.objects) + compare("facts", facts, found.facts)
                + compare("revisions", revisions.map(String.init), found.revisions.map(String.init))
                + compare("conversation", conversation, found.conversation)
                + compare("questions", ["\(questions)"], ["\(found.questions)"])
                + compare("events", events, found.events) + compare("status", [status ?? ""], [found.status ?? ""])
        }
    }

    static func traces(_ stores: Stores) async throws -> Traces {
        let demo = Demo(stores: stores)
        let names = demo.names
        var traces = Traces()
        let collection = try await demo.openCollection()
        for record in try await collection.scroll(limit: 10_000, include: .all).items {
            traces.vectors.append("\(record.id) \(record.metadata["sha256"] ?? .null) \(record.document ?? "")")
        }
        let index = try await demo.openIndex()
        for hit in try await index.search(.all, limit: 10_000).hits {
            traces.words.append("\(hit.id) \(hit.fields["sha256"] ?? .null)")
        }
        traces.words.sort()
        for object in try await stores.artifact.list(prefix: "demo/").objects {
            traces.objects.append("\(object.key) \(object.sha256 ?? "")")
        }
        for fact in try await stores.memory.list(scope: names.scope).items {
            traces.facts.append("\(fact.id) \(fact.content) \(fact.attributes["run"] ?? .null)")
            traces.revisions.append(try await stores.memory.history(fact.id, scope: names.scope).count)
        }
        for element in try await stores.session.elements(names.conversation) ?? [] {
            traces.conversation.append(String(decoding: element, as: UTF8.self))
        }
        traces.questions = try await stores.session.get(names.questionCounter).flatMap { Int64($0.value.text) } ?? 0
        for event in try await stores.event.readAll(limit: 10_000).events {
            traces.events.append("\(event.stream) \(event.id) \(String(decoding: event.data, as: UTF8.self))")
        }
        traces.status = try await stores.event.loadRun(names.run)?.status
        return traces
    }

    @Test func takesDocumentsIntoEveryTierAndAnswers() async throws {
        let folder = try TemporaryFolder()
        try DemoDocuments.write(4, to: folder)
        let stores = try await Stores.open(environment: Self.ways)
        let sources = try DemoSources.find([], in: folder.path)
        let report = try await Demo(stores: stores).run(sources, questions: ["which generation has topic2?"])
        #expect(report.documents == 4 && report.indexed == 4 && report.unchanged == 0 && report.removed == 0)
        let answer = try #require(report.answers.first)
        #expect(answer.hits.map(\.way) == ["vector", "text", "hybrid"])
        for hits in answer.hits {
            let best = try #require(hits.ids.first)
            #expect(answer.passages[best]?.document == "Docs/page-2.md", "\(hits.way)")
        }
        let traces = try await Self.traces(stores)
        #expect(traces.vectors.count == 16 && traces.words.count == 16)
        #expect(traces.objects.count == 4 && traces.facts.count == 4 && traces.revisions == [1, 1, 1, 1])
        #expect(traces.conversation.count == 1 && traces.questions == 1 && traces.status == "done")
        // Started, four documents, one question, completed.
        #expect(traces.events.count == 7)
        await stores.shutdown()
    }

    @Test func leavesUnchangedAloneTakesChangedAnewAndRemovesDeleted() async throws {
        let folder = try TemporaryFolder()
        try DemoDocuments.write(3, to: folder)
        let stores = try await Stores.open(environment: Self.ways)
        let demo = Demo(stores: stores)
        _ = try await demo.run(DemoSources.find([], in: folder.path), questions: ["a"])
        let unchanged = try await demo.run(DemoSources.find([], in: folder.path), questions: ["a"])
        #expect(unchanged.indexed == 0 && unchanged.unchanged == 3 && unchanged.run.number == 2)

        try folder.write("Docs/page-1.md", DemoDocuments.page(1, sections: 1))
        try folder.remove("Docs/page-2.md")
        let report = try await demo.run(DemoSources.find([], in: folder.path), questions: ["a"])
        #expect(report.indexed == 1 && report.unchanged == 1 && report.removed == 1)
        let traces = try await Self.traces(stores)
        #expect(traces.vectors.count == 4 + 2 && traces.words.count == 4 + 2)
        #expect(!traces.vectors.contains { $0.hasPrefix("Docs/page-2.md") })
        #expect(traces.objects.count == 2 && traces.facts.count == 2 && traces.revisions == [1, 2])
        await stores.shutdown()
    }

    @Test func documentsThatWereNotNamedStay() async throws {
        let folder = try TemporaryFolder()
        try DemoDocuments.write(2, to: folder)
        let stores = try await Stores.open(environment: Self.ways)
        let demo = Demo(stores: stores)
        _ = try await demo.run(DemoSources.find(["Docs/page-0.md"], in: folder.path), questions: ["a"])
        let report = try await demo.run(DemoSources.find(["Docs/page-1.md"], in: folder.path), questions: ["a"])
        #expect(report.removed == 0)
        #expect(try await Self.traces(stores).facts.count == 2)
        await stores.shutdown()
    }

    @Test func takesInAnewWhatATierHasLost() async throws {
        let folder = try TemporaryFolder()
        try DemoDocuments.write(3, to: folder)
        let stores = try await Stores.open(environment: Self.ways)
        let demo = Demo(stores: stores)
        _ = try await demo.run(DemoSources.find([], in: folder.path), questions: ["a"])
        try await demo.openCollection().delete(where: .field("document") == "Docs/page-1.md")
        try await stores.artifact.delete("demo/documents/Docs/page-2.md")
        let report = try await demo.run(DemoSources.find([], in: folder.path), questions: ["a"])
        #expect(report.indexed == 2)
        let traces = try await Self.traces(stores)
        #expect(traces.vectors.count == 12 && traces.objects.count == 3)
        await stores.shutdown()
    }

    @Test func factsOfAnotherMakeAreWrittenOver() async throws {
        let folder = try TemporaryFolder()
        try DemoDocuments.write(2, to: folder)
        let stores = try await Stores.open(environment: Self.ways)
        let demo = Demo(stores: stores)
        let draft = FactDraft(id: "Docs/page-1.md", scope: demo.names.scope, content: "another make")
        try await stores.memory.put(draft)
        try await stores.memory.put(draft)
        let report = try await demo.run(DemoSources.find([], in: folder.path), questions: ["a"])
        #expect(report.indexed == 2)
        let fact = try #require(try await stores.memory.get(draft.id, scope: draft.scope))
        #expect(fact.version == 3 && fact.attributes["sha256"] != nil)
        await stores.shutdown()
    }

    @Test func resetRemovesWhatTheDemoStoredAndNothingElse() async throws {
        let folder = try TemporaryFolder()
        try DemoDocuments.write(2, to: folder)
        let stores = try await Stores.open(environment: Self.ways)
        try await stores.session.set("demonstration", SessionValue("mine"), expiry: .never)
        try await stores.artifact.put("other/demo", bytes: [1])
        try await stores.memory.put(FactDraft(id: "a", scope: ["mine"], content: "stays"))
        let demo = Demo(stores: stores)
        _ = try await demo.run(DemoSources.find([], in: folder.path), questions: ["a"])
        _ = try await demo.run(DemoSources.find([], in: folder.path), questions: ["a"])
        try await demo.reset()
        let traces = try await Self.traces(stores)
        #expect(traces == Traces())
        #expect(try await stores.session.get("demonstration") != nil)
        #expect(try await stores.artifact.head("other/demo") != nil)
        #expect(try await stores.memory.get("a", scope: ["mine"]) != nil)
        await stores.shutdown()
    }

    /// Every driver call of every tier fails once, before it or after it took effect; the demo is started again, and
    /// must leave exactly what an uninterrupted one leaves.
    @Test(arguments: Tier.stores, [FaultPlan.Moment.before, .after])
    func interruptedAnywhereItLeavesNothingTwice(_ tier: Tier, _ moment: FaultPlan.Moment) async throws {
        let folder = try TemporaryFolder()
        try DemoDocuments.write(2, to: folder)
        let sources = try DemoSources.find([], in: folder.path)
        let questions = ["which generation?", "what rises with topic1?"]

        let reference = try await Stores.open(environment: Self.ways)
        _ = try await Demo(stores: reference).run(sources, questions: questions)
        let expected = try await Self.traces(reference)
        await reference.shutdown()

        var interrupted = 0
        while interrupted < 200 {
            let faults = FaultPlan()
            let stores = try await Stores.open(
                environment: Self.ways, options: StoresOptions(inMemoryBehavior: InMemoryBehavior(faults: faults)))
            // Not retried: the process is meant to end here.
            faults.fail(
                tier, skipping: interrupted, at: moment,
                with: StoreError(.internal, "the process dies here", isRetryable: false))
            do {
                _ = try await Demo(stores: stores).run(sources, questions: questions)
                // More calls are skipped than there are.
                await stores.shutdown()
                break
            } catch let error as StoreError where error.message == "the process dies here" {
                interrupted += 1
            }
            // What came after the last save, when the run was done, only told of it.
            if try await stores.event.loadRun("demo")?.status != "done" {
                _ = try await Demo(stores: stores).run(sources, questions: questions)
            }
            let difference = expected.difference(from: try await Self.traces(stores))
            #expect(difference == [], "\(tier) \(moment), call \(interrupted)")
            await stores.shutdown()
        }
        #expect((3..<200).contains(interrupted))
    }
}
