/// Which partition a key belongs to: as the Java client's default partitioner, and librdkafka's `murmur2`, have it.
enum KafkaPartitioner {
    static func partition(of key: String, among count: Int) -> Int32 {
        count < 2 ? 0 : Int32(Int(murmur2(Array(key.utf8)) & 0x7FFF_FFFF) % count)
    }

    static func murmur2(_ bytes: [UInt8]) -> UInt32 {
        let factor: UInt32 = 0x5BD1_E995
        var hash: UInt32 = 0x9747_B28C ^ UInt32(truncatingIfNeeded: bytes.count)
        var at = 0
        while at + 4 <= bytes.count {
            var word =
                UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16
                | UInt32(bytes[at + 3]) << 24
            word = word &* factor
            word ^= word >> 24
            hash = (hash &* factor) ^ (word &* factor)
            at += 4
        }
        let rest = bytes.count - at
        if rest == 3 { hash ^= UInt32(bytes[at + 2]) << 16 }
        if rest >= 2 { hash ^= UInt32(bytes[at + 1]) << 8 }
        if rest >= 1 { hash = (hash ^ UInt32(bytes[at])) &* factor }
        hash = (hash ^ (hash >> 13)) &* factor
        return hash ^ (hash >> 15)
    }
}
