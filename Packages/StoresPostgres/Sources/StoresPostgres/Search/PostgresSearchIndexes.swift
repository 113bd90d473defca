import StoresCore
import Synchronization

/// The search indexes that this process has met; as ``PostgresCollections``.
final class PostgresSearchIndexes: Sendable {
    private let known = Mutex<[[UInt8]: PostgresSearchIndex]>([:])

    func known(_ name: String) -> PostgresSearchIndex? {
        known.withLock { $0[Array(name.utf8)] }
    }

    func remember(_ index: PostgresSearchIndex) {
        known.withLock { $0[Array(index.spec.name.utf8)] = index }
    }

    func forget(_ name: String) {
        known.withLock { $0[Array(name.utf8)] = nil }
    }
}
