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
    private let batchBytes: Int
    private let maxBytes: Int

    /// - Parameters:
    ///   - batchBytes: A batch ends with the line that reaches this many bytes.
    ///   - maxBytes: Of a line, and of a batch that is not to be divided.
    init(_ input: Input, batchBytes: Int = 8 << 20, maxBytes: Int = 64 << 20) {
        self.input = input
        self.batchBytes = batchBytes
        self.maxBytes = maxBytes
    }

    /// The next lines, at least one, at most `count`; nil at the end. Blank lines are skipped.
    ///
    /// - Parameter whole: Wait for `count` lines; otherwise a batch ends when there is nothing more to read at once, so
    ///   that a program that waits for the answer to a line gets it.
    /// - Throws: `tooLarge` for a line, or a whole batch, of more than 64 MiB; `invalidArgument` for what is no JSON.
    mutating func batch(upTo count: Int = 500, whole: Bool = false) async throws(StoreError) -> [Line]? {
        var lines: [Line] = []
        var bytes = 0
        while lines.count < count, whole || bytes < batchBytes {
            if !lines.isEmpty, !whole, !hasLine, !isAtEnd, !input.isReady { break }
            guard let line = try await nextLine() else { break }
            bytes += line.count
            guard !whole || bytes <= maxBytes else {
                throw StoreError(
                    .tooLarge, "the lines of stdin that belong together have more than \(maxBytes) bytes",
                    applied: .no)
            }
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
            guard pending.count <= maxBytes else {
                throw StoreError(
                    .tooLarge, "stdin line \(number + 1) has more than \(maxBytes) bytes", applied: .no)
            }
            if let chunk = try await input.next() { pending.append(contentsOf: chunk) } else { isAtEnd = true }
        }
    }
}
