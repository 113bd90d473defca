internal import CHiredis

/// hiredis's protocol reader behind one owner: bytes in, values out. Confined to the thread that feeds it.
final class RedisReplyReader {
    /// Puts the pieces together that hiredis tells of in the order of the wire.
    private final class Builder {
        struct Level {
            var missing: Int
            var isPush: Bool
            var values: [RedisValue]
        }

        var levels: [Level] = []
        /// A reply that is whole; nil for a push message, which belongs to no command.
        var finished: RedisValue?

        func add(_ value: RedisValue) {
            var value = value
            var isPush = false
            while let last = levels.indices.last {
                levels[last].values.append(value)
                levels[last].missing -= 1
                guard levels[last].missing == 0 else { return }
                let level = levels.removeLast()
                value = .array(level.values)
                isPush = level.isPush
            }
            finished = isPush ? nil : value
        }

        func open(count: Int, isPush: Bool) {
            guard count > 0 else { return add(.array([])) }
            var level = Level(missing: count, isPush: isPush, values: [])
            // The count is the server's word; space is taken as elements come.
            level.values.reserveCapacity(min(count, 1024))
            levels.append(level)
        }
    }

    private let builder = Builder()
    private let sink: UnsafeMutablePointer<stores_reply_sink>
    private let reader: UnsafeMutablePointer<redisReader>

    /// - Returns: Nil when there is no memory for it.
    init?() {
        sink = .allocate(capacity: 1)
        sink.initialize(
            to: stores_reply_sink(
                text: { context, kind, bytes, count in
                    let text = UnsafeRawBufferPointer(start: bytes, count: count)
                    RedisReplyReader.builder(context).add(RedisReplyReader.value(kind, text))
                },
                array: { context, kind, count in
                    RedisReplyReader.builder(context).open(
                        count: Int(clamping: count), isPush: kind == Int32(STORES_REPLY_PUSH))
                },
                integer: { context, value in RedisReplyReader.builder(context).add(.integer(value)) },
                number: { context, value in RedisReplyReader.builder(context).add(.double(value)) },
                boolean: { context, value in RedisReplyReader.builder(context).add(.boolean(value != 0)) },
                null: { context in RedisReplyReader.builder(context).add(.null) },
                context: Unmanaged.passUnretained(builder).toOpaque()))
        guard let reader = stores_reader_create(sink) else {
            sink.deallocate()
            return nil
        }
        self.reader = reader
        // An empty buffer of up to this size is kept rather than made anew for each read.
        reader.pointee.maxbuf = 1 << 20
    }

    deinit {
        redisReaderFree(reader)
        sink.deallocate()
    }

    /// Whether hiredis understands RESP3: from 1.0 on.
    static var readsRESP3: Bool { stores_hiredis_reads_resp3() != 0 }

    static var version: String { "\(stores_hiredis_major()).\(stores_hiredis_minor())" }

    /// Hands over what came from the wire.
    func feed(_ bytes: UnsafeRawBufferPointer) throws(RedisProtocolError) {
        guard redisReaderFeed(reader, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count) == REDIS_OK
        else { throw RedisProtocolError() }
    }

    func feed(_ bytes: ArraySlice<UInt8>) throws(RedisProtocolError) {
        let isTaken = bytes.withUnsafeBytes { raw in
            redisReaderFeed(reader, raw.baseAddress?.assumingMemoryBound(to: CChar.self), raw.count) == REDIS_OK
        }
        guard isTaken else { throw RedisProtocolError() }
    }

    /// The next whole reply; nil when more bytes are wanted.
    func next() throws(RedisProtocolError) -> RedisValue? {
        while true {
            var object: UnsafeMutableRawPointer?
            guard redisReaderGetReply(reader, &object) == REDIS_OK else { throw RedisProtocolError() }
            guard object != nil else { return nil }
            if let value = builder.finished {
                builder.finished = nil
                return value
            }
        }
    }

    private static func builder(_ context: UnsafeMutableRawPointer?) -> Builder {
        // The context is the builder of the reader that calls, which outlives the call.
        context.map { Unmanaged<Builder>.fromOpaque($0).takeUnretainedValue() } ?? Builder()
    }

    private static func value(_ kind: Int32, _ text: UnsafeRawBufferPointer) -> RedisValue {
        switch Int(kind) {
        case STORES_REPLY_STATUS: .status(String(decoding: text, as: UTF8.self))
        case STORES_REPLY_ERROR: .error(RedisErrorReply(text: String(decoding: text, as: UTF8.self)))
        default: .bytes(Array(text))
        }
    }
}

/// What came is no reply. The connection is of no more use.
struct RedisProtocolError: Error {}
