/// One line of the report.
struct Figure: Codable, Sendable {
    /// What is demanded of the median.
    struct Target: Codable, Sendable {
        enum Relation: String, Codable, Sendable { case atLeast, atMost }

        var relation: Relation
        var value: Double

        func isMet(by measured: Double) -> Bool {
            switch relation {
            case .atLeast: measured >= value
            case .atMost: measured <= value
            }
        }
    }

    /// What the figure compares, in the unit of both.
    struct Pair: Codable, Sendable {
        var ours: Spread
        var peer: Spread
        var peerName: String
        var unit: String
    }

    var benchmark: String
    var name: String
    /// The figure itself: a ratio of paired repetitions, a difference, or a size.
    var value: Spread
    /// `×` for a ratio.
    var unit: String
    var pair: Pair?
    var target: Target?
    /// A condition without a number, such as exact recall.
    var isMet: Bool

    init(
        _ benchmark: String, _ name: String, value: Spread, unit: String, pair: Pair? = nil, target: Target? = nil
    ) {
        self.benchmark = benchmark
        self.name = name
        self.value = value
        self.unit = unit
        self.pair = pair
        self.target = target
        isMet = target?.isMet(by: value.median) ?? true
    }
}

extension Figure.Target {
    static func atLeast(_ value: Double) -> Self { Self(relation: .atLeast, value: value) }
    static func atMost(_ value: Double) -> Self { Self(relation: .atMost, value: value) }
}

extension Figure {
    /// How often ours goes into the peer's time: above 1 we are faster. From pairs measured next to each other, so that
    /// what else the machine does meets both.
    static func speed(
        _ benchmark: String, _ name: String, ours: [Double], peer: [Double], peerName: String, unit: TimeUnit,
        per count: Int = 1, target: Target? = nil
    ) -> Figure {
        let scale = unit.perSecond / Double(count)
        return Figure(
            benchmark, name, value: Spread(zip(ours, peer).map { $1 / $0 }), unit: "×",
            pair: Pair(
                ours: Spread(ours.map { $0 * scale }), peer: Spread(peer.map { $0 * scale }), peerName: peerName,
                unit: unit.rawValue),
            target: target)
    }
}

enum TimeUnit: String, Sendable {
    case nanoseconds = "ns"
    case microseconds = "µs"
    case milliseconds = "ms"

    var perSecond: Double {
        switch self {
        case .nanoseconds: 1e9
        case .microseconds: 1e6
        case .milliseconds: 1e3
        }
    }
}
