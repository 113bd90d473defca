/// Removes secrets from what is shown.
public enum Redaction {
    static let mask = "***"

    /// An endpoint without user information and without the values of query items.
    ///
    /// `postgres://ada:pw@db:5432/app?sslmode=require&password=x` becomes
    /// `postgres://db:5432/app?sslmode=require&password=***`: user and password go, and of the query items only those
    /// that are known to be harmless keep their value.
    public static func endpoint(_ text: String) -> String {
        guard let scheme = text.range(of: "://") else { return secrets(in: text) }
        // The last "@" ends the user information, wherever it stands: a password may hold an unescaped "@", "/" or "?",
        // and to show less is better than to show a part of it.
        var rest = text[scheme.upperBound...]
        if let at = rest.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
        let query = rest.firstIndex(of: "?") ?? rest.endIndex
        let authority = rest[..<query]
        var result = text[..<scheme.upperBound] + authority
        if query < rest.endIndex {
            let items = rest[rest.index(after: query)...].split(separator: "&").map { item -> String in
                guard let equal = item.firstIndex(of: "=") else { return String(item) }
                let name = item[..<equal]
                return harmless.contains(name.lowercased()) ? String(item) : "\(name)=\(mask)"
            }
            result += "?" + items.joined(separator: "&")
        }
        return String(result)
    }

    private static let harmless: Set<String> = [
        "sslmode", "replicaset", "tls", "ssl", "directconnection", "connect_timeout", "timeout", "db", "protocol",
        "target_session_attrs", "application_name", "retrywrites", "readpreference",
    ]

    /// A resource's name for one line of log: control characters escaped, cut after 200 characters.
    public static func name(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars.prefix(200) {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            default:
                let category = scalar.properties.generalCategory
                if category == .control || category == .format || category == .lineSeparator
                    || category == .paragraphSeparator
                {
                    result += "\\u{\(String(scalar.value, radix: 16))}"
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + (text.unicodeScalars.count > 200 ? "…\"" : "\"")
    }

    /// Masks what looks like a secret in free text of a native error: user information in URLs, and the values that
    /// follow `password`, `secret`, `token`, `api-key` and their like.
    public static func secrets(in text: String) -> String {
        // Most texts have nothing of either, which a look at the bytes tells.
        guard text.utf8.contains(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "=") }) else { return text }
        let shown = SecretMask.values(in: SecretMask.userInformation(in: ArraySlice(text.unicodeScalars)))
        return String(String.UnicodeScalarView(shown))
    }
}

extension String {
    func range(of needle: String) -> Range<String.Index>? { firstRange(of: needle) }
}
