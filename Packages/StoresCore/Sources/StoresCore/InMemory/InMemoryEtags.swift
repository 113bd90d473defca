/// Etags that are never given out twice: a prefix of the store's own and a count.
struct InMemoryEtags: Sendable {
    private var prefix: String?
    private var count: UInt64 = 0

    /// - Parameter ids: Where the prefix comes from, once; with a sequential generator etags are reproducible.
    mutating func next(_ ids: any IDGenerator) -> String {
        let prefix = self.prefix ?? Self.tail(of: ids.next())
        self.prefix = prefix
        count &+= 1
        return "\(prefix)-\(count)"
    }

    /// The last of the id's ASCII letters and digits; in a version 7 UUID that is the random part.
    private static func tail(of id: String) -> String {
        let allowed = id.utf8.filter {
            switch $0 {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"):
                true
            default: false
            }
        }
        return String(decoding: allowed.suffix(12), as: UTF8.self)
    }
}
