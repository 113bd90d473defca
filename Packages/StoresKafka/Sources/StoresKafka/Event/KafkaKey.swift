@_spi(Bytes) import StoresCore

/// A string as a key: equal and hashed by its UTF-8 bytes, as Kafka does, while `String` takes canonically equivalent
/// ones for equal.
struct KafkaKey: Hashable, Sendable {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    static func == (lhs: KafkaKey, rhs: KafkaKey) -> Bool {
        let known = rhs.text.utf8.withContiguousStorageIfAvailable { lhs.text.hasBytes(UnsafeRawBufferPointer($0)) }
        return known ?? lhs.text.utf8.elementsEqual(rhs.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        let isDone: Void? = text.utf8.withContiguousStorageIfAvailable { bytes in
            hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
        }
        if isDone == nil { for byte in text.utf8 { hasher.combine(byte) } }
    }
}
