import StoresCore
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

@Suite struct InvertedIndexTests {
    private func index(_ texts: [String], _ analyzer: TextAnalyzer = .standard) -> InvertedIndex {
        var index = InvertedIndex(analyzer: analyzer)
        for (row, text) in texts.enumerated() { index.set(row, [text]) }
        return index
    }

    @Test func `any, all, phrase and prefix find the rows that have the words`() {
        let index = index(["red fox jumps", "red dog", "quick brown fox", "fox red", ""])
        #expect(Set(index.matchAny("red fox").keys) == [0, 1, 2, 3])
        #expect(Set(index.matchAll("RED fox").keys) == [0, 3])
        #expect(Set(index.matchAll("fox dog red").keys) == [])
        #expect(Set(index.phrase("red fox").keys) == [0])
        #expect(Set(index.phrase("fox red").keys) == [3])
        #expect(Set(index.prefix("f").keys) == [0, 2, 3])
        #expect(Set(index.prefix("brown fo").keys) == [2])
        #expect(Set(index.prefix("fox bro").keys) == [2])
        #expect(index.prefix("fo brown").isEmpty)
        #expect(index.matchAny("").isEmpty && index.matchAll("--").isEmpty && index.phrase("").isEmpty)
        #expect(index.prefix(" ").isEmpty)
    }

    @Test func `scores are BM25`() {
        let index = index(["apple apple pear", "apple", "pear plum"])
        let scores = index.matchAny("apple")
        let idf = log(1 + (3 - 2 + 0.5) / (2 + 0.5))
        let average = 2.0
        func expected(_ frequency: Double, _ length: Double) -> Double {
            idf * frequency * 2.2 / (frequency + 1.2 * (1 - 0.75 + 0.75 * length / average))
        }
        #expect(abs((scores[0] ?? 0) - expected(2, 3)) < 1e-12)
        #expect(abs((scores[1] ?? 0) - expected(1, 1)) < 1e-12)
        #expect(scores[2] == nil)
    }

    @Test func `phrases need neighbours in order and may overlap`() {
        let index = index(["a b a b a", "b a", "a x b", "a"])
        #expect(Set(index.phrase("a b a").keys) == [0])
        #expect(Set(index.phrase("b a").keys) == [0, 1])
        #expect(Set(index.phrase("a b").keys) == [0])
        #expect(Set(index.phrase("a").keys) == [0, 1, 2, 3])
        let twice = self.index(["x y x y x", "x y x z z"]).phrase("x y x")
        #expect((twice[0] ?? 0) > (twice[1] ?? 0))
    }

    @Test func `replacing and removing leaves nothing behind`() {
        var index = index(["old words here", "other"])
        index.set(0, ["new words"])
        #expect(index.matchAny("old here").isEmpty)
        #expect(index.prefix("ol").isEmpty)
        #expect(Set(index.matchAny("words").keys) == [0])
        index.remove(0)
        index.remove(0)
        index.remove(77)
        #expect(index.matchAny("new words").isEmpty)
        index.set(5, ["fresh"])
        #expect(
            index.matchAny("fresh")
                == self.index(["other", "fresh"]).matchAny("fresh").reduce(into: [:]) { $0[5] = $1.value })
    }

    @Test func `a history of writes does not change scores`() {
        let words = ["alpha", "beta", "gamma", "delta", "epsilon"]
        func text(_ n: Int) -> String { (0..<(n % 7 + 1)).map { words[(n * 3 + $0 * $0) % 5] }.joined(separator: " ") }
        var first = InvertedIndex(analyzer: .standard)
        for row in 0..<200 { first.set(row, [text(row)]) }
        var second = InvertedIndex(analyzer: .standard)
        for row in (0..<200).reversed() { second.set(row, [text(row + 1)]) }
        for row in stride(from: 0, to: 200, by: 2) { second.remove(row) }
        for row in 0..<200 { second.set(row, [text(row)]) }
        for query in ["alpha beta", "gamma delta epsilon alpha", "beta"] {
            #expect(first.matchAny(query) == second.matchAny(query))
            #expect(first.matchAll(query) == second.matchAll(query))
            #expect(first.phrase(query) == second.phrase(query))
            #expect(first.prefix(query) == second.prefix(query))
        }
    }

    @Test func `fields are searched alone or together, each by its analyzer`() {
        var index = InvertedIndex(fields: [.init("title", .english), .init("body", .standard)])
        index.set(0, ["Running databases", "the running text"])
        index.set(1, ["Database", nil])
        index.set(2, [nil, "database runs"])
        #expect(Set(index.matchAny("database", field: "title").keys) == [0, 1])
        #expect(Set(index.matchAny("database", field: "body").keys) == [2])
        #expect(Set(index.matchAny("database").keys) == [0, 1, 2])
        #expect(index.matchAny("database", field: "nowhere").isEmpty)
        // One word in the title, the other in the body.
        #expect(Set(index.matchAll("databases text").keys) == [0])
        // `the` is a stop word of the title: nobody has to have it.
        #expect(Set(index.matchAll("the database").keys) == [0, 1, 2])
        #expect(Set(index.matchAll("the running", field: "body").keys) == [0])
        #expect(Set(index.phrase("running databases").keys) == [0])
        #expect(index.phrase("databases the").keys.sorted() == [0, 1])
    }

    @Test func `english prefixes find stems and fully typed words`() {
        let index = index(["universities", "running", "the theory"], .english)
        #expect(Set(index.prefix("uni").keys) == [0])
        #expect(Set(index.prefix("universities").keys) == [0])
        #expect(Set(index.prefix("running").keys) == [1])
        #expect(Set(index.prefix("the").keys) == [2])
        #expect(Set(index.matchAny("the").keys) == [])
    }

    @Test func `rows confine the query and its statistics`() {
        let small = index(["red fox", "red dog fish"])
        var large = small
        for row in 10..<500 { large.set(row, ["red red red fox wolf"]) }
        for query in ["red", "fox red", "d"] {
            #expect(large.matchAny(query, among: [0, 1]) == small.matchAny(query))
            #expect(large.matchAll(query, among: [0, 1]) == small.matchAll(query))
            #expect(large.phrase(query, among: [0, 1]) == small.phrase(query))
            #expect(large.prefix(query, among: [0, 1]) == small.prefix(query))
        }
        #expect(large.matchAny("red", among: []).isEmpty)
    }

    @Test func `terms are compared by bytes`() {
        let index = index(["caf\u{E9}", "cafe\u{301}"])
        #expect(Set(index.matchAny("caf\u{E9}").keys) == [0])
        #expect(Set(index.matchAny("cafe\u{301}").keys) == [1])
        #expect(Set(index.prefix("caf").keys) == [0, 1])
        #expect(Set(index.prefix("cafe").keys) == [1])
    }
}
