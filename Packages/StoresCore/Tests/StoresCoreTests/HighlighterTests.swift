import StoresCore
import Testing

@Suite struct HighlighterTests {
    @Test func `short texts are one fragment, whole, unescaped`() {
        let highlighter = Highlighter(words: "fox dog", analyzer: .standard)
        #expect(
            highlighter.fragments(of: "The <b>Fox</b> & the fox!") == ["The <b><em>Fox</em></b> & the <em>fox</em>!"])
        #expect(highlighter.fragments(of: "no such thing").isEmpty)
        #expect(highlighter.fragments(of: "").isEmpty)
        #expect(Highlighter(words: "--", analyzer: .standard).fragments(of: "a b").isEmpty)
    }

    @Test func `english marks the word as it stands for its stem`() {
        let highlighter = Highlighter(words: "the runs", analyzer: .english)
        #expect(highlighter.fragments(of: "The RUNNING man; runners") == ["The <em>RUNNING</em> man; runners"])
    }

    @Test func `phrases mark their occurrences alone`() {
        let query = SearchQuery.phrase("red fox")
        let highlighter = Highlighter(query, field: "body", analyzer: .standard)
        #expect(
            highlighter.fragments(of: "red dog, red fox, fox") == ["red dog, <em>red</em> <em>fox</em>, fox"])
        #expect(highlighter.fragments(of: "red").isEmpty)
    }

    @Test func `prefixes mark the whole word`() {
        let highlighter = Highlighter(.prefix("quick bro"), field: "body", analyzer: .standard)
        #expect(
            highlighter.fragments(of: "quick brown brothers")
                == ["<em>quick</em> <em>brown</em> <em>brothers</em>"])
    }

    @Test func `only what the query asks of this field is marked, and nothing that must not be`() {
        let query = SearchQuery.boolean(
            must: [.match(field: "title", "alpha"), .match("beta")], should: [.match(field: "body", "gamma")],
            mustNot: [.match("delta")])
        let text = "alpha beta gamma delta"
        #expect(
            Highlighter(query, field: "body", analyzer: .standard).fragments(of: text)
                == ["alpha <em>beta</em> <em>gamma</em> delta"])
        #expect(
            Highlighter(query, field: "title", analyzer: .standard).fragments(of: text)
                == ["<em>alpha</em> <em>beta</em> gamma delta"])
        #expect(Highlighter(.all, field: "body", analyzer: .standard).fragments(of: text).isEmpty)
    }

    @Test func `long texts come as fragments of about 160 scalars that begin and end at words`() {
        let filler = (0..<60).map { "word\($0)" }.joined(separator: " ")
        let text = "\(filler) needle \(filler) — needle needle \(filler) néedle needle \(filler) needle end."
        let fragments = Highlighter(words: "needle", analyzer: .standard).fragments(of: text)
        #expect(fragments.count == 3)
        let marks = fragments.map { $0.ranges(of: "<em>needle</em>").count }
        // Of four places the one with two marks stays, and of the rest the earlier ones, in the order of the text.
        #expect(marks == [1, 2, 1])
        for fragment in fragments {
            let plain = fragment.replacing("<em>", with: "").replacing("</em>", with: "")
            #expect(text.contains(plain))
            #expect(plain.unicodeScalars.count <= 160)
            #expect(plain.unicodeScalars.count > 100)
            #expect(text.contains(" \(plain) ") || text.contains(" \(plain)."))
        }
    }

    @Test func `a word longer than a fragment is marked whole`() {
        let long = String(repeating: "ü", count: 500)
        let fragments = Highlighter(words: long, analyzer: .standard).fragments(of: "x \(long) y")
        #expect(fragments == ["x <em>\(long)</em>"] || fragments == ["<em>\(long)</em>"])
    }

    @Test func `fragments do not overlap and lose no mark between them`() {
        let text = (0..<400).map { $0 % 9 == 0 ? "hit" : "w\($0)" }.joined(separator: " ")
        let fragments = Highlighter(words: "hit", analyzer: .standard, maxFragments: 1000).fragments(of: text)
        let marks = fragments.reduce(0) { $0 + $1.ranges(of: "<em>hit</em>").count }
        #expect(marks == 45)
        var rest = text[...]
        for fragment in fragments {
            let plain = fragment.replacing("<em>", with: "").replacing("</em>", with: "")
            guard let range = rest.firstRange(of: plain) else {
                Issue.record("a fragment overlaps the one before it: \(plain)")
                return
            }
            rest = rest[range.upperBound...]
        }
    }
}
