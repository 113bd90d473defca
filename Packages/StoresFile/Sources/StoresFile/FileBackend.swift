import StoresCore
import Synchronization

/// The opened adapter. It holds no descriptor between calls.
final class FileBackend: StoreBackend {
    let endpoint: String
    private let root: FileRoot
    private let threads: FileThreads
    private let schemaMode: SchemaMode
    private let swept = Atomic(0)

    init(_ configuration: FileConfiguration, schemaMode: SchemaMode) {
        root = FileRoot(path: Posix.absolute(configuration.directory), fsync: configuration.fsync)
        endpoint = root.path
        threads = FileThreads(pool: BlockingPool(label: "stores.file", threads: configuration.threads))
        self.schemaMode = schemaMode
    }

    func start(context: CallContext) async throws(StoreError) {
        let (root, mode) = (root, schemaMode)
        do throws(StoreError) {
            let swept = try await threads.run(context) { control throws(FileError) in
                try root.prepare(mode)
                return try root.sweep(check: control.check)
            }
            self.swept.add(swept, ordering: .relaxed)
        } catch {
            throw error.filling(endpoint: endpoint, phase: .open)
        }
    }

    /// Makes and removes a file: what a put needs.
    func ping(context: CallContext) async throws(StoreError) -> BackendStatus {
        let root = root
        let free = try await threads.run(context) { _ throws(FileError) in
            let objects = try root.open(FileRoot.objects)
            try root.discard(try root.makeTemporary())
            return try Posix.freeBytes(objects) { root.absolute(FileRoot.objects) }
        }
        return BackendStatus(
            version: "\(FileRoot.version)",
            details: [
                "directory": root.path, "freeBytes": "\(free)", "fsync": "\(root.fsync)",
                "unfinishedWritesRemoved": "\(swept.load(ordering: .relaxed))",
            ])
    }

    func shutdown() async {}

    /// The root's path, as a `String`.
    var native: any Sendable { root.path }

    func capabilities(of tier: Tier) -> TierCapabilities? {
        tier == .artifact ? StoresFile.capabilities : nil
    }

    var artifact: (any ArtifactDriver)? { FileArtifactDriver(root: root, threads: threads) }
}
