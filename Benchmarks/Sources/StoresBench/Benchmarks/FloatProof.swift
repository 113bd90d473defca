#if HTTP
import Foundation
import StoresCore
import StoresHTTP

/// No speed, but that the floats written are those that were meant: random bit patterns, or with
/// `STORES_BENCH_FLOATS=all` every one, written, read back by the package's reader and by `strtof`, and compared with
/// the standard library's shortest digits.
enum FloatProof: Benchmark {
    static let name = "float-proof"
    static let summary = "floats as decimals and back, against strtof and Float.description, by their bits"

    private static let perPart: UInt64 = 1 << 20

    static func run(_ bench: Bench) async throws -> [Figure] {
        let isExhaustive = Settings.environment["STORES_BENCH_FLOATS"] == "all"
        let parts: UInt64 = isExhaustive ? 1 << 12 : 96
        let workers = UInt64(max(1, ProcessInfo.processInfo.activeProcessorCount))
        let wrong = try await withThrowingTaskGroup(of: UInt64.self) { group in
            for worker in 0..<workers {
                group.addTask {
                    var wrong: UInt64 = 0
                    for part in stride(from: worker, to: parts, by: Int(workers)) {
                        wrong += try check(part: part, isExhaustive: isExhaustive)
                    }
                    return wrong
                }
            }
            return try await group.reduce(0, +)
        }
        let count = parts * perPart
        return [
            Figure(
                name, "floats that do not read back, or are not the shortest, of \(count.formatted())",
                value: Spread([Double(wrong)]), unit: "floats", target: .atMost(0))
        ]
    }

    private static func check(part: UInt64, isExhaustive: Bool) throws -> UInt64 {
        var random = SplitMix64(seed: part)
        var wrong: UInt64 = 0
        var next = part * perPart
        for _ in 0..<(perPart / 1024) {
            var values: [Float] = []
            for _ in 0..<1024 {
                let value = Float(bitPattern: UInt32(truncatingIfNeeded: isExhaustive ? next : random.next()))
                next += 1
                // JSON has no others.
                if value.isFinite { values.append(value) }
            }
            wrong += try check(values)
        }
        return wrong
    }

    private static func check(_ values: [Float]) throws -> UInt64 {
        var writer = JSONWriter()
        writer.append(values)
        let text = writer.finish()
        let read = try JSONPull.read(text) { pull throws(StoreError) in try pull.floats() }
        guard read.count == values.count else { throw BenchError("\(values.count) floats became \(read.count)") }
        var wrong: UInt64 = 0
        text.withUnsafeBytes { bytes in
            var start = 1
            for (value, back) in zip(values, read) {
                var end = start
                while bytes[end] != UInt8(ascii: ","), bytes[end] != UInt8(ascii: "]") { end += 1 }
                let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                var description = value.description
                let isShortest = description.withUTF8 { digits($0) == digits(piece) }
                // It stops at the comma or the bracket.
                let byC = bytes.baseAddress.map {
                    strtof($0.advanced(by: start).assumingMemoryBound(to: CChar.self), nil)
                }
                if back.bitPattern != value.bitPattern || byC?.bitPattern != value.bitPattern || !isShortest {
                    wrong += 1
                }
                start = end + 1
            }
        }
        return wrong
    }

    /// The significant digits as one number, without zeros at either end; of a float there are at most nine.
    private static func digits(_ text: some Collection<UInt8>) -> UInt64 {
        var number: UInt64 = 0
        for byte in text {
            if byte == UInt8(ascii: "e") { break }
            if byte &- UInt8(ascii: "0") < 10, number < 1 << 58 {
                number = number * 10 + UInt64(byte - UInt8(ascii: "0"))
            }
        }
        while number != 0, number % 10 == 0 { number /= 10 }
        return number
    }
}
#endif
