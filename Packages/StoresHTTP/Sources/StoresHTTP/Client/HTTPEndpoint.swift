public import StoresCore

/// Where a service is: `https://host:port/prefix`.
public struct HTTPEndpoint: Sendable, Hashable {
    public let scheme: String
    /// As it stands in a URL; an IPv6 address has its brackets.
    public let host: String
    public let port: Int
    /// Empty, or `/…` without a slash at the end.
    public let prefix: String

    /// - Parameter variable: Where the URL comes from, for the error.
    /// - Throws: `invalidArgument` for what is no `http` or `https` URL, and for one with user information, query or
    ///   fragment: a key belongs into its own variable, from where it goes into a header.
    public init(_ url: String, variable: String) throws(StoreError) {
        func refuse(_ problem: String) -> StoreError {
            StoreError(
                .invalidArgument, "\(variable) \(problem)",
                remedy: "set \(variable) to a URL such as http://127.0.0.1:8000", endpoint: url, applied: .no,
                phase: .configuration)
        }
        let parts = url.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, ["http", "https"].contains(parts[0].lowercased()) else {
            throw refuse("is an http or https URL")
        }
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else {
            throw refuse("has only ASCII characters, without spaces")
        }
        guard !parts[1].contains("@") else { throw refuse("has no user information") }
        guard !parts[1].contains("?"), !parts[1].contains("#") else { throw refuse("has no query and no fragment") }
        let slash = parts[1].firstIndex(of: "/") ?? parts[1].endIndex
        let authority = parts[1][..<slash]
        scheme = parts[0].lowercased()
        var path = parts[1][slash...]
        while path.hasSuffix("/") { path = path.dropLast() }
        prefix = String(path)
        let bracket = authority.lastIndex(of: "]").map(authority.index(after:)) ?? authority.startIndex
        if let colon = authority[bracket...].firstIndex(of: ":") {
            guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0 else {
                throw refuse("has a port from 1 to 65535")
            }
            host = authority[..<colon].lowercased()
            port = Int(number)
        } else {
            host = authority.lowercased()
            port = scheme == "https" ? 443 : 80
        }
        guard !host.isEmpty, host != "[]" else { throw refuse("names a host") }
    }

    /// `http://host:port/prefix`
    public var text: String { "\(scheme)://\(host):\(port)\(prefix)" }

    /// The URL of a path. Segments and query values are data: everything but unreserved characters is escaped.
    public func url(_ path: [String], query: [(name: String, value: String)] = []) -> String {
        var url = text
        for segment in path { url += "/" + Self.escape(segment) }
        for (index, item) in query.enumerated() {
            url += "\(index == 0 ? "?" : "&")\(Self.escape(item.name))=\(Self.escape(item.value))"
        }
        return url
    }

    /// RFC 3986, section 2.3: letters, digits, `-._~` stay. A segment of dots alone would be taken for a way up.
    static func escape(_ text: String) -> String {
        let isDots = text == "." || text == ".."
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "~"):
                bytes.append(byte)
            case UInt8(ascii: ".") where !isDots: bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "%"))
                Hexadecimal.append(byte, isUpper: true, to: &bytes)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a `Location` leads to the same server: a path, or a URL with this scheme, host and port. The new URL.
    func sameServer(_ location: String) -> String? {
        if location.hasPrefix("/"), !location.hasPrefix("//") { return "\(scheme)://\(host):\(port)\(location)" }
        let bare = location.split(separator: "?", maxSplits: 1).first.map(String.init) ?? ""
        guard let other = try? HTTPEndpoint(bare, variable: "Location"), other.scheme == scheme, other.host == host,
            other.port == port
        else { return nil }
        return location
    }
}
