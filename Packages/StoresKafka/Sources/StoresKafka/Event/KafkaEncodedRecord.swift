import StoresCore

/// A record as it goes to the producer. Nothing is copied before librdkafka copies it, but for the events of an append
/// of several.
struct KafkaEncodedRecord: Sendable {
    let record: KafkaRecord
    private let value: [UInt8]
    private let time: String
    private let after: String?
    private let headerBytes: Int

    /// Of key, headers and value together.
    var bytes: Int { record.stream.utf8.count + headerBytes + value.count }

    init(_ record: KafkaRecord) {
        self.record = record
        time = String(record.recordedAt.millisecondsSinceEpoch)
        after = record.hint?.text
        value = record.events.count == 1 ? record.events[0].data : KafkaFrames.encode(record.events)
        var bytes = 0
        Self.forEachHeader(record, time, after) { bytes += 8 + $0.utf8.count + $1.utf8.count }
        headerBytes = bytes
    }

    /// - Parameter body: Gets the key, the headers as `stores_kafka_produce` takes them, and the value.
    func withBytes<T>(
        _ body: (UnsafeBufferPointer<UInt8>, UnsafeRawBufferPointer, UnsafeBufferPointer<UInt8>) -> T
    ) -> T {
        withUnsafeTemporaryAllocation(byteCount: headerBytes, alignment: 1) { headers in
            var at = 0
            Self.forEachHeader(record, time, after) { name, value in
                for text in [name, value] {
                    headers.storeBytes(of: UInt32(text.utf8.count), toByteOffset: at, as: UInt32.self)
                    at += 4
                }
                for text in [name, value] {
                    UnsafeMutableRawBufferPointer(rebasing: headers[at...]).copyBytes(from: text.utf8)
                    at += text.utf8.count
                }
            }
            var key = record.stream
            return key.withUTF8 { key in
                value.withUnsafeBufferPointer { value in body(key, UnsafeRawBufferPointer(headers), value) }
            }
        }
    }

    private static func forEachHeader(
        _ record: KafkaRecord, _ time: String, _ after: String?, _ body: (String, String) -> Void
    ) {
        body("time", time)
        if let after { body("after", after) }
        guard record.events.count == 1, let event = record.events.first else {
            return body("events", String(record.events.count))
        }
        body("id", event.id)
        body("type", event.type)
        if event.contentType != KafkaRecord.defaultContentType { body("content-type", event.contentType) }
        for (name, value) in event.metadata { body(KafkaRecord.metadataPrefix + name, value) }
    }
}
