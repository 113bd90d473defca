import ArgumentParser
import StoresCore

/// The command `stores`, apart from its process: arguments, environment, folder and streams are given to it, so that
/// tests and other programs can run it.
public struct CommandLineTool: Sendable {
    /// The variables of the process; a `.env` file in `directory` is read below them.
    public var environment: [String: String]
    /// What relative paths, `.env` and the default data folder start from.
    public var directory: String
    public var input: Input
    public var output: Output
    public var errors: Output

    public init(
        environment: [String: String], directory: String = ".", input: Input, output: Output, errors: Output
    ) {
        self.environment = environment
        self.directory = directory
        self.input = input
        self.output = output
        self.errors = errors
    }

    /// Parses and runs one command.
    ///
    /// - Parameter arguments: Without the program's name.
    /// - Returns: The exit code, as `stores --help` lists them.
    public func run(_ arguments: [String]) async -> Int32 {
        let console = Console(input: input, output: output, errors: errors, environment: environment)
        var wantsJSONErrors = arguments.prefix { $0 != "--" }.contains("--json-errors")
        var status = ExitStatus.success
        do {
            let command = try StoresRoot.parseAsRoot(arguments)
            if let verb = command as? any Verb {
                wantsJSONErrors = verb.wantsJSONErrors
                let context = CommandContext(
                    console: console, environment: environment, directory: directory, isVerbose: verb.isVerbose)
                try await verb.run(in: context)
            } else {
                var command = command
                try command.run()
            }
        } catch let exit as VerbExit {
            status = exit.status
        } catch is BrokenPipe {
            return ExitStatus.brokenPipe.rawValue
        } catch let error as StoreError {
            status = ExitStatus(error)
            console.report(error, asJSON: wantsJSONErrors)
        } catch is CancellationError {
            status = .interrupted
            console.report(.cancelled(), asJSON: wantsJSONErrors)
        } catch {
            status = await finish(error, console, asJSON: wantsJSONErrors)
        }
        do {
            try await output.flush()
        } catch is BrokenPipe {
            return ExitStatus.brokenPipe.rawValue
        } catch {
            let error = StoreError.wrapping(error)
            console.report(error, asJSON: wantsJSONErrors)
            if status == .success { status = ExitStatus(error) }
        }
        return Task.isCancelled && status != .success ? ExitStatus.interrupted.rawValue : status.rawValue
    }

    /// What the argument parser throws: a request for help, or a usage error.
    private func finish(_ error: any Error, _ console: Console, asJSON: Bool) async -> ExitStatus {
        let message = StoresRoot.fullMessage(for: error)
        guard StoresRoot.exitCode(for: error) != .success else {
            if !message.isEmpty { try? await console.output.write(message + "\n") }
            return .success
        }
        if asJSON {
            console.report(
                .invalidArgument(StoresRoot.message(for: error), remedy: "see the command's --help"), asJSON: true)
        } else {
            console.note(message)
        }
        return .usage
    }
}
