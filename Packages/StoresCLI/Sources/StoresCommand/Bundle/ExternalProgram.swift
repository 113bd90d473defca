import StoresCore
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A program that is run to its end.
struct ExternalProgram: Sendable {
    /// With its folder.
    let path: String
    let environment: [String: String]
    private static let pool = BlockingPool(label: "stores.program", threads: 2)

    /// The program of a name on the PATH of an environment.
    ///
    /// - Throws: `unavailable` when there is none.
    init(_ name: String, environment: [String: String], remedy: String) throws(StoreError) {
        let paths = (environment["PATH"] ?? "").split(separator: ":").map { folder in "\(folder)/\(name)" }
        guard let path = paths.first(where: { path in access(path, X_OK) == 0 }) else {
            throw StoreError(.unavailable, "there is no \(name) on the PATH", remedy: remedy)
        }
        self.path = path
        self.environment = environment
    }

    struct Outcome: Sendable {
        /// The exit code; 128 and the number of the signal when one ended it.
        var status: Int32
        /// What it wrote to stdout and stderr.
        var output: String
    }

    /// Runs it without input. When the task is cancelled the program is told to end.
    ///
    /// - Parameter onLine: Told each line as it comes, from another thread.
    func run(_ arguments: [String], onLine: (@Sendable (String) -> Void)? = nil) async throws(StoreError) -> Outcome {
        let child = RunningChild()
        do {
            return try await withTaskCancellationHandler {
                try await Self.pool.run { () throws(StoreError) in try start(arguments, child, onLine) }
            } onCancel: {
                child.end()
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(.internal, "\(error)")
        }
    }

    private func start(
        _ arguments: [String], _ child: RunningChild, _ onLine: (@Sendable (String) -> Void)?
    ) throws(StoreError) -> Outcome {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Files.failure(path) }
        let (reading, writing) = (ends[0], ends[1])
        defer { close(reading) }
        // Another child that starts at this moment must not hold the pipe open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let pid: pid_t
        do throws(StoreError) {
            pid = try spawn(arguments, output: writing)
        } catch {
            close(writing)
            throw error
        }
        close(writing)
        child.began(pid)
        var output: [UInt8] = []
        var lineStart = 0
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = read(reading, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            output.append(contentsOf: buffer[..<count])
            while let end = output[lineStart...].firstIndex(of: 0x0A) {
                onLine?(String(decoding: output[lineStart..<end], as: UTF8.self))
                lineStart = end + 1
            }
        }
        if lineStart < output.count { onLine?(String(decoding: output[lineStart...], as: UTF8.self)) }
        let status = child.wait()
        return Outcome(status: status, output: String(decoding: output, as: UTF8.self))
    }

    private func spawn(_ arguments: [String], output: Int32) throws(StoreError) -> pid_t {
        #if canImport(Darwin)
        var actions: posix_spawn_file_actions_t?
        var attributes: posix_spawnattr_t?
        #else
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        // The program listens to signals, which this process ignores and its threads block.
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for number in [SIGINT, SIGTERM, SIGPIPE] { sigaddset(&signals, number) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))
        var words = ([path] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in words + variables { free(word) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, path, &actions, &attributes, &words, &variables)
        guard failure == 0 else {
            throw StoreError(.internal, "\(path) does not start: \(String(cString: strerror(failure)))")
        }
        return pid
    }
}

/// A child process that another thread may end.
private final class RunningChild: Sendable {
    private let state = Mutex<(pid: pid_t?, isCancelled: Bool)>((nil, false))

    func began(_ pid: pid_t) {
        state.withLock {
            $0.pid = pid
            if $0.isCancelled { kill(pid, SIGTERM) }
        }
    }

    func end() {
        state.withLock {
            $0.isCancelled = true
            if let pid = $0.pid { kill(pid, SIGTERM) }
        }
    }

    /// The exit code. Called once, after the child closed its output.
    func wait() -> Int32 {
        guard let pid = state.withLock({ $0.pid }) else { return -1 }
        // The id stays the child's until the wait below: only then may it become another process's.
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) < 0, errno == EINTR {}
        state.withLock { $0.pid = nil }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}
