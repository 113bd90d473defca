import StoresCore
import Synchronization

/// The collections that this process has met, so that a call does not look its collection up again, and which
/// namespaces are large.
///
/// A collection that another process drops and makes anew has another table: who finds the table missing forgets the
/// collection and looks again.
final class PostgresCollections: Sendable {
    private struct State {
        var known: [[UInt8]: PostgresCollection] = [:]
        var sizes: [SizeKey: Size] = [:]
    }

    private struct SizeKey: Hashable {
        var collection: Int64
        var namespace: [UInt8]
    }

    private struct Size {
        var isLarge: Bool
        var until: MonotonicInstant
    }

    /// Whole namespaces are compared up to this many records in any case: it takes about a millisecond.
    static let leastIndexed = 1000
    /// Namespaces of more records are searched through the index in any case.
    static let mostExact = 20_000
    /// A small namespace may grow by what others write; a large one seldom shrinks, and an index is right for it still.
    private static let smallLasts = Duration.seconds(2)
    private static let largeLasts = Duration.seconds(60)
    private static let mostSizes = 10_000

    private let state = Mutex(State())

    func known(_ name: String) -> PostgresCollection? {
        state.withLock { $0.known[Array(name.utf8)] }
    }

    func remember(_ collection: PostgresCollection) {
        state.withLock { $0.known[Array(collection.spec.name.utf8)] = collection }
    }

    func forget(_ name: String) {
        state.withLock { $0.known[Array(name.utf8)] = nil }
    }

    /// Whether the namespace is large enough for the index; nil when that is not known.
    func isLarge(_ namespace: String, of collection: Int64) -> Bool? {
        state.withLock { state in
            guard let size = state.sizes[SizeKey(collection: collection, namespace: Array(namespace.utf8))],
                size.until > .now
            else { return nil }
            return size.isLarge
        }
    }

    func remember(_ namespace: String, of collection: Int64, isLarge: Bool) {
        state.withLock { state in
            if state.sizes.count >= Self.mostSizes { state.sizes = [:] }
            state.sizes[SizeKey(collection: collection, namespace: Array(namespace.utf8))] = Size(
                isLarge: isLarge, until: .now.advanced(by: isLarge ? Self.largeLasts : Self.smallLasts))
        }
    }

    /// After a write of this process that may have made a namespace large.
    func forgetSize(_ namespace: String, of collection: Int64) {
        state.withLock { state in
            let key = SizeKey(collection: collection, namespace: Array(namespace.utf8))
            if state.sizes[key]?.isLarge == false { state.sizes[key] = nil }
        }
    }
}
