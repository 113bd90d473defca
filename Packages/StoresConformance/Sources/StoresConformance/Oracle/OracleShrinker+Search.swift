import StoresCore

extension OracleShrinker {
    /// The smallest filter and the fewest records found so far that still show a difference.
    struct Search {
        private(set) var filter: Filter
        private(set) var records: [OracleRecord]
        private(set) var difference: OracleRun.Difference

        init(filter: Filter, records: [OracleRecord], difference: OracleRun.Difference) {
            (self.filter, self.records, self.difference) = (filter, records, difference)
        }

        /// Takes simpler filters while the difference stays.
        mutating func shrinkFilter(
            tries: Int, _ check: (Filter, [OracleRecord]) async throws -> OracleRun.Difference?
        ) async throws {
            var left = tries
            var isShrinking = true
            while isShrinking {
                isShrinking = false
                for candidate in OracleShrinker.candidates(filter) where left > 0 {
                    left -= 1
                    guard let smaller = try await check(candidate, records) else { continue }
                    (filter, difference, isShrinking) = (candidate, smaller, true)
                    break
                }
            }
        }

        /// Drops halves, quarters, … of the records while the difference stays.
        mutating func shrinkRecords(
            tries: Int, _ check: (Filter, [OracleRecord]) async throws -> OracleRun.Difference?
        ) async throws {
            var left = tries
            var size = records.count / 2
            while size >= 1, left > 0 {
                var start = 0
                while start < records.count, left > 0 {
                    left -= 1
                    var fewer = records
                    fewer.removeSubrange(start..<min(start + size, records.count))
                    if let found = try await check(filter, fewer) {
                        (records, difference) = (fewer, found)
                    } else {
                        start += size
                    }
                }
                size /= 2
            }
        }
    }
}
