import StoresCore

/// A write, and how it is to be sent.
struct RedisSessionWrite: Sendable {
    enum Form: Sendable {
        /// SET: no conditions, nothing to be kept. GET makes the server refuse when the key holds another kind.
        case plain
        /// The script by its digest.
        case script
        /// The script by its text, which the server keeps from then on.
        case text
    }

    var write: SessionWrite
    var expiry: RedisExpiry
    var etag: String
    /// In milliseconds since 1970.
    var now: Int64
    var form: Form

    func encode(_ writer: inout RedisWriter, _ keys: RedisKeys) {
        switch form {
        case .plain: encodeSet(&writer, keys)
        case .script, .text: encodeScript(&writer, keys)
        }
    }

    private func encodeSet(_ writer: inout RedisWriter, _ keys: RedisKeys) {
        writer.command(expiry.ttl > 0 ? 6 : 4)
        writer.word("SET")
        keys.write(.entry, write.key, to: &writer)
        encodeEntry(&writer)
        if expiry.ttl > 0 {
            writer.word("PX")
            writer.integer(expiry.ttl)
        }
        writer.word("GET")
    }

    private func encodeScript(_ writer: inout RedisWriter, _ keys: RedisKeys) {
        let leaseGuard = write.leaseGuard
        RedisSessionScripts.set.begin(
            &writer, byDigest: form == .script, keys: leaseGuard == nil ? 1 : 2, arguments: leaseGuard == nil ? 6 : 7)
        keys.write(.entry, write.key, to: &writer)
        if let leaseGuard { keys.write(.lease, leaseGuard.key, to: &writer) }
        writer.argument(count: 19) { RedisExpiry.append(now, digits: 19, to: &$0) }
        Self.encode(write.condition, &writer)
        encodeValue(&writer)
        if let leaseGuard { writer.integer(leaseGuard.generation) }
    }

    /// The three arguments by which a script writes a value.
    func encodeValue(_ writer: inout RedisWriter) {
        writer.word(expiry.mode)
        writer.integer(expiry.ttl)
        encodeEntry(&writer)
    }

    private func encodeEntry(_ writer: inout RedisWriter) {
        let contentType = write.value.contentType.utf8
        let count = RedisEntry.headCount + contentType.count + write.value.bytes.count
        writer.argument(count: count) { bytes in
            bytes.append(contentsOf: "v1 ".utf8)
            bytes.append(contentsOf: etag.utf8)
            bytes.append(UInt8(ascii: " "))
            RedisExpiry.append(expiry.instant, digits: 19, to: &bytes)
            bytes.append(UInt8(ascii: " "))
            RedisExpiry.append(Int64(contentType.count), digits: 3, to: &bytes)
            bytes.append(UInt8(ascii: " "))
            bytes.append(contentsOf: contentType)
            bytes.append(contentsOf: write.value.bytes)
        }
    }

    /// The two arguments of a condition.
    static func encode(_ condition: SessionCondition, _ writer: inout RedisWriter) {
        switch condition {
        case .none:
            writer.word("-")
            writer.word("")
        case .ifAbsent:
            writer.word("a")
            writer.word("")
        case .ifMatch(let etag):
            writer.word("m")
            writer.text(etag)
        }
    }
}
