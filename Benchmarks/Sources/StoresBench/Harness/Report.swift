import Foundation

/// What is printed: the machine, and one table of all figures.
struct Report: Codable, Sendable {
    var machine: Machine
    /// What the vectors and their metadata were: real or generated.
    var data: String
    var figures: [Figure]

    var missed: [Figure] { figures.filter { !$0.isMet } }

    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    var markdown: String {
        var lines = [
            "Measured on \(machine.summary). Data: \(data).", "",
            "| figure | value: median (min – max) | target | ours, median (min – max) | compared with | command |",
            "|---|---|---|---|---|---|",
        ]
        for figure in figures { lines.append(Self.row(figure)) }
        return lines.joined(separator: "\n")
    }

    private static func row(_ figure: Figure) -> String {
        let target =
            figure.target.map {
                "\($0.relation == .atLeast ? "≥" : "≤") \(number($0.value))\(figure.isMet ? "" : " **missed**")"
            } ?? "–"
        let ours = figure.pair.map { "\(spread($0.ours)) \($0.unit)" } ?? "–"
        let peer = figure.pair.map { "\($0.peerName): \(spread($0.peer)) \($0.unit)" } ?? "–"
        return "| \(figure.name) | \(spread(figure.value)) \(figure.unit) | \(target) | \(ours) | \(peer) "
            + "| `scripts/bench \(figure.benchmark)` |"
    }

    private static func spread(_ spread: Spread) -> String {
        if spread.count == 1 || spread.min == spread.max { return number(spread.median) }
        return "\(number(spread.median)) (\(number(spread.min)) – \(number(spread.max)))"
    }

    /// Three significant digits.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        let size = abs(value)
        let digits = size >= 100 || size == 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3
        return String(format: "%.\(digits)f", value)
    }
}
