/// Splits a document at its headings and paragraphs into passages of about 800 characters, without overlap.
///
/// Headings are those of Markdown (`#`, and underlined with `=` or `-`) and reStructuredText (underlined). A paragraph
/// stays whole unless it is longer than a passage; then it is split between lines, and a line that is longer between
/// words. A fenced block of code counts as one paragraph.
struct PassageSplitter {
    enum Syntax { case markdown, restructuredText, plain }

    /// Characters of a passage; one is longer only when its paragraph is a little longer.
    static let target = 800
    private static let tolerance = 200

    private let syntax: Syntax
    private var headings: [(level: Int, text: String)] = []
    /// The underlines of reStructuredText in the order of their first use: their index is their level.
    private var adornments: [Character] = []
    private var blocks: [(line: Int, text: String)] = []
    private var length = 0
    private(set) var passages: [Passage] = []
    /// The texts of the headings, in order.
    private(set) var titles: [String] = []

    static func split(_ text: String, syntax: Syntax) -> PassageSplitter {
        var splitter = PassageSplitter(syntax: syntax)
        splitter.read(text)
        return splitter
    }

    private init(syntax: Syntax) {
        self.syntax = syntax
    }

    private mutating func read(_ text: String) {
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
        var paragraph: [Substring] = []
        var start = 0
        var fence: Substring?
        func isUnderlined(_ index: Int) -> Bool {
            index + 1 < lines.count && Self.adornment(lines[index + 1], under: lines[index], syntax) != nil
        }
        var index = 0
        while index < lines.count {
            let line = lines[index]
            let trimmed = line.trimmedSpaces
            if let open = fence {
                paragraph.append(line)
                if trimmed.hasPrefix(open) { fence = nil }
                index += 1
                continue
            }
            if syntax == .markdown, trimmed.hasPrefix("```") || trimmed.hasPrefix("~~~") { fence = trimmed.prefix(3) }
            if fence == nil, trimmed.isEmpty {
                add(paragraph, line: start + 1)
                paragraph = []
                index += 1
                continue
            }
            if fence == nil, paragraph.isEmpty || syntax == .markdown, syntax != .plain {
                if syntax == .markdown, let (level, title) = Self.markdownHeading(trimmed) {
                    add(paragraph, line: start + 1)
                    paragraph = []
                    open(title, level: level)
                    index += 1
                    continue
                }
                if paragraph.isEmpty, isUnderlined(index),
                    let mark = Self.adornment(lines[index + 1], under: line, syntax)
                {
                    open(String(trimmed), level: level(of: mark))
                    index += 2
                    continue
                }
            }
            if paragraph.isEmpty { start = index }
            paragraph.append(line)
            index += 1
        }
        add(paragraph, line: start + 1)
        flush()
    }

    // MARK: Headings

    private static func markdownHeading(_ line: Substring) -> (Int, String)? {
        let marks = line.prefix { $0 == "#" }.count
        guard (1...6).contains(marks) else { return nil }
        let rest = line.dropFirst(marks)
        guard rest.first == " " || rest.first == "\t" else { return nil }
        var title = rest.trimmedSpaces
        while title.last == "#" { title.removeLast() }
        return (marks, String(title.trimmedSpaces))
    }

    private static func adornment(_ line: Substring, under title: Substring, _ syntax: Syntax) -> Character? {
        let line = line.trimmedSpaces
        guard let mark = line.first, line.allSatisfy({ $0 == mark }), !title.trimmedSpaces.isEmpty,
            title.contains(where: { $0.isLetter })
        else { return nil }
        switch syntax {
        case .markdown: return (mark == "=" || mark == "-") && line.count >= 3 ? mark : nil
        case .restructuredText:
            return "=-~^\"'`#*+:._".contains(mark) && line.count >= max(3, title.trimmedSpaces.count) ? mark : nil
        case .plain: return nil
        }
    }

    private mutating func level(of mark: Character) -> Int {
        if syntax == .markdown { return mark == "=" ? 1 : 2 }
        if let known = adornments.firstIndex(of: mark) { return known + 1 }
        adornments.append(mark)
        return adornments.count
    }

    private mutating func open(_ title: String, level: Int) {
        flush()
        headings.removeAll { $0.level >= level }
        guard !title.isEmpty else { return }
        headings.append((level, title))
        titles.append(title)
    }

    // MARK: Passages

    private mutating func add(_ lines: [Substring], line: Int) {
        guard !lines.isEmpty else { return }
        let text = lines.joined(separator: "\n")
        let count = text.count
        if count <= Self.target + Self.tolerance {
            append(text, count, line)
            return
        }
        for (offset, part) in lines.enumerated() {
            for piece in Self.pieces(part) { append(piece, piece.count, line + offset) }
        }
    }

    private mutating func append(_ text: String, _ count: Int, _ line: Int) {
        if !blocks.isEmpty, length + count > Self.target { flush() }
        blocks.append((line, text))
        length += count + 1
    }

    private mutating func flush() {
        defer { (blocks, length) = ([], 0) }
        guard let first = blocks.first else { return }
        // Blocks that were one paragraph stand on lines that follow each other; others had a blank line between them.
        var text = ""
        var expected = first.line
        for block in blocks {
            if !text.isEmpty { text += block.line > expected ? "\n\n" : "\n" }
            text += block.text
            expected = block.line + block.text.count { $0 == "\n" || $0 == "\r\n" } + 1
        }
        guard text.contains(where: { !$0.isWhitespace }) else { return }
        passages.append(
            Passage(
                ordinal: passages.count, heading: headings.map(\.text).joined(separator: " › "), line: first.line,
                text: text))
    }

    /// A line in pieces of at most the target, cut between words where there are any.
    private static func pieces(_ line: Substring) -> [String] {
        var pieces: [String] = []
        var rest = line
        while rest.count > target {
            let limit = rest.index(rest.startIndex, offsetBy: target)
            let head = rest[..<limit]
            let cut = head.lastIndex(of: " ").map { rest.index(after: $0) } ?? limit
            pieces.append(String(rest[..<cut]))
            rest = rest[cut...]
        }
        if !rest.isEmpty { pieces.append(String(rest)) }
        return pieces
    }
}

extension Substring {
    /// Without white space at both ends.
    var trimmedSpaces: Substring {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return self[endIndex...] }
        return self[first...last]
    }
}
