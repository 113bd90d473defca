/// What looks like a secret in free text, masked.
///
/// By scalars: a combining mark after a "@" or a "=" makes another character of it, and must not hide what follows. By
/// hand: regular expressions for this take a millisecond and more to be built, in every process.
enum SecretMask {
    typealias Text = ArraySlice<Unicode.Scalar>

    /// User information in URLs.
    ///
    /// To the last "@" before white space, or, where there is no colon before it, before a "/": a password may hold an
    /// unescaped "@" or "/", and to show less is better than to show a part of it.
    static func userInformation(in text: Text) -> Text {
        replacing(text) { index in
            guard text[index...].starts(with: "://".unicodeScalars), endsWithScheme(text[..<index]) else { return nil }
            let start = index + 3
            let run = text[start...].prefix { !$0.properties.isWhitespace }
            let hasColon = run.prefix { $0 != "/" && $0 != "@" }.contains(":")
            return (hasColon ? run : run.prefix { $0 != "/" }).lastIndex(of: "@").map { start..<$0 }
        }
    }

    /// What follows `password=`, `"token": ` and their like: up to the closing quote, or to where a value ends in the
    /// usual notations.
    static func values(in text: Text) -> Text {
        replacing(text) { index in
            for name in names where startsWith(name, text[index...]) {
                var rest = text[index...].dropFirst(name.count)
                if let first = rest.first, first == "\"" || first == "'" { rest.removeFirst() }
                rest = rest.drop { $0.properties.isWhitespace }
                guard let sign = rest.popFirst(), sign == "=" || sign == ":" else { continue }
                rest = rest.drop { $0.properties.isWhitespace }
                if let end = end(ofValue: rest) { return rest.startIndex..<end }
            }
            return nil
        }
    }

    private static let names = [
        "password", "passwd", "pwd", "secret", "token", "apikey", "api-key", "api_key", "accesskey", "access-key",
        "access_key", "accountkey", "account-key", "account_key", "authorization", "signature", "sig",
    ].map { Array($0.unicodeScalars) }

    private static let schemes = ["bearer ", "basic "].map { Array($0.unicodeScalars) }

    /// Nil where there is no value.
    private static func end(ofValue text: Text) -> Int? {
        if let quote = text.first, quote == "\"" || quote == "'", let close = text.dropFirst().firstIndex(of: quote) {
            return close + 1
        }
        for scheme in schemes where startsWith(scheme, text) {
            let credentials = text.dropFirst(scheme.count).prefix(while: isPlain)
            if !credentials.isEmpty { return credentials.endIndex }
        }
        let plain = text.prefix(while: isPlain)
        return plain.isEmpty ? nil : plain.endIndex
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case ",", ";", "&", ")", "}", "]": false
        default: !scalar.properties.isWhitespace
        }
    }

    private static func startsWith(_ lowercase: [Unicode.Scalar], _ text: Text) -> Bool {
        text.starts(with: lowercase) { scalar, expected in
            scalar == expected || "A"..."Z" ~= scalar && scalar.value + 32 == expected.value
        }
    }

    /// Letters, digits, "+", "." and "-", a letter among them (RFC 3986, section 3.1).
    private static func endsWithScheme(_ text: Text) -> Bool {
        for scalar in text.reversed() {
            switch scalar {
            case "a"..."z", "A"..."Z": return true
            case "0"..."9", "+", ".", "-": continue
            default: return false
            }
        }
        return false
    }

    /// - Parameter secret: What is to be masked of what begins at the index, if anything.
    private static func replacing(_ text: Text, _ secret: (Int) -> Range<Int>?) -> Text {
        var shown: Text = []
        var index = text.startIndex
        while index < text.endIndex {
            if let secret = secret(index) {
                shown += text[index..<secret.lowerBound] + Redaction.mask.unicodeScalars
                index = secret.upperBound
            } else {
                shown.append(text[index])
                index += 1
            }
        }
        return shown
    }
}
