#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// What comes from a server as bytes.
@_spi(Bytes)
extension String {
    /// The text of these bytes; nil where they are no UTF-8.
    ///
    /// `String(validating:as:)` of Swift 6.3 is not specialised: it takes three times as long for a short text.
    public init?(utf8 bytes: UnsafeRawBufferPointer) {
        let text = bytes.withMemoryRebound(to: UInt8.self) { String(decoding: $0, as: UTF8.self) }
        // What is no UTF-8 was replaced by U+FFFD.
        guard text.hasBytes(bytes) else { return nil }
        self = text
    }

    /// Whether it consists of these bytes. All at once: element by element takes longer than reading a record does.
    public func hasBytes(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard utf8.count == bytes.count else { return false }
        guard let start = bytes.baseAddress else { return true }
        let known = utf8.withContiguousStorageIfAvailable { mine in
            mine.baseAddress.map { memcmp($0, start, bytes.count) == 0 } ?? true
        }
        return known ?? utf8.elementsEqual(bytes)
    }
}
