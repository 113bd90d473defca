import StoresCore

/// How a value is kept: a string of the server that begins with `v1 ETAG EXPIRES COUNT `, all of fixed width, then
/// the content type of COUNT bytes, then the value itself.
///
/// EXPIRES is in milliseconds since 1970, 19 digits, 0 for never. The server's own expiry only frees what is no longer
/// visible: what is, the reader's clock decides. A counter is a hash of this head (`h`) and the number (`n`), a list a
/// list of this head and then the elements, so that the server itself refuses a command for another kind.
enum RedisEntry {
    static let headCount = 43
    static let never = String(repeating: "0", count: 19)

    private static let etag = 3..<18
    private static let expires = 19..<38
    private static let typeCount = 39..<42

    /// Nil when it has expired.
    ///
    /// The value stays in the memory that the reply came in.
    static func decode(_ reply: consuming [UInt8], key: String, now: Timestamp) throws(StoreError) -> SessionEntry? {
        var bytes = reply
        guard bytes.count >= headCount, bytes[0] == UInt8(ascii: "v"), bytes[1] == UInt8(ascii: "1"),
            let expires = number(bytes[Self.expires]), let count = number(bytes[typeCount]),
            bytes.count >= headCount + Int(count)
        else { throw .redisForeign(key) }
        if expires != 0, expires <= now.millisecondsSinceEpoch { return nil }
        let start = headCount + Int(count)
        let contentType = contentType(bytes[headCount..<start])
        let etag = String(decoding: bytes[Self.etag], as: UTF8.self)
        bytes.removeSubrange(..<start)
        return SessionEntry(
            value: SessionValue(bytes: bytes, contentType: contentType), etag: etag,
            expiresAt: expires == 0 ? nil : Timestamp(millisecondsSinceEpoch: expires))
    }

    /// The usual ones are constants, which need no memory.
    private static func contentType(_ bytes: ArraySlice<UInt8>) -> String {
        for known in known where known.utf8.elementsEqual(bytes) { return known }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let known: [String] = [
        "application/octet-stream", "text/plain; charset=utf-8", "application/json",
    ]

    static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowed) = scaled.addingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
            guard !overflow, !overflowed else { return nil }
            value = sum
        }
        return value
    }

    static func expiry(_ text: [UInt8]) -> Timestamp? {
        guard let value = number(text[...]), value != 0 else { return nil }
        return Timestamp(millisecondsSinceEpoch: value)
    }
}

/// When an entry is to expire, as commands and scripts are told.
struct RedisExpiry: Sendable {
    /// `k` keeps, `n` never, `a` after.
    var mode: StaticString
    /// In milliseconds since 1970; 0 for never.
    var instant: Int64
    /// What the server is to free it after, in milliseconds; 0 where it need not.
    var ttl: Int64

    /// Longer times are left to the entry itself: the server's own arithmetic has an end.
    private static let longest: Int64 = 100 * 366 * 86_400_000

    init(_ expiry: Expiry, now: Timestamp) {
        switch expiry {
        case .keep: (mode, instant, ttl) = ("k", 0, 0)
        case .never: (mode, instant, ttl) = ("n", 0, 0)
        case .after(let duration):
            // Before 1970 there is nothing but "expired".
            instant = max(1, now.advanced(by: duration).millisecondsSinceEpoch)
            let milliseconds = max(1, duration.wholeMilliseconds)
            (mode, ttl) = ("a", milliseconds > Self.longest ? 0 : milliseconds)
        }
    }

    var timestamp: Timestamp? { instant == 0 ? nil : Timestamp(millisecondsSinceEpoch: instant) }

    /// The 19 digits of the head.
    func writeInstant(to writer: inout RedisWriter) {
        writer.argument(count: 19) { Self.append(instant, digits: 19, to: &$0) }
    }

    static func append(_ number: Int64, digits: Int, to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: digits))
        var rest = max(0, number)
        var index = start + digits - 1
        while rest > 0, index >= start {
            bytes[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
            index -= 1
        }
    }
}
