#if Postgres
import Foundation

extension PostgresServer {
    /// psql, driven line by line.
    func psql() throws -> Psql { try Psql(url: url) }
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
