import ArgumentParser
import StoresCore

/// A length of time on the command line: a number with `ms`, `s`, `m`, `h` or `d`; without a unit, seconds.
struct DurationArgument: ExpressibleByArgument, Sendable, Hashable {
    let duration: Duration

    init(_ duration: Duration) {
        self.duration = duration
    }

    init?(argument text: String) {
        let units: [(String, Double)] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
        let unit = units.first { text.hasSuffix($0.0) }
        guard let number = Double(text.dropLast(unit?.0.count ?? 0)), number.isFinite, number >= 0 else { return nil }
        let milliseconds = (number * (unit?.1 ?? 1000)).rounded()
        guard milliseconds <= 1e15 else { return nil }
        duration = .milliseconds(Int64(milliseconds))
    }

    /// As the `STORE_*` variables take it.
    var text: String { "\(duration.wholeMilliseconds)ms" }
    var defaultValueDescription: String { text }
}
