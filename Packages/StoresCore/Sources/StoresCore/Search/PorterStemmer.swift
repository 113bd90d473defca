/// The suffix stripping of M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980, with the three
/// departures of its author's reference implementation (tartarus.org/martin/PorterStemmer): words of one or two letters
/// stay, `bli` becomes `ble`, and `logi` becomes `log`.
struct PorterStemmer {
    private var word: [UInt8]
    /// The length of what precedes the suffix that was found last.
    private var stemEnd = 0

    /// - Parameter word: Lower-case ASCII.
    /// - Returns: Nil when the word stays as it is: it is short, or holds digits.
    static func stem(_ word: [UInt8]) -> [UInt8]? {
        guard word.count > 2, word.allSatisfy({ $0 >= UInt8(ascii: "a") }) else { return nil }
        var stemmer = PorterStemmer(word: word)
        stemmer.run()
        return stemmer.word
    }

    private init(word: [UInt8]) {
        self.word = word
    }

    private mutating func run() {
        plurals()
        pastAndGerund()
        if ends("y"), hasVowel(stemEnd) { replaceSuffix("i") }
        if let (_, replacement) = Self.step2.first(where: { ends($0.0) }), measure(stemEnd) > 0 {
            replaceSuffix(replacement)
        }
        if let (_, replacement) = Self.step3.first(where: { ends($0.0) }), measure(stemEnd) > 0 {
            replaceSuffix(replacement)
        }
        step4Removal()
        finalE()
        if ends("ll"), measure(word.count) > 1 { word.removeLast() }
    }

    /// Step 1a: caresses → caress, ponies → poni, cats → cat.
    private mutating func plurals() {
        if ends("sses") || ends("ies") {
            word.removeLast(2)
        } else if !ends("ss"), ends("s") {
            word.removeLast()
        }
    }

    /// Step 1b: agreed → agree, plastered → plaster, hopping → hop, filing → file.
    private mutating func pastAndGerund() {
        if ends("eed") {
            if measure(stemEnd) > 0 { word.removeLast() }
            return
        }
        guard ends("ed") || ends("ing"), hasVowel(stemEnd) else { return }
        word.removeLast(word.count - stemEnd)
        if ends("at") || ends("bl") || ends("iz") {
            word.append(UInt8(ascii: "e"))
        } else if endsInDoubleConsonant(word.count) {
            if let last = word.last, ![UInt8(ascii: "l"), UInt8(ascii: "s"), UInt8(ascii: "z")].contains(last) {
                word.removeLast()
            }
        } else if measure(word.count) == 1, endsInShortSyllable(word.count) {
            word.append(UInt8(ascii: "e"))
        }
    }

    /// Step 4: revival → reviv, adoption → adopt.
    private mutating func step4Removal() {
        guard Self.step4.contains(where: { ends($0) }) else { return }
        if word[stemEnd...].elementsEqual("ion".utf8) {
            guard stemEnd > 0, [UInt8(ascii: "s"), UInt8(ascii: "t")].contains(word[stemEnd - 1]) else { return }
        }
        if measure(stemEnd) > 1 { word.removeLast(word.count - stemEnd) }
    }

    /// Step 5a: probate → probat, cease → ceas.
    private mutating func finalE() {
        guard ends("e") else { return }
        let measure = measure(stemEnd)
        if measure > 1 || measure == 1 && !endsInShortSyllable(stemEnd) { word.removeLast() }
    }

    // The first suffix that a word ends with is the longest one: longer ones stand before those they end with.
    private static let step2: [(StaticString, StaticString)] = [
        ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("bli", "ble"),
        ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"),
        ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"),
        ("aliti", "al"), ("iviti", "ive"), ("biliti", "ble"), ("logi", "log"),
    ]
    private static let step3: [(StaticString, StaticString)] = [
        ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", ""),
    ]
    private static let step4: [StaticString] = [
        "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate",
        "iti", "ous", "ive", "ize",
    ]

    /// Whether the word ends with the suffix; then `stemEnd` is where it begins.
    private mutating func ends(_ suffix: StaticString) -> Bool {
        let length = suffix.utf8CodeUnitCount
        guard length <= word.count else { return false }
        let start = word.count - length
        let isSuffix = suffix.withUTF8Buffer { suffix in
            var index = length - 1
            while index >= 0 {
                if suffix[index] != word[start + index] { return false }
                index -= 1
            }
            return true
        }
        if isSuffix { stemEnd = start }
        return isSuffix
    }

    private mutating func replaceSuffix(_ replacement: StaticString) {
        word.removeLast(word.count - stemEnd)
        replacement.withUTF8Buffer { word.append(contentsOf: $0) }
    }

    /// `y` is a consonant at the start and after a vowel.
    private func isConsonant(_ index: Int) -> Bool {
        switch word[index] {
        case UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "o"), UInt8(ascii: "u"): false
        case UInt8(ascii: "y"): index == 0 || !isConsonant(index - 1)
        default: true
        }
    }

    /// m of the paper: how many times consonants follow vowels in the first `end` letters.
    private func measure(_ end: Int) -> Int {
        var count = 0
        var afterVowel = false
        var isConsonant = false
        for index in 0..<end {
            switch word[index] {
            case UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "o"), UInt8(ascii: "u"):
                isConsonant = false
            case UInt8(ascii: "y"): isConsonant = index == 0 || !isConsonant
            default: isConsonant = true
            }
            if isConsonant, afterVowel { count += 1 }
            afterVowel = !isConsonant
        }
        return count
    }

    private func hasVowel(_ end: Int) -> Bool {
        (0..<end).contains { !isConsonant($0) }
    }

    private func endsInDoubleConsonant(_ end: Int) -> Bool {
        end >= 2 && word[end - 1] == word[end - 2] && isConsonant(end - 1)
    }

    /// *o of the paper: consonant, vowel, consonant, and the last is not w, x or y.
    private func endsInShortSyllable(_ end: Int) -> Bool {
        guard end >= 3, isConsonant(end - 1), !isConsonant(end - 2), isConsonant(end - 3) else { return false }
        return ![UInt8(ascii: "w"), UInt8(ascii: "x"), UInt8(ascii: "y")].contains(word[end - 1])
    }
}
