import StoresCore

/// Events as entries of the server's streams: the fields `p` position, `i` id, `t` type, `c` content type, `a` the
/// instant in milliseconds, `d` data, and `m:NAME` for each field of metadata.
enum RedisEventCodec {
    /// How many fields of metadata an event has at most: a script hands all of them on at once.
    static let maxMetadata = 1000

    /// The arguments of one event.
    static func encode(_ event: NewEvent, _ writer: inout RedisWriter) {
        writer.text(event.id)
        writer.text(event.type)
        writer.text(event.contentType)
        writer.text(event.data)
        writer.integer(Int64(event.metadata.count))
        for (name, value) in event.metadata {
            writer.text(name)
            writer.text(value)
        }
    }

    static func argumentCount(_ event: NewEvent) -> Int { 5 + 2 * event.metadata.count }

    /// - Parameter entry: An id and its fields, as XRANGE replies.
    static func decode(_ entry: RedisValue, stream: String) throws(StoreError) -> RecordedEvent {
        guard let parts = entry.array, parts.count == 2, let number = number(ofID: parts[0]), number > 0,
            let fields = parts[1].array
        else { throw .redisUnexpected("an event") }
        var event = NewEvent(id: "", type: "", contentType: "")
        var position: UInt64?
        var instant: Int64?
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            guard let name = fields[index].bytes, let value = fields[index + 1].bytes else { continue }
            switch name {
            case [UInt8(ascii: "p")]: position = UInt64(String(decoding: value, as: UTF8.self))
            case [UInt8(ascii: "i")]: event.id = String(decoding: value, as: UTF8.self)
            case [UInt8(ascii: "t")]: event.type = String(decoding: value, as: UTF8.self)
            case [UInt8(ascii: "c")]: event.contentType = String(decoding: value, as: UTF8.self)
            case [UInt8(ascii: "a")]: instant = Int64(String(decoding: value, as: UTF8.self))
            case [UInt8(ascii: "d")]: event.data = value
            case _ where name.starts(with: "m:".utf8):
                event.metadata[String(decoding: name.dropFirst(2), as: UTF8.self)] =
                    String(decoding: value, as: UTF8.self)
            default: break
            }
        }
        guard let position, let instant else {
            throw StoreError(
                .corrupt, "an entry of the stream is no event", remedy: "give the stores a key prefix of their own",
                resource: stream, applied: .no)
        }
        return RecordedEvent(
            stream: stream, revision: Int64(clamping: number - 1), position: Position(position), event: event,
            recordedAt: Timestamp(millisecondsSinceEpoch: instant))
    }

    /// The number of `7-0`.
    static func number(ofID value: RedisValue) -> UInt64? {
        value.text.flatMap { UInt64($0.prefix { $0 != "-" }) }
    }

    /// 0 for the start.
    static func number(_ position: Position?) throws(StoreError) -> UInt64 {
        guard let position else { return 0 }
        guard let number = position.numbers(count: 1)?.first else {
            throw .invalidArgument(
                "the position was not given out by this store", remedy: "positions of other stores mean nothing here")
        }
        return number
    }

    /// The id of the entry after the numbered one.
    static func id(after number: UInt64) -> String {
        number == .max ? "\(number)-1" : "\(number + 1)-0"
    }
}
