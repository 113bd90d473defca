import Foundation
import Synchronization
import Testing

@testable import StoresCore
@testable import StoresFile

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// What is synced before a call returns. No test cuts the power: they see which directories are handed to the disk.
@Suite struct DurabilityTests {
    /// The inodes of the directories that were synced.
    private final class Synced: Sendable {
        private let inodes = Mutex<[UInt64]>([])

        func add(_ directory: Descriptor) {
            var status = stat()
            guard fstat(directory.raw, &status) == 0 else { return }
            inodes.withLock { $0.append(UInt64(status.st_ino)) }
        }

        func take() -> Set<UInt64> {
            inodes.withLock { inodes in
                defer { inodes = [] }
                return Set(inodes)
            }
        }
    }

    private static func inode(_ path: String) throws -> UInt64 {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? NSNumber).uint64Value
    }

    private static func root(_ directory: String, _ synced: Synced) -> FileRoot {
        FileRoot(path: directory, fsync: true) { (directory, path) throws(FileError) in
            synced.add(directory)
            try Posix.sync(directory, path)
        }
    }

    /// The store makes every directory first and syncs none, as a process does that is still on its way.
    @Test func aPutSyncsEveryDirectoryOnItsPathWhoeverMadeIt() async throws {
        let store = try await Store(fsync: false)
        try await store.put("a/b/other")
        let synced = Synced()
        let driver = FileArtifactDriver(
            root: Self.root(store.directory, synced),
            threads: FileThreads(pool: BlockingPool(label: "test", threads: 1)))
        for (key, directories) in [
            ("a/b/key", ["objects", "objects/a+", "objects/a+/b+"]), ("top", ["objects"]),
            ("a/b/key", ["objects", "objects/a+", "objects/a+/b+"]),
            ("n/e/w", ["objects", "objects/n+", "objects/n+/e+"]),
        ] {
            _ = try await driver.put(
                ArtifactPut(key: key), body: Store.body([1]), context: Store.context())
            let wanted = try directories.map { try Self.inode("\(store.directory)/\($0)") }
            #expect(synced.take() == Set(wanted), "\(key)")
        }
    }

    @Test func aStartSyncsWhatAnotherStartMade() async throws {
        let parent = Store.newDirectory()
        defer { try? FileManager.default.removeItem(atPath: parent) }
        let directory = "\(parent)/store"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let synced = Synced()
        let root = Self.root(directory, synced)
        try root.prepare(.create)
        #expect(synced.take().contains(try Self.inode(parent)), "the entry of the store's directory")
        try root.prepare(.create)
        #expect(synced.take() == [try Self.inode(directory)], "the marker that is there already")
    }

    @Test func afterAFailedSyncNobodyKnowsWhetherThePutLasts() async throws {
        let store = try await Store()
        let root = FileRoot(path: store.directory, fsync: true) { (_, path) throws(FileError) in
            throw .system(EIO, call: "fsync", path: path())
        }
        let driver = FileArtifactDriver(
            root: root, threads: FileThreads(pool: BlockingPool(label: "test", threads: 1)))
        let error = await #expect(throws: StoreError.self) {
            try await driver.put(ArtifactPut(key: "a/b"), body: Store.body([1]), context: Store.context())
        }
        #expect(error?.applied == .unknown && error?.code == .unavailable)
    }
}
