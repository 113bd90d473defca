import Foundation
import StoresCore
import Testing

@testable import StoresFile

/// What only a second process can prove.
@Suite struct ProcessTests {
    /// A `StoresFileWriter` that is running.
    final class Writer {
        let process = Process()
        private let input = Pipe()
        private let output = Pipe()

        init(_ store: Store, _ mode: String, _ key: String, _ count: Int = 0) throws {
            process.executableURL = try Writer.executable()
            process.arguments = [store.directory, mode, key, "\(count)"]
            process.standardInput = input
            process.standardOutput = output
            try process.run()
        }

        /// Beside the test bundle, where SwiftPM builds both.
        private static func executable() throws -> URL {
            #if os(macOS)
            let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
            let directory = try #require(bundle).deletingLastPathComponent()
            #else
            let directory = URL(
                fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(
                    atPath: "/proc/self/exe")
            ).deletingLastPathComponent()
            #endif
            let url = directory.appendingPathComponent("StoresFileWriter")
            try #require(FileManager.default.isExecutableFile(atPath: url.path), "not built: \(url.path)")
            return url
        }

        /// Blocks its thread until the process says something.
        func line() async -> String {
            await withCheckedContinuation { continuation in
                let handle = output.fileHandleForReading
                DispatchQueue.global().async {
                    let data = handle.availableData
                    continuation.resume(
                        returning: String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
                    )
                }
            }
        }

        /// What it printed, once it has ended well.
        func result() async throws -> Int {
            let text = await line()
            await ended()
            #expect(process.terminationStatus == 0)
            return try #require(Int(text), "got \(text)")
        }

        func ended() async {
            let process = process
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    process.waitUntilExit()
                    continuation.resume()
                }
            }
        }

        /// As a power cut to the process: no handler runs, nothing is cleaned up.
        func kill() async {
            Foundation.kill(process.processIdentifier, SIGKILL)
            await ended()
        }
    }

    @Test func eachKeyIsMadeByOneProcess() async throws {
        let store = try await Store()
        let writers = try (0..<3).map { _ in try Writer(store, "create", "shared", 200) }
        var made = 0
        for writer in writers { made += try await writer.result() }
        #expect(made == 200)
        #expect(try await store.list("shared/").keys.count == 200)
    }

    @Test func noIncrementIsLostBetweenProcesses() async throws {
        let store = try await Store()
        let writers = try (0..<3).map { _ in try Writer(store, "increment", "counter", 60) }
        for writer in writers { #expect(try await writer.result() == 60) }
        #expect(try await store.text("counter") == "180")
    }

    @Test func aKilledWritersLeftoverIsSweptAndALiveOnesIsNot() async throws {
        let store = try await Store()
        let doomed = try Writer(store, "stall", "doomed")
        let live = try Writer(store, "stall", "live")
        #expect(await doomed.line() == "ready")
        #expect(await live.line() == "ready")
        #expect(try store.temporaries.count == 2)
        await doomed.kill()
        let other = try await Store(store.directory)
        #expect(try store.temporaries.count == 1)
        #expect(try await other.backend.ping(context: Store.context()).details["unfinishedWritesRemoved"] == "1")
        // Its standard input ends with this object, and the put goes on to its end.
        try live.finishInput()
        await live.ended()
        #expect(live.process.terminationStatus == 0)
        #expect(try await store.text("live") == "half of it")
        #expect(try await store.head("doomed") == nil)
        #expect(try store.temporaries.isEmpty)
    }

    @Test func aLockHoldsBetweenProcessesAndGoesWithItsHolder() async throws {
        let store = try await Store()
        let holder = try Writer(store, "lock", "k")
        #expect(await holder.line() == "ready")
        let error = await #expect(throws: StoreError.self) {
            try await store.driver.put(
                ArtifactPut(key: "k"), body: Store.body([1]), context: Store.context(.milliseconds(200)))
        }
        #expect(error?.code == .timeout)
        #expect(error?.applied == .no)
        #expect(try store.temporaries.isEmpty)
        let waiting = Task { try await store.put("k", "after") }
        await holder.kill()
        _ = try await waiting.value
        #expect(try await store.text("k") == "after")
    }

    /// The growth is some chunks, whatever the size; `STORES_FILE_MIB=1024` tries that of a real upload.
    @Test func aLargeObjectPassesInBoundedMemory() async throws {
        let mebibytes = ProcessInfo.processInfo.environment["STORES_FILE_MIB"].flatMap { Int($0) } ?? 64
        let store = try await Store()
        let growth = try await Writer(store, "flat", "big", mebibytes).result()
        // The driver's own chunks at least: a zero would mean that nothing was measured.
        #expect(growth > 0)
        #expect(growth < 32 << 10)
        #expect(try await store.head("big")?.size == Int64(mebibytes) << 20)
    }

    @Test func deepKeysNeedFewDescriptors() async throws {
        let store = try await Store()
        #expect(try await Writer(store, "deep", "", 80).result() == 6)
        #expect(try store.tree.isEmpty)
    }

    @Test func waitingForALockEndsWithTheTask() async throws {
        let store = try await Store()
        let holder = try Writer(store, "lock", "k")
        #expect(await holder.line() == "ready")
        let (pulled, signal) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            let body = Store.body(
                Source { _ in
                    signal.finish()
                    return nil
                })
            return try await store.driver.put(ArtifactPut(key: "k"), body: body, context: Store.context())
        }
        for await _ in pulled {}
        task.cancel()
        let error = await #expect(throws: StoreError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(try store.temporaries.isEmpty)
        await holder.kill()
    }
}

extension ProcessTests.Writer {
    func finishInput() throws { try (process.standardInput as? Pipe)?.fileHandleForWriting.close() }
}
