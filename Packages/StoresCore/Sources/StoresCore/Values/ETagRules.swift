/// What an etag looks like; one that this library never made is refused before I/O (S3).
public enum ETagRules {
    /// - Throws: `invalidArgument` unless it is 1 to 256 printable ASCII characters without spaces.
    public static func check(_ etag: String) throws(StoreError) {
        guard (1...256).contains(etag.utf8.count), etag.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .invalidArgument("an etag is 1 to 256 printable ASCII characters without spaces")
        }
    }
}
