import StoresCore

/// The header `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.
enum RetryAfter {
    /// At most an hour: a server's clock may be wrong.
    private static let longest = Duration.seconds(3600)

    static func parse(_ text: String, now: Timestamp) -> Duration? {
        if let seconds = Double(text), seconds.isFinite, seconds >= 0 {
            return min(.milliseconds(Int64(min(seconds, 3600) * 1000)), longest)
        }
        guard let date = date(text) else { return nil }
        return min(max(date.duration(since: now), .zero), longest)
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`; the obsolete forms are not read.
    private static func date(_ text: String) -> Timestamp? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let month = months.firstIndex(of: String(words[2])) else {
            return nil
        }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return Timestamp("\(words[3])-\(number)-\(words[1])T\(words[4])Z")
    }
}
