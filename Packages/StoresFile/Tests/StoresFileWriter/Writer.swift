import Foundation

@testable import StoresCore
@testable import StoresFile

/// A second process on the same directory: `StoresFileWriter <directory> <mode> <key> <count>`. Says `ready` when it
/// holds what it was asked to hold, and ends when its standard input does.
@main struct Writer {
    let driver: any ArtifactDriver
    let root: FileRoot
    let key: String
    let count: Int

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let count = Int(arguments[4]) else {
            throw StoreError.invalidArgument("usage: StoresFileWriter <directory> <mode> <key> <count>")
        }
        let directory = arguments[1]
        let settings = try Settings(FileConfiguration.settings) {
            ["ARTIFACT_DIR": directory, "ARTIFACT_FSYNC": "false"][$0.variable]
        }
        let backend = try StoresFile.open(AdapterContext(name: "file", tiers: [.artifact], settings: settings))
        try await backend.start(context: context)
        guard let driver = backend.artifact else { throw StoreError.invalidArgument("no driver") }
        let writer = Writer(
            driver: driver, root: FileRoot(path: directory, fsync: false), key: arguments[3], count: count)
        switch arguments[2] {
        case "create": try await writer.create()
        case "increment": try await writer.increment()
        case "stall": _ = try await writer.put(key: arguments[3], "half of it", .none) { Writer.announceAndWait() }
        case "lock": try writer.lock()
        case "flat": try await writer.flat()
        case "deep": try await writer.deep()
        default: throw StoreError.invalidArgument("no such mode")
        }
    }

    /// Prints how many of the keys this process made.
    func create() async throws(StoreError) {
        var won = 0
        for index in 0..<count where try await put(key: "\(key)/\(index)", "\(index)", .ifAbsent) { won += 1 }
        print(won)
    }

    /// Counts up an object of digits, `count` times.
    func increment() async throws(StoreError) {
        var done = 0
        while done < count {
            var (value, condition) = (0, ArtifactCondition.ifAbsent)
            if let download = try await driver.get(key, range: nil, context: Self.context) {
                var text: [UInt8] = []
                while let chunk = try await download.chunks.next() { text += chunk }
                value = Int(String(decoding: text, as: UTF8.self)) ?? -1_000_000
                condition = .ifMatch(download.info.etag)
            }
            if try await put(key: key, "\(value + 1)", condition) { done += 1 }
        }
        print(done)
    }

    func lock() throws {
        let lock = try root.tryLock(key)
        Self.announceAndWait()
        if let lock { Posix.unlock(lock) }
    }

    /// Puts and gets an object of `count` MiB. Prints by how many KiB the highest resident size grew.
    func flat() async throws(StoreError) {
        let chunk = [UInt8](repeating: 0x5A, count: 1 << 20)
        _ = try await put(key: "warm", "up", .none)
        let before = Self.peak
        var start = ContinuousClock.now
        let body = Bytes(chunks: [], atEnd: {}, repeated: chunk, times: count)
        let long = CallContext(deadline: .after(.seconds(600)))
        _ = try await driver.put(
            ArtifactPut(key: key), body: ArtifactBody(body, deadline: long.deadline, maxSize: nil), context: long)
        let put = ContinuousClock.now - start
        start = ContinuousClock.now
        var size = 0
        if let download = try await driver.get(key, range: nil, context: long) {
            while let bytes = try await download.chunks.next() { size += bytes.count }
        }
        let get = ContinuousClock.now - start
        guard size == count << 20 else { throw .invalidArgument("got \(size) bytes") }
        func rate(_ time: Duration) -> Int { Int(Double(size) / 1e6 / (time / .seconds(1))) }
        let growth = (Self.peak - before) >> 10
        FileHandle.standardError.write(
            Data("\(count) MiB: put \(rate(put)) MB/s, get \(rate(get)) MB/s, growth \(growth) KiB\n".utf8))
        print(growth)
    }

    /// The highest resident size so far, in bytes.
    static var peak: Int {
        #if os(Linux)
        // Not `ru_maxrss`, which a child inherits from the process that started it.
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
        #else
        var usage = rusage()
        getrusage(RUSAGE_SELF, &usage)
        return usage.ru_maxrss
        #endif
    }

    /// Puts, lists and deletes keys of hundreds of segments with few descriptors to be had. Prints how many it listed.
    func deep() async throws(StoreError) {
        var limit = rlimit()
        #if os(Linux)
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let files = RLIMIT_NOFILE
        #endif
        getrlimit(files, &limit)
        limit.rlim_cur = rlim_t(count)
        guard setrlimit(files, &limit) == 0 else { throw .invalidArgument("setrlimit failed") }
        let keys = ["", "b", "c"].map { String(repeating: "a/", count: 500) + $0 } + ["a/a/b", "a/b", "b"]
        for key in keys { _ = try await put(key: key, key, .none) }
        var (listed, cursor): ([String], Cursor?) = ([], nil)
        repeat {
            let page = try await driver.list(ArtifactList(cursor: cursor, limit: 2), context: Self.context)
            listed += page.objects.map(\.key)
            cursor = page.next
        } while cursor != nil
        guard listed == keys else { throw .invalidArgument("listed \(listed.count) keys, or not in order") }
        for result in try await driver.delete(keys, context: Self.context) { _ = try result.get() }
        print(listed.count)
    }

    /// - Returns: False when the condition did not hold.
    func put(
        key: String, _ text: String, _ condition: ArtifactCondition, atEnd: @escaping @Sendable () -> Void = {}
    ) async throws(StoreError) -> Bool {
        let bytes = Bytes(chunks: [Array(text.utf8)], atEnd: atEnd)
        do throws(StoreError) {
            _ = try await driver.put(
                ArtifactPut(key: key, condition: condition),
                body: ArtifactBody(bytes, deadline: .after(.seconds(60)), maxSize: nil), context: Self.context)
            return true
        } catch {
            guard error.conflict != nil else { throw error }
            return false
        }
    }

    static var context: CallContext { CallContext(deadline: .after(.seconds(60))) }

    static func announceAndWait() {
        FileHandle.standardOutput.write(Data("ready\n".utf8))
        while readLine() != nil {}
    }
}

struct Bytes: AsyncSequence, AsyncIteratorProtocol {
    typealias Element = [UInt8]
    var chunks: [[UInt8]]
    var atEnd: @Sendable () -> Void
    var repeated: [UInt8] = []
    var times = 0

    func makeAsyncIterator() -> Bytes { self }

    mutating func next() async -> [UInt8]? {
        guard chunks.isEmpty else { return chunks.removeFirst() }
        if times > 0 {
            times -= 1
            return repeated
        }
        atEnd()
        return nil
    }
}
