import CRdKafka
@_spi(Bytes) import StoresCore

/// Reads records as consumers hand them out. Texts that repeat from one record to the next are kept once.
struct KafkaDecoder {
    private var lastStream = ""
    private var lastType = ""

    mutating func record(_ message: UnsafePointer<rd_kafka_message_t>) -> KafkaRecord {
        let key = UnsafeRawBufferPointer(start: message.pointee.key, count: message.pointee.key_len)
        guard !key.isEmpty, let stream = Self.text(key, as: &lastStream), stream.utf8.count <= EventStore.maxStreamBytes
        else {
            return KafkaRecord(
                stream: "", events: [], recordedAt: Timestamp(millisecondsSinceEpoch: 0), hint: nil,
                foreign: "its key is no stream's name")
        }
        let value = UnsafeRawBufferPointer(start: message.pointee.payload, count: message.pointee.len)
        var event = NewEvent(id: "", type: "")
        var hint: KafkaHint?
        var count: Int?
        var headerTime: Int64?
        var damaged: String?
        Self.forEachHeader(message) { name, bytes in
            switch stores_kafka_header(name) {
            case STORES_KAFKA_TIME: headerTime = Int64(decimal: bytes)
            case STORES_KAFKA_AFTER: hint = KafkaHint(bytes)
            case STORES_KAFKA_EVENTS: count = Int64(decimal: bytes).map { Int($0) } ?? -1
            case STORES_KAFKA_TYPE:
                if let text = Self.text(bytes, as: &lastType) { event.type = text } else { damaged = Self.noText }
            case let kind:
                guard let text = String(utf8: bytes) else {
                    damaged = Self.noText
                    return
                }
                switch kind {
                case STORES_KAFKA_ID: event.id = text
                case STORES_KAFKA_CONTENT_TYPE: event.contentType = text
                case STORES_KAFKA_META: event.metadata[String(cString: name + 5)] = text
                default: break
                }
            }
        }
        let time = headerTime ?? max(0, rd_kafka_message_timestamp(message, nil))
        var events: [NewEvent] = []
        if let count {
            if let found = KafkaFrames.decode(value, count: count) {
                events = found
            } else {
                damaged = "its value is not as its headers say"
            }
        } else if event.id.isEmpty || event.type.isEmpty {
            damaged = damaged ?? "it has no headers id and type"
        } else {
            event.data = Array(value)
            events = [event]
        }
        return KafkaRecord(
            stream: stream, events: damaged == nil ? events : [], recordedAt: Timestamp(millisecondsSinceEpoch: time),
            hint: hint, foreign: damaged)
    }

    private static let noText = "a header is no UTF-8"

    /// The last one again where the bytes are the same.
    private static func text(_ bytes: UnsafeRawBufferPointer, as last: inout String) -> String? {
        if last.hasBytes(bytes) { return last }
        guard let text = String(utf8: bytes) else { return nil }
        last = text
        return text
    }

    private static func forEachHeader(
        _ message: UnsafePointer<rd_kafka_message_t>, _ body: (UnsafePointer<CChar>, UnsafeRawBufferPointer) -> Void
    ) {
        var list: OpaquePointer?
        guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return }
        var index = 0
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while rd_kafka_header_get_all(list, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR {
            let bytes = UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : size)
            if let name { body(name, bytes) }
            index += 1
        }
    }
}
