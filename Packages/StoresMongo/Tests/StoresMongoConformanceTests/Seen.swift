import StoresCore
import Synchronization
import Testing

/// What a subscriber has read so far.
final class Seen: Sendable {
    private let all = Mutex<[String]>([])

    var ids: [String] { all.withLock { $0 } }

    func add(_ ids: [String]) { all.withLock { $0 += ids } }

    /// Returns once there are as many.
    func wait(for count: Int) async throws {
        try await MongoServer.until("\(count) events are read") { ids.count >= count }
    }
}
