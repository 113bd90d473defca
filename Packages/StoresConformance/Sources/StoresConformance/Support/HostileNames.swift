/// Names that break out of their place where they are spliced, or are taken for another (X11).
enum HostileNames {
    static let all: [String] = [
        "'", "''", "\"", "`", "\\", "\\'", "a'b", "$$", "%", "_", "a%", "a_c", "*", "?", "a*", "[a-z]", "{a,b}", "^a$",
        ".", "..", "a.b", "a..b", "../x", "/../x", "..\\x", "a/b", "a//b", "/a", "a/", "~", "~root", "-rf", "--",
        "'; DROP TABLE records; --", "1 OR 1=1", "' OR '1'='1", "\"}, \"$where\": \"1\"", "{\"$gt\": \"\"}", "$ne",
        "$where",
        "return redis.call('FLUSHALL')", "}) { __schema { types { name } } }", "#{7*7}", "${HOME}", "$(reboot)", "|ls",
        "&&", ";",
        " ", "  ", " a", "a ", "\t", "\n", "a\nb", "\r\n", "a\u{0}b", "\u{0}", "\u{1}", "\u{7F}", "\u{1B}[2J",
        "\u{202E}abc", "\u{200B}", "\u{FEFF}a", "a\u{200D}", "é", "e\u{301}", "ﬁ", "fi", "K", "\u{212A}", "ß", "ẞ", "İ",
        "ı",
        "A", "a", "👩‍👩‍👧", "👩", "\u{1F468}\u{200D}\u{1F4BB}", "日本語", "עברית", "\u{10FFFF}", "\u{FFFD}", "..\u{301}",
        "../\u{301}x", "/\u{301}a",
        "null", "NULL", "undefined", "true", "0", "-1", "1e5", "NaN", "__proto__", "constructor", "_id", "_source",
        "id", "default",
        "con", "nul.txt", "<script>", "a:b", "a|b", "a,b", "a=b", "a&b", "a+b", "a%2Fb", "%00", "%2e%2e%2f", "a#b",
        "a@b", "\u{600}/", "\u{600}", "a\u{600}", "a\u{600}/b", "",
        String(repeating: "x", count: 1024), String(repeating: "é", count: 512), String(repeating: "y", count: 1025),
        String(repeating: "k", count: 250),
    ]
}
