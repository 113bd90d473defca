#if SQLite
import Foundation
import StoresCore
import StoresSQLite

/// Appends to a stream of a file: `StoresSQLiteWriter <path> <stream> <count>`. Prints each revision and position
/// once it was acknowledged. A count of 0 goes on until it is killed.
@main
struct Writer {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let count = Int(arguments[3]) else { exit(2) }
        let settings = try Settings(StoresSQLite.descriptions[0].settings) { setting in
            ["SQLITE_PATH": arguments[1], "SQLITE_SYNCHRONOUS": "normal"][setting.variable]
        }
        let backend = try StoresSQLite.open(AdapterContext(name: "sqlite", tiers: [.event], settings: settings))
        func context() -> CallContext { CallContext(deadline: .after(.seconds(60))) }
        try await backend.start(context: context())
        guard let events = backend.event else { exit(3) }
        var number = 0
        while count == 0 || number < count {
            let event = NewEvent(id: "\(arguments[2])-\(number)", type: "tick", data: Array("\(number)".utf8))
            let result = try await events.append([event], to: arguments[2], expected: .any, context: context())
            let line = "\(result.lastRevision) \(result.position.rawValue)\n"
            try FileHandle.standardOutput.write(contentsOf: Data(line.utf8))
            number += 1
        }
        await backend.shutdown()
    }
}
#else
@main
struct Writer {
    static func main() {}
}
#endif
