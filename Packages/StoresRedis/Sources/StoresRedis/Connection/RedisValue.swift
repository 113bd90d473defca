/// A reply.
enum RedisValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case bytes([UInt8])
    case status(String)
    case error(RedisErrorReply)
    /// An array, a set, or a map as its keys and values in turn.
    case array([RedisValue])
    case double(Double)
    case boolean(Bool)
}

/// What a server answers when it refuses: a word in capitals, mostly, and a sentence. The sentence may repeat
/// arguments of the command, so it is not for logs.
struct RedisErrorReply: Error, Sendable, Hashable {
    var text: String

    /// `WRONGTYPE`, `NOAUTH`, `ERR`.
    ///
    /// Before Redis 7, and in KeyDB, what goes wrong in a script comes inside of a sentence: "ERR Error running script
    /// (call to f_…): @user_script:20: @user_script: 20: -READONLY You can't write against a read only replica."
    var code: Substring {
        if text.hasPrefix("ERR Error running script"),
            let place = text.ranges(of: "@user_script: ").last,
            let colon = text[place.upperBound...].firstIndex(of: ":")
        {
            let inner = text[colon...].dropFirst().drop { $0 == " " || $0 == "-" }.prefix { $0 != " " }
            if inner.count > 1, inner.allSatisfy({ $0.isUppercase && $0.isASCII }) { return inner }
        }
        return text.prefix { $0 != " " }
    }

    /// A script met a key that is on its way to another node of the cluster. It has written nothing by then, or only
    /// what it may write again.
    var isOutOfReach: Bool {
        text.contains("non local key") || text.contains("undeclared keys were accessed")
            || text.contains("a slot not served")
    }

    func isCode(_ code: StaticString) -> Bool {
        self.code == code.description
    }
}

extension RedisValue {
    var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .bytes(let bytes): Int64(String(decoding: bytes, as: UTF8.self))
        default: nil
        }
    }

    var bytes: [UInt8]? {
        switch self {
        case .bytes(let bytes): bytes
        case .status(let text): Array(text.utf8)
        default: nil
        }
    }

    /// Text that the library wrote itself, such as an id; other bytes are repaired.
    var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    var array: [RedisValue]? {
        if case .array(let values) = self { values } else { nil }
    }

    var error: RedisErrorReply? {
        if case .error(let error) = self { error } else { nil }
    }

    var isNull: Bool { self == .null }
}
