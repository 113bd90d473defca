/// A place in a topic of several partitions: how far each has been read. Opaque, serialisable, and comparable where one
/// has read at least as far as the other in every partition.
public struct KafkaPositions: Sendable, Hashable, RawRepresentable {
    /// By partition.
    var places: [KafkaPlace]

    init(places: [KafkaPlace]) {
        self.places = places
    }

    /// The start of every partition; for a group, the oldest event that each keeps.
    public static func start(of partitions: Int) -> KafkaPositions {
        KafkaPositions(places: (0..<Int32(partitions)).map { KafkaPlace(partition: $0, offset: 0, skip: 0) })
    }

    /// `OFFSET`, or `OFFSET+EVENTS` within a record, for each partition, separated by commas.
    public init?(rawValue: String) {
        var places: [KafkaPlace] = []
        for (partition, text) in rawValue.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
            let parts = text.split(separator: "+", omittingEmptySubsequences: false)
            guard (1...2).contains(parts.count), let offset = Int64(parts[0]),
                (0..<Int64.max).contains(offset), let skip = parts.count == 2 ? Int32(parts[1]) : 0, skip >= 0,
                partition < 1 << 16
            else { return nil }
            places.append(KafkaPlace(partition: Int32(partition), offset: offset, skip: Int(skip)))
        }
        self.places = places
    }

    public var rawValue: String {
        places.map { $0.skip == 0 ? "\($0.offset)" : "\($0.offset)+\($0.skip)" }.joined(separator: ",")
    }

    /// Whether this is before the other: nowhere further, and not the same. False where each is further somewhere, and
    /// for topics with another number of partitions.
    public func isBefore(_ other: KafkaPositions) -> Bool {
        guard places.count == other.places.count, self != other else { return false }
        return zip(places, other.places).allSatisfy { ($0.offset, $0.skip) <= ($1.offset, $1.skip) }
    }
}
