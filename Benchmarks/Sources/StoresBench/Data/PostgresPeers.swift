#if Postgres
import Foundation

extension PostgresServer {
    /// psql, driven line by line.
    func psql() throws -> Psql { try Psql(url: url) }

    /// A C program of `Benchmarks/peers`, built against libpq.
    func compiled(_ file: String, in folder: String) async throws -> String {
        let flags = try Self.output(["pkg-config", "--cflags", "--libs", "libpq"])
            .split(whereSeparator: \.isWhitespace).map(String.init)
        let program = folder + "/" + file.prefix { $0 != "." }
        _ = try Self.output(["cc", "-O2", "-o", program, try Peer.path(of: file)] + flags)
        return program
    }

    private static func output(_ command: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw BenchError("\(command.joined(separator: " ")) ended with status \(process.terminationStatus)")
        }
        return String(decoding: data, as: UTF8.self)
    }
}

/// psql in a process of its own; the time of a command is the one that it prints itself.
final class Psql {
    private let peer: Peer
    let name: String

    fileprivate init(url: String) throws {
        peer = try Peer(command: [
            "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", "\\echo psql :VERSION_NAME", "-f", "-", url,
        ])
        name = String(peer.name.prefix { $0 != "(" }).trimmingCharacters(in: .whitespaces)
    }

    /// Runs SQL or a backslash command.
    ///
    /// - Returns: The lines that it printed.
    @discardableResult
    func run(_ command: String) throws -> [String] {
        var lines: [String] = []
        var line = try peer.ask("\(command)\n\\echo done")
        while line != "done" {
            lines.append(line)
            line = try peer.line()
        }
        return lines
    }

    /// Runs a command and returns its seconds, by psql's own `\timing`.
    func seconds(_ command: String) throws -> Double {
        let lines = try run("\\timing on\n\(command)\n\\timing off")
        guard let text = lines.first(where: { $0.hasPrefix("Time: ") })?.dropFirst(6).prefix(while: { $0 != " " }),
            let milliseconds = Double(text)
        else { throw BenchError("psql printed no time: \(lines)") }
        return milliseconds / 1000
    }

    func stop() { peer.stop() }
}
#endif
