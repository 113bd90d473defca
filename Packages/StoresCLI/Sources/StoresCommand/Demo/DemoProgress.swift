import StoresCore
import Synchronization

/// Who is told how far the demo is.
protocol DemoProgress: Sendable {
    func step(_ done: Int, of total: Int, _ name: String)
    func note(_ text: String)
}

struct SilentProgress: DemoProgress {
    func step(_ done: Int, of total: Int, _ name: String) {}
    func note(_ text: String) {}
}

/// A line for each step.
struct LineProgress: DemoProgress {
    let errors: Output

    func step(_ done: Int, of total: Int, _ name: String) {
        guard done < total else { return }
        note("\(done + 1)/\(total) \(name)")
    }

    func note(_ text: String) { errors.writeNow(Array("stores: \(text)\n".utf8)) }
}

/// A bar that draws itself over; for terminals.
final class BarProgress: DemoProgress {
    private let errors: Output
    private let isDrawn = Mutex(false)
    private static let width = 30

    init(errors: Output) {
        self.errors = errors
    }

    func step(_ done: Int, of total: Int, _ name: String) {
        guard total > 0 else { return }
        let filled = Self.width * done / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
        let end = done == total ? "\r\u{1B}[K" : ""
        write("\r\u{1B}[K\(bar) \(done)/\(total) \(name.prefix(60))\(end)")
        isDrawn.withLock { $0 = done < total }
    }

    func note(_ text: String) {
        let clear = isDrawn.withLock { drawn in
            defer { drawn = false }
            return drawn ? "\r\u{1B}[K" : ""
        }
        write("\(clear)stores: \(text)\n")
    }

    private func write(_ text: String) { errors.writeNow(Array(text.utf8)) }
}
