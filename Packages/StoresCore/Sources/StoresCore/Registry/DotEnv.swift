/// The text of a `.env` file: `NAME=value` lines, as Docker Compose reads them.
///
/// Blank lines and those that start with `#` are skipped; `export ` before a name is taken off. A value is taken as it
/// is up to white space before a `#`; in double quotes `\n`, `\t` and `\r` are escapes and a backslash before any
/// other character gives that character, in single quotes nothing is. Values are not expanded: a `$` is a `$`.
public enum DotEnv {
    /// - Throws: `invalidArgument` with the number of the line that can't be read; never its content.
    public static func parse(_ text: String) throws(StoreError) -> [String: String] {
        var values: [String: String] = [:]
        for (index, rawLine) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            var line = rawLine.trimmed
            if line.isEmpty || line.hasPrefix("#") { continue }
            if line.hasPrefix("export ") { line = line.dropFirst(7).trimmed }
            guard let equal = line.firstIndex(of: "="), let value = value(line[line.index(after: equal)...].trimmed)
            else { throw error(index + 1, "expected NAME=value") }
            let name = line[..<equal].trimmed
            guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
                name.utf8.allSatisfy({ $0 == UInt8(ascii: "_") || Character(Unicode.Scalar($0)).isASCIILetterOrDigit })
            else { throw error(index + 1, "a name is letters, digits and '_'") }
            values[String(name)] = value
        }
        return values
    }

    /// The variables of a process with those of a `.env` file below them: real variables win.
    public static func merge(_ file: [String: String], under environment: [String: String]) -> [String: String] {
        file.merging(environment) { _, real in real }
    }

    private static func value(_ text: Substring) -> String? {
        guard let quote = text.first, quote == "\"" || quote == "'" else {
            var end = text.endIndex
            var previousIsSpace = true
            for index in text.indices {
                if text[index] == "#", previousIsSpace {
                    end = index
                    break
                }
                previousIsSpace = text[index].isWhitespace
            }
            return String(text[..<end].trimmed)
        }
        var result = ""
        var index = text.index(after: text.startIndex)
        while index < text.endIndex, text[index] != quote {
            if quote == "\"", text[index] == "\\" {
                index = text.index(after: index)
                guard index < text.endIndex else { return nil }
                switch text[index] {
                case "n": result += "\n"
                case "t": result += "\t"
                case "r": result += "\r"
                default: result.append(text[index])
                }
            } else {
                result.append(text[index])
            }
            index = text.index(after: index)
        }
        guard index < text.endIndex else { return nil }
        let rest = text[text.index(after: index)...].trimmed
        return rest.isEmpty || rest.hasPrefix("#") ? result : nil
    }

    private static func error(_ line: Int, _ message: String) -> StoreError {
        StoreError(.invalidArgument, ".env line \(line): \(message)", phase: .configuration)
    }
}

extension StringProtocol {
    /// Without white space at both ends.
    var trimmed: SubSequence {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return self[endIndex...] }
        return self[first...last]
    }
}

extension Character {
    var isASCIILetterOrDigit: Bool { isASCII && (isLetter || isNumber) }
}
