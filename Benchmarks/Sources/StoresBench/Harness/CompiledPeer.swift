import Foundation

/// C programs of `Benchmarks/peers`.
enum CompiledPeer {
    /// Compiles one.
    ///
    /// - Parameters:
    ///   - library: By pkg-config's name; the first that is there.
    ///   - folder: Where the program is put.
    /// - Returns: The program's path.
    static func build(_ file: String, library: String..., in folder: String) throws -> String {
        for name in library {
            guard let flags = try? output(["pkg-config", "--cflags", "--libs", name]) else { continue }
            let program = folder + "/" + file.prefix { $0 != "." }
            _ = try output(
                ["cc", "-O2", "-o", program, try Peer.path(of: file)]
                    + flags.split(whereSeparator: \.isWhitespace).map(String.init))
            return program
        }
        throw BenchError("pkg-config knows no \(library.joined(separator: " and no ")), which \(file) needs")
    }

    private static func output(_ command: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        let output = Pipe()
        process.standardOutput = output
        try process.runUnmasked()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw BenchError("\(command.joined(separator: " ")) ended with status \(process.terminationStatus)")
        }
        return String(decoding: data, as: UTF8.self)
    }
}
