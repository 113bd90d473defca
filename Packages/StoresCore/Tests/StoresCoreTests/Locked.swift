import Synchronization

/// A value that several tasks of a test share.
final class Locked<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    init(_ value: Value) {
        mutex = Mutex(value)
    }

    func withLock<T: Sendable>(_ body: @Sendable (inout Value) -> T) -> T {
        mutex.withLock { value in
            body(&value)
        }
    }
}
