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

    func makeAsyncIterator() -> Bytes { self }

    mutating func next() async -> [UInt8]? {
        guard chunks.isEmpty else { return chunks.removeFirst() }
        atEnd()
        return nil
    }
}
