/// A server's version as far as adapters tell versions apart: `1.16.3-dev` is 1.16.
public struct ServerVersion: Sendable, Hashable, Comparable {
    public let major: Int
    public let minor: Int

    public init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Nil for what does not start with two numbers; a leading `v` is none of them.
    public init?(_ text: String) {
        let words = text.drop { $0 == "v" }.split(omittingEmptySubsequences: false) { !$0.isASCII || !$0.isNumber }
        guard words.count >= 2, let major = Int(words[0]), let minor = Int(words[1]) else { return nil }
        self.init(major, minor)
    }

    public static func < (lhs: ServerVersion, rhs: ServerVersion) -> Bool {
        (lhs.major, lhs.minor) < (rhs.major, rhs.minor)
    }
}
