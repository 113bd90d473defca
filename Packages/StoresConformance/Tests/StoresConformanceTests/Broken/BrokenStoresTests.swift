import StoresCore
import Testing

@testable import StoresConformance

/// Each case is seen to fail: a defect that it must notice makes it fail, and without a defect it passes.
@Suite struct BrokenStoresTests {
    struct Pair: Sendable, CustomStringConvertible {
        var defect: String
        var id: String

        var description: String { "\(id) notices \(defect.isEmpty ? "what is declared" : defect)" }
    }

    private static func pairs<D: Defect>(_ defects: D.Type) -> [Pair] {
        D.allCases.flatMap { defect in defect.noticedBy.map { Pair(defect: defect.rawValue, id: $0) } }
    }

    private static let ofDrivers: [Pair] = [
        pairs(VectorDefect.self), pairs(MemoryDefect.self), pairs(SessionDefect.self), pairs(ArtifactDefect.self),
        pairs(EventDefect.self), pairs(SearchDefect.self),
    ].flatMap(\.self)

    /// Defects of the backend, the same for each tier. The stores are in-memory: without any further defect what was
    /// written is gone when they are opened again.
    private static let ofBackends: [Pair] = Tier.stores.map(\.rawValue).flatMap { tier in
        [
            Pair(defect: "foreignCapability", id: "X4.\(tier).limits"),
            Pair(defect: "foreignCapability", id: "R1.\(tier).registered"),
            Pair(defect: "nativeIsAnother", id: "X8.\(tier).native"),
            Pair(defect: "versionMissing", id: "X10.\(tier).status"), Pair(defect: "", id: "X5.\(tier).persists"),
        ] + (tier == "artifact" ? [] : ofTransactions(tier))
    }

    /// Calls that do not wait for the commit, and a commit that brings nothing.
    private static func ofTransactions(_ tier: String) -> [Pair] {
        [
            Pair(defect: "transactionAtOnce", id: "X12.\(tier).commits"),
            Pair(defect: "transactionAtOnce", id: "X12.\(tier).rollsBack"),
            Pair(defect: "transactionAtOnce", id: "X12.\(tier).refused"),
        ]
            + (["memory", "session", "event"].contains(tier)
                ? [Pair(defect: "transactionIsLost", id: "X12.\(tier).commits")] : [])
    }

    /// A negative case fails where the capability is there; some need a defect besides, and have one above.
    private static let negative: [Pair] = Conformance.all.compactMap { test in
        guard !test.excludes.isEmpty, !(ofDrivers + ofBackends).contains(where: { $0.id == test.id })
        else { return nil }
        return Pair(defect: "", id: test.id)
    }

    private static let pairs = ofDrivers + ofBackends + negative

    /// Kept by the tier types and the registry before a driver is called: no driver can break them, and the core's own
    /// tests prove them. They stand in the kit because an adapter's own settings, limits and selection go into them.
    private static let keptByTheCore: Set<String> = {
        var ids: Set<String> = [
            "V1.idLimits", "V3.badVectors", "V3.zeroVector", "V7.refusedWithoutScore", "V10.emptyFilter",
            "S3.malformed",
            "S5.emptyPrefix", "S8.oneForEachKey", "A8.refused", "E10.required", "V11.refusedFirst", "E8.otherLease",
        ]
        for tier in Tier.stores.map(\.rawValue) {
            ids.formUnion(["X2.\(tier).deadline", "X2.\(tier).cancelled", "X5.\(tier).afterShutdown"])
            ids.formUnion(["R1.\(tier).unknown", "R3.\(tier).misspelt", "R4.\(tier).production"])
            ids.insert("X10.\(tier).allFailures")
        }
        for tier in ["vector", "memory", "search"] {
            ids.formUnion(["F4.\(tier).badLiterals", "F6.\(tier).badPaths", "F7.\(tier).tooLarge"])
        }
        return ids
    }()

    @Test(arguments: pairs)
    func theDefectIsNoticed(_ pair: Pair) async throws {
        let test = try #require(Conformance.all.first { $0.id == pair.id }, "there is no case \(pair.id)")
        let failure = try await BrokenStores.failure(pair.defect, of: test)
        #expect(failure != nil, "\(pair.id) does not notice \(pair.defect)")
    }

    @Test func everyCaseIsSeenToFailOrKeptByTheCore() {
        let noticed = Set(Self.pairs.map(\.id))
        for test in Conformance.all where !noticed.contains(test.id) && !Self.keptByTheCore.contains(test.id) {
            Issue.record("no defect makes \(test.id) fail")
        }
        for id in Self.keptByTheCore {
            #expect(Conformance.all.contains { $0.id == id }, "there is no case \(id)")
            #expect(!noticed.contains(id), "\(id) is seen to fail, and need not be listed")
        }
    }

    @Test(arguments: Tier.stores)
    func withoutADefectNothingFails(_ tier: Tier) async throws {
        let report = try await BrokenStores.with("", tiers: [tier]) { subject in
            var subject = subject
            subject.waivers["X5.\(tier.rawValue).persists"] = "in-memory: gone at exit"
            return await Conformance.run(subject)
        }
        #expect(report.isPassing, "\(report)")
    }
}
