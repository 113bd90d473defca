import Logging
import StoresCore
import Synchronization
import Testing

@testable import StoresMongo

@Suite struct LibraryTests {
    /// Keeps what is logged.
    private struct Recorder: LogHandler {
        static let lines = Mutex<[String]>([])

        let label: String
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            Self.lines.withLock { $0.append("\(label) \(event.level): \(event.message)") }
        }
    }

    @Test func whatLibmongocSaysGoesToSwiftLog() throws {
        LoggingSystem.bootstrap { Recorder(label: $0) }
        let settings = try Settings(MongoConfiguration.settings) { setting in
            setting.variable == "MONGODB_URL" ? "mongodb://127.0.0.1:1/x?noSuchOption=1" : nil
        }
        _ = try MongoPool(MongoConfiguration(settings))
        let lines = Recorder.lines.withLock { $0 }
        #expect(
            lines.contains { $0.hasPrefix("stores.libmongoc warning") && $0.lowercased().contains("nosuchoption") },
            "\(lines)")
    }
}
