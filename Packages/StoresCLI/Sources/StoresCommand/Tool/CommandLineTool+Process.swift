import Dispatch
import Logging
import StoresCore
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

extension CommandLineTool {
    /// Runs the process's own command line, with its environment and its streams.
    ///
    /// The first SIGINT or SIGTERM cancels the command, which then ends in order; the second, or five seconds, end it
    /// at once.
    ///
    /// - Returns: The exit code.
    public static func main() async -> Int32 {
        // A closed pipe is an error of the write, which ends the command quietly, and not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        // Stores that are opened beside the command's own, as conformance does, are as quiet.
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .warning
            return handler
        }
        let tool = CommandLineTool(
            environment: ProcessEnvironment.variables(), input: Input(descriptor: 0), output: Output(descriptor: 1),
            errors: Output(descriptor: 2))
        let arguments = Array(CommandLine.arguments.dropFirst())
        let command = Task { await tool.run(arguments) }
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            let count = Mutex(0)
            source.setEventHandler {
                let times = count.withLock {
                    $0 += 1
                    return $0
                }
                if times > 1 { _exit(128 + number) }
                command.cancel()
                DispatchQueue.global().asyncAfter(deadline: .now() + 5) { _exit(128 + number) }
            }
            source.resume()
            return source
        }
        let status = await command.value
        for source in sources { source.cancel() }
        return status
    }
}
