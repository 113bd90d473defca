import StoresCore

/// The lines of the input as JSON values, in batches: memory is bounded by the batch, not by the input.
struct JSONLines: ~Copyable {
    /// A value, and the number of its line for error messages.
    struct Line {
        var number: Int
        var value: Value
    }

    private let input: Input
    private var pending: [UInt8] = []
    private var start = 0
    private var number = 0
    private var isAtEnd = false
    private static let maxLine = 64 << 20
    private static let maxBatchBytes = 8 << 20

    init(_ input: Input) {
        self.input = input
    }

    /// The next lines, at least one, at most `count`; nil at the end. Blank lines are skipped.
    ///
    /// - Parameter whole: Wait for `count` lines; otherwise a batch ends when there is nothing more to read at once, so
    ///   that a program that waits for the answer to a line gets it.
    mutating func batch(upTo count: Int = 500, whole: Bool = false) async throws(StoreError) -> [Line]? {
        var lines: [Line] = []
        var bytes = 0
        while lines.count < count, bytes < Self.maxBatchBytes {
            if !lines.isEmpty, !whole, !hasLine, !isAtEnd, !input.isReady { break }
            guard let line = try await nextLine() else { break }
            bytes += line.count
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            do throws(StoreError) {
                lines.append(Line(number: number, value: try JSONReader.value(from: line)))
            } catch {
                throw .invalidArgument("stdin line \(number): \(error.message)")
            }
        }
        return lines.isEmpty ? nil : lines
    }

    private var hasLine: Bool { pending[start...].contains(0x0A) }

    private mutating func nextLine() async throws(StoreError) -> [UInt8]? {
        var searched = start
        while true {
            if let end = pending[searched...].firstIndex(of: 0x0A) {
                let line = Array(pending[start..<end])
                start = end + 1
                number += 1
                return line
            }
            if isAtEnd {
                guard start < pending.count else { return nil }
                let line = Array(pending[start...])
                (pending, start) = ([], 0)
                number += 1
                return line
            }
            pending.removeFirst(start)
            (start, searched) = (0, pending.count)
            guard pending.count <= Self.maxLine else {
                throw StoreError(
                    .tooLarge, "stdin line \(number + 1) has more than \(Self.maxLine) bytes", applied: .no)
            }
            if let chunk = try await input.next() { pending.append(contentsOf: chunk) } else { isAtEnd = true }
        }
    }
}
