#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A value behind a lock, for what every call of many tasks goes through.
///
/// `Mutex` of Swift 6.3 hands a contended lock on Linux over to the thread that waited longest (`FUTEX_UNLOCK_PI`).
/// While that one wakes up the next has come: from then on each call costs a change of threads, ten times the call. The
/// lock of POSIX may be taken by who comes first, and glibc's looks a moment longer before it gives up the processor.
///
/// The value lies beside the lock, and not in a property, each use of which would be checked for being the only one.
///
/// `@unchecked Sendable`: the value is touched under the lock alone.
public final class Guarded<Value>: @unchecked Sendable {
    @usableFromInline let value: UnsafeMutablePointer<Value>
    private let handle: UnsafeMutablePointer<pthread_mutex_t>

    public init(_ value: sending Value) {
        let alignment = max(MemoryLayout<pthread_mutex_t>.alignment, MemoryLayout<Value>.alignment)
        let offset = (MemoryLayout<pthread_mutex_t>.size + alignment - 1) / alignment * alignment
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: offset + MemoryLayout<Value>.size, alignment: alignment)
        handle = memory.initializeMemory(as: pthread_mutex_t.self, to: pthread_mutex_t())
        self.value = (memory + offset).initializeMemory(as: Value.self, to: value)
        #if canImport(Glibc)
        var attributes = pthread_mutexattr_t()
        pthread_mutexattr_init(&attributes)
        defer { pthread_mutexattr_destroy(&attributes) }
        pthread_mutexattr_settype(&attributes, Int32(PTHREAD_MUTEX_ADAPTIVE_NP))
        pthread_mutex_init(handle, &attributes)
        #else
        pthread_mutex_init(handle, nil)
        #endif
    }

    deinit {
        value.deinitialize(count: 1)
        pthread_mutex_destroy(handle)
        UnsafeMutableRawPointer(handle).deallocate()
    }

    @inlinable
    public func withLock<Result, Failure>(_ body: (inout Value) throws(Failure) -> Result) throws(Failure) -> Result {
        lock()
        defer { unlock() }
        return try body(&value.pointee)
    }

    /// Nil when somebody else has the lock.
    @inlinable
    public func withLockIfAvailable<Result, Failure>(_ body: (inout Value) throws(Failure) -> Result) throws(Failure)
        -> Result?
    {
        guard tryLock() else { return nil }
        defer { unlock() }
        return try body(&value.pointee)
    }

    @usableFromInline func lock() { pthread_mutex_lock(handle) }
    @usableFromInline func tryLock() -> Bool { pthread_mutex_trylock(handle) == 0 }
    @usableFromInline func unlock() { pthread_mutex_unlock(handle) }
}
