import StoresCore

/// What a key holds.
enum PostgresSessionKind: Int16 {
    case value = 0
    case counter = 1
    case list = 2

    init(_ row: PostgresRow, _ column: Int, _ key: String) throws(StoreError) {
        guard let kind = PostgresSessionKind(rawValue: Int16(clamping: try row.int(column))) else {
            throw PostgresJSON.damaged("a session entry is of an unknown kind").filling(resource: key)
        }
        self = kind
    }

    var name: String {
        switch self {
        case .value: "value"
        case .counter: "counter"
        case .list: "list"
        }
    }

    func refused(_ key: String, wanted: String) -> StoreError {
        StoreError(
            .preconditionFailed, "the key holds a \(name); the operation wants \(wanted)",
            remedy: "use another key, or delete this one first", resource: key, applied: .no)
    }
}

enum PostgresEtag {
    /// 64 random bits.
    static func next() -> String {
        var random = SystemRandomNumberGenerator()
        return String(random.next(), radix: 16)
    }
}

/// An expiry as two parameters: whether the old one stays, and else the new one.
struct PostgresExpiry {
    var keeps: Bool
    /// Milliseconds since 1970; nil: never.
    var instant: Int64?

    init(_ expiry: Expiry, _ now: Timestamp) {
        switch expiry {
        case .keep: (keeps, instant) = (true, nil)
        case .never: (keeps, instant) = (false, nil)
        case .after(let duration): (keeps, instant) = (false, now.advanced(by: duration).millisecondsSinceEpoch)
        }
    }
}
