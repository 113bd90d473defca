import Foundation
import Testing

@testable import StoresCore
@testable import StoresFile

#if os(Linux)
import Glibc

/// Whether this process may mount a file system.
private let canMount: Bool = {
    let directory = Store.newDirectory()
    try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    guard mount("tmpfs", directory, "tmpfs", 0, "size=2m") == 0 else { return false }
    return umount2(directory, Int32(MNT_DETACH)) == 0
}()

/// On a small disk of their own. Without the right to mount one they are skipped.
@Suite(.enabled(if: canMount, "a disk of one's own needs mount(2), which needs root"))
struct FullDiskTests {
    @Test func aFullDiskIsSaidAndLeavesWhatWasThere() async throws {
        let directory = Store.newDirectory()
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try #require(mount("tmpfs", directory, "tmpfs", 0, "size=2m") == 0, "errno \(errno)")
        defer { umount2(directory, Int32(MNT_DETACH)) }
        let store = try await Store(directory)
        try await store.put("kept", "old")
        let body = Store.body(Source { _ in [UInt8](repeating: 1, count: 200_000) })
        let error = await #expect(throws: StoreError.self) {
            try await store.driver.put(ArtifactPut(key: "kept"), body: body, context: Store.context())
        }
        #expect(error?.code == .unavailable)
        #expect(error?.isRetryable == false)
        #expect(error?.applied == .no)
        #expect(error?.message.contains("the disk is full") == true)
        #expect(try await store.text("kept") == "old")
        #expect(try store.temporaries.isEmpty)
        try await store.put("small", "fits again")
        #expect(try await store.list().keys == ["kept", "small"])
    }

    @Test func aReadOnlyDiskIsSaid() async throws {
        let directory = Store.newDirectory()
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try #require(mount("tmpfs", directory, "tmpfs", 0, "size=2m") == 0, "errno \(errno)")
        defer { umount2(directory, Int32(MNT_DETACH)) }
        let store = try await Store(directory)
        try await store.put("k", "old")
        let flags = UInt(MS_REMOUNT) | UInt(MS_RDONLY)
        // Busy for as long as the thread that wrote the object has not let go of its file.
        var remounted = mount("tmpfs", directory, "tmpfs", flags, "size=2m")
        while remounted != 0, errno == EBUSY {
            await Task.yield()
            remounted = mount("tmpfs", directory, "tmpfs", flags, "size=2m")
        }
        #expect(remounted == 0)
        for operation in 0..<3 {
            let error = await #expect(throws: StoreError.self) {
                switch operation {
                case 0: try await store.put("k", "new")
                case 1: _ = try await store.delete("k")
                default: _ = try await store.backend.ping(context: Store.context())
                }
            }
            #expect(error?.code == .permissionDenied)
            #expect(error?.message.contains("read-only") == true)
        }
        #expect(try await store.text("k") == "old")
    }
}
#endif

@Suite struct ErrorTests {
    @Test(arguments: [
        (ENOSPC, StoreError.Code.unavailable, false), (EDQUOT, .unavailable, false), (EACCES, .permissionDenied, false),
        (EPERM, .permissionDenied, false), (EROFS, .permissionDenied, false), (EMFILE, .unavailable, true),
        (ENFILE, .unavailable, true), (ENOTDIR, .corrupt, false), (ELOOP, .corrupt, false), (EISDIR, .corrupt, false),
        (ENOENT, .unavailable, false), (ENAMETOOLONG, .invalidArgument, false), (EFBIG, .tooLarge, false),
        (ENOLCK, .unsupported, false), (EXDEV, .unsupported, false), (EIO, .unavailable, false),
        (EBUSY, .unavailable, true), (9999, .internal, false),
    ])
    func systemErrorsBecomeStoreErrors(_ code: Int32, _ wanted: StoreError.Code, _ isRetryable: Bool) {
        let error = FileError.system(code, call: "write", path: "/data/objects/k").storeError
        #expect(error.code == wanted)
        #expect(error.isRetryable == isRetryable)
        #expect(error.isLocal == (code == ENOSPC || code == EDQUOT))
        #expect(error.message.contains("/data/objects/k"))
        #expect(error.message.contains("write"))
    }
}
