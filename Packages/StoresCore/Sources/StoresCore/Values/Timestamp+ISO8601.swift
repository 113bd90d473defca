extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds, for example `2026-11-23T15:04:05.000Z`.
    public var description: String {
        let days = millisecondsSinceEpoch.flooredDivision(by: 86_400_000)
        // Wraps and wraps back for the day before `Int64.min` ends; the result is in 0..<86_400_000.
        let rest = millisecondsSinceEpoch &- days &* 86_400_000
        let (year, month, day) = Timestamp.civil(fromDays: days)
        let yearText: String
        switch year {
        case 0...9999: yearText = Timestamp.pad(year, 4)
        case ..<0: yearText = "-" + Timestamp.pad(-year, 6)
        default: yearText = "+" + Timestamp.pad(year, 6)
        }
        let p = Timestamp.pad
        return "\(yearText)-\(p(month, 2))-\(p(day, 2))T"
            + "\(p(rest / 3_600_000, 2)):\(p(rest / 60_000 % 60, 2)):\(p(rest / 1000 % 60, 2)).\(p(rest % 1000, 3))Z"
    }

    /// Reads RFC 3339: a date, or a date and a time with `Z` or an offset, with up to nine fractional digits,
    /// of which three are kept. The extended years that ``description`` writes (`+012345`, `-000001`, six digits or
    /// more) are read too.
    public init?(_ text: String) {
        var scanner = Scanner(text: Array(text.utf8))
        guard let milliseconds = scanner.timestamp() else { return nil }
        self.init(millisecondsSinceEpoch: milliseconds)
    }

    private static func pad(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Days since the epoch to a date of the proleptic Gregorian calendar.
    /// Algorithm: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted.flooredDivision(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// The inverse: Hinnant's `days_from_civil`.
    fileprivate static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = y.flooredDivision(by: 400)
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private struct Scanner {
        let text: [UInt8]
        var index = 0

        mutating func digits(_ count: Int) -> Int64? {
            guard index + count <= text.count else { return nil }
            var value: Int64 = 0
            for byte in text[index..<index + count] {
                guard byte >= 48, byte <= 57 else { return nil }
                value = value * 10 + Int64(byte - 48)
            }
            index += count
            return value
        }

        mutating func take(_ byte: UInt8) -> Bool {
            guard index < text.count, text[index] == byte else { return false }
            index += 1
            return true
        }

        mutating func year() -> Int64? {
            let isNegative = take(UInt8(ascii: "-"))
            guard isNegative || take(UInt8(ascii: "+")) else { return digits(4) }
            guard var year = digits(6) else { return nil }
            // Milliseconds in an Int64 end with the year 292,278,994.
            for _ in 0..<3 {
                guard let digit = digits(1) else { break }
                year = year * 10 + digit
            }
            return isNegative ? -year : year
        }

        mutating func timestamp() -> Int64? {
            guard let year = year(), take(UInt8(ascii: "-")),
                let month = digits(2), (1...12).contains(month), take(UInt8(ascii: "-")),
                let day = digits(2), (1...31).contains(day)
            else { return nil }
            let days = Timestamp.days(year: year, month: month, day: day)
            guard Timestamp.civil(fromDays: days) == (year, month, day) else { return nil }
            if index == text.count { return Self.milliseconds(days, 0) }
            guard take(UInt8(ascii: "T")) || take(UInt8(ascii: "t")) || take(UInt8(ascii: " ")),
                let hour = digits(2), hour < 24, take(UInt8(ascii: ":")),
                let minute = digits(2), minute < 60, take(UInt8(ascii: ":")),
                let second = digits(2), second < 60
            else { return nil }
            var fraction: Int64 = 0
            if take(UInt8(ascii: ".")) {
                var count = 0
                while let digit = digits(1) {
                    count += 1
                    if count <= 3 { fraction = fraction * 10 + digit }
                }
                guard (1...9).contains(count) else { return nil }
                for _ in min(count, 3)..<3 { fraction *= 10 }
            }
            guard let offset = offset(), index == text.count else { return nil }
            return Self.milliseconds(days, ((hour * 60 + minute - offset) * 60 + second) * 1000 + fraction)
        }

        /// Nil when the instant is outside `Int64`.
        private static func milliseconds(_ days: Int64, _ rest: Int64) -> Int64? {
            Int64(exactly: Int128(days) * 86_400_000 + Int128(rest))
        }

        /// Minutes east of UTC.
        private mutating func offset() -> Int64? {
            if take(UInt8(ascii: "Z")) || take(UInt8(ascii: "z")) { return 0 }
            let east = take(UInt8(ascii: "+"))
            guard east || take(UInt8(ascii: "-")), let hours = digits(2), hours < 24,
                take(UInt8(ascii: ":")), let minutes = digits(2), minutes < 60
            else { return nil }
            return (east ? 1 : -1) * (hours * 60 + minutes)
        }
    }
}

extension Int64 {
    func flooredDivision(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor != 0 && (self < 0) != (divisor < 0) ? quotient - 1 : quotient
    }
}
