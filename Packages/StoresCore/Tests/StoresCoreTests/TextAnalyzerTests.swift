import StoresCore
import Testing

@Suite struct TextAnalyzerTests {
    @Test(arguments: [
        ("", []),
        ("  \n\t--\u{0}--", []),
        ("Hello, World!", ["hello", "world"]),
        ("x86_64-linux v2.10", ["x86", "64", "linux", "v2", "10"]),
        ("ada's", ["ada", "s"]),
        ("ÄRGER Straße ЖЁЛТЫЙ", ["ärger", "straße", "жёлтый"]),
        ("日本語 한국어", ["日本語", "한국어"]),
        ("½ Ⅻ ²", ["½", "ⅻ", "²"]),
        ("🎉party🎉", ["party"]),
        ("שלום\u{200F}עולם", ["שלום", "עולם"]),
        ("İstanbul", ["i\u{307}stanbul"]),
        ("ΟΔΟΣ", ["οδοσ"]),
    ])
    func `standard: runs of letters and numbers, lower-cased`(text: String, terms: [String]) {
        #expect(TextAnalyzer.standard.terms(text).map { Array($0.utf8) } == terms.map { Array($0.utf8) })
    }

    @Test func `marks belong to the word before them and start none`() {
        let decomposed = "cafe\u{301} au lait"
        #expect(TextAnalyzer.standard.terms(decomposed).map { Array($0.utf8) }.first == Array("cafe\u{301}".utf8))
        #expect(TextAnalyzer.standard.terms("\u{301}abc").map { Array($0.utf8) } == [Array("abc".utf8)])
        #expect(TextAnalyzer.standard.terms("हिन्दी") == ["हिन्दी"])
    }

    @Test func `composed and decomposed letters stay different terms`() {
        let composed = TextAnalyzer.standard.terms("caf\u{E9}")[0]
        let decomposed = TextAnalyzer.standard.terms("cafe\u{301}")[0]
        #expect(!composed.utf8.elementsEqual(decomposed.utf8))
    }

    @Test func `ranges are UTF-8 offsets of the word as it stands`() {
        let text = "Ärger, im CAFÉ 🎉 Running"
        let bytes = Array(text.utf8)
        for analyzer in TextAnalyzer.allCases {
            let tokens = analyzer.tokens(text)
            #expect(tokens.map(\.term) == analyzer.terms(text))
            let words = tokens.map { String(decoding: bytes[$0.range], as: UTF8.self) }
            #expect(words == ["Ärger", "im", "CAFÉ", "Running"])
        }
        #expect(TextAnalyzer.english.tokens(text).last?.term == "run")
    }

    @Test func `english drops the documented stop words and keeps others`() {
        #expect(TextAnalyzer.englishStopWords.count == 33)
        for word in TextAnalyzer.englishStopWords {
            #expect(TextAnalyzer.english.terms(word).isEmpty)
            #expect(TextAnalyzer.english.terms(word.uppercased()).isEmpty)
            #expect(TextAnalyzer.standard.terms(word) == [word])
        }
        #expect(TextAnalyzer.english.terms("The state of the art") == ["state", "art"])
    }

    // Every example of the 1980 paper, as what the whole algorithm makes of the word.
    @Test(arguments: [
        ("caresses", "caress"), ("ponies", "poni"), ("ties", "ti"), ("caress", "caress"), ("cats", "cat"),
        ("feed", "feed"), ("agreed", "agre"), ("plastered", "plaster"), ("bled", "bled"), ("motoring", "motor"),
        ("sing", "sing"), ("conflated", "conflat"), ("troubled", "troubl"), ("sized", "size"), ("hopping", "hop"),
        ("tanned", "tan"), ("falling", "fall"), ("hissing", "hiss"), ("fizzed", "fizz"), ("failing", "fail"),
        ("filing", "file"), ("happy", "happi"), ("sky", "sky"), ("relational", "relat"),
        ("conditional", "condit"), ("rational", "ration"), ("valenci", "valenc"), ("hesitanci", "hesit"),
        ("digitizer", "digit"), ("conformabli", "conform"), ("radicalli", "radic"), ("differentli", "differ"),
        ("vileli", "vile"), ("analogousli", "analog"), ("vietnamization", "vietnam"), ("predication", "predic"),
        ("operator", "oper"), ("feudalism", "feudal"), ("decisiveness", "decis"), ("hopefulness", "hope"),
        ("callousness", "callous"), ("formaliti", "formal"), ("sensitiviti", "sensit"), ("sensibiliti", "sensibl"),
        ("triplicate", "triplic"), ("formative", "form"), ("formalize", "formal"), ("electriciti", "electr"),
        ("electrical", "electr"), ("hopeful", "hope"), ("goodness", "good"), ("revival", "reviv"),
        ("allowance", "allow"), ("inference", "infer"), ("airliner", "airlin"), ("gyroscopic", "gyroscop"),
        ("adjustable", "adjust"), ("defensible", "defens"), ("irritant", "irrit"), ("replacement", "replac"),
        ("adjustment", "adjust"), ("dependent", "depend"), ("adoption", "adopt"), ("homologou", "homolog"),
        ("communism", "commun"), ("activate", "activ"), ("angulariti", "angular"), ("homologous", "homolog"),
        ("effective", "effect"), ("bowdlerize", "bowdler"), ("probate", "probat"), ("rate", "rate"),
        ("cease", "ceas"), ("controll", "control"), ("roll", "roll"), ("generalizations", "gener"),
        ("oscillators", "oscil"),
    ])
    func `english stems as published`(word: String, stem: String) {
        #expect(TextAnalyzer.english.terms(word) == [stem])
    }

    @Test(arguments: ["go", "x", "ipv6s", "größen", "ss1s"])
    func `english leaves short words, words with digits and other scripts as they are`(word: String) {
        #expect(TextAnalyzer.english.terms(word) == [word])
    }
}
