#if SQLite
import GRDB
import GRDBSQLite
import StoresCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// What SQLite said. The statement's text holds placeholders only, never values.
public struct SQLiteFailure: Error, Sendable, CustomStringConvertible {
    /// The extended result code.
    public var code: Int32
    public var message: String
    public var sql: String?

    public init(code: Int32, message: String, sql: String? = nil) {
        self.code = code
        self.message = message
        self.sql = sql
    }

    public var description: String {
        "SQLite error \(code): \(message)" + (sql.map { " in: \($0)" } ?? "")
    }
}

extension StoreError {
    /// An error of GRDB or SQLite as a `StoreError`: the one place where they are translated.
    ///
    /// - Parameter call: The call that failed; says whether an interrupt was its deadline or its cancellation.
    static func sqlite(_ error: any Error, path: String, call: SQLiteCall? = nil) -> StoreError {
        switch error {
        case let error as StoreError: error
        case let error as SQLiteFailure: sqlite(error, path: path, call: call)
        case let error as DatabaseError:
            sqlite(
                SQLiteFailure(
                    code: error.extendedResultCode.rawValue, message: error.message ?? "", sql: error.sql),
                path: path, call: call)
        case is CancellationError: .cancelled(applied: .no)
        default: StoreError(.internal, "unexpected failure in \(path)", applied: .no, underlying: error)
        }
    }

    private static func sqlite(_ failure: SQLiteFailure, path: String, call: SQLiteCall?) -> StoreError {
        switch failure.code & 0xFF {
        case SQLITE_INTERRUPT, SQLITE_ABORT:
            return call?.stopError(applied: .no) ?? .cancelled(applied: .no)
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL:
            if let stop = call?.stopError(applied: .no) { return stop }
            return StoreError(
                .unavailable, "\(path) is locked by another process",
                remedy: "try again; if it lasts, look for a process that holds a transaction open on the file, or "
                    + "raise SQLITE_BUSY_TIMEOUT",
                applied: .no, underlying: failure)
        case SQLITE_NOTADB:
            return StoreError(
                .corrupt, "\(path) is not an SQLite database, or its header is damaged",
                remedy: "let SQLITE_PATH name another file, or restore this one from a backup",
                applied: .no, underlying: failure)
        case SQLITE_CORRUPT, SQLITE_FORMAT: return corruptFile(path, underlying: failure)
        case SQLITE_FULL:
            return StoreError(
                .unavailable, "the disk is full: \(path) can't grow; what was stored before is unharmed",
                remedy: "free space on the volume of \(path), then call again", applied: .no, isRetryable: false,
                isLocal: true, underlying: failure)
        case SQLITE_IOERR: return inputOutput(failure, path: path)
        case SQLITE_CANTOPEN: return cannotOpen(failure, path: path)
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
            return StoreError(
                .permissionDenied, "\(path) can't be written",
                remedy: "give this user write permission to \(path) and to its folder (SQLite keeps -wal and -shm "
                    + "files beside it), or let SQLITE_PATH name another file",
                applied: .no, underlying: failure)
        case SQLITE_TOOBIG:
            return StoreError(
                .tooLarge, "a value is larger than SQLite takes (1,000,000,000 bytes)", applied: .no,
                underlying: failure)
        case SQLITE_NOMEM:
            return StoreError(.unavailable, "SQLite ran out of memory", applied: .no, underlying: failure)
        case SQLITE_MISUSE where failure.message.contains("closed"):
            return StoreError(
                .unavailable, "the SQLite backend was shut down", remedy: "open the stores anew", applied: .no,
                isRetryable: false, underlying: failure)
        case SQLITE_ERROR where failure.message.contains("no such module"):
            return StoreError(
                .unsupported, "this SQLite was built without FTS5", remedy: "install a build of SQLite with FTS5",
                applied: .no, underlying: failure)
        case SQLITE_ERROR where failure.message.contains("no such"):
            return StoreError(
                .schemaMismatch, "\(path) lacks a table that the stores need",
                remedy: "open the stores with schema mode create", applied: .no, underlying: failure)
        default:
            return StoreError(
                .internal, "SQLite refused a statement on \(path) with code \(failure.code)", applied: .no,
                underlying: failure)
        }
    }

    /// The file holds what it should not.
    static func corruptFile(_ path: String, _ detail: String? = nil, underlying: (any Error)? = nil) -> StoreError {
        StoreError(
            .corrupt, "\(path) is damaged" + (detail.map { ": \($0)" } ?? ""),
            remedy: "restore the file from a backup; sqlite3 \(path) \".recover\" saves what can be read",
            applied: .no, underlying: underlying)
    }

    private static func inputOutput(_ failure: SQLiteFailure, path: String) -> StoreError {
        // A page that ends early, or that the file system itself reports as damaged.
        let short = SQLITE_IOERR | 2 << 8
        let fileSystem = SQLITE_IOERR | 33 << 8
        if failure.code == short || failure.code == fileSystem {
            return corruptFile(path, "the file ends early", underlying: failure)
        }
        return StoreError(
            .unavailable, "the operating system failed to read or write \(path)",
            remedy: "look at the disk of \(path) (space, quota, health); the system's log has the reason",
            applied: .unknown, isRetryable: false, underlying: failure)
    }

    private static func cannotOpen(_ failure: SQLiteFailure, path: String) -> StoreError {
        var status = stat()
        let folder = SQLitePath.folder(of: path)
        if stat(folder, &status) != 0 {
            return StoreError(
                .notFound, "the folder \(folder) does not exist",
                remedy: "make it, or open the stores with schema mode create, which does", applied: .no,
                underlying: failure)
        }
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            return StoreError(
                .invalidArgument, "\(path) is a folder", remedy: "let SQLITE_PATH name a file", applied: .no,
                underlying: failure)
        }
        return StoreError(
            .permissionDenied, "\(path) can't be opened",
            remedy: "give this user read and write permission to \(path) and its folder, or let SQLITE_PATH name "
                + "another file",
            applied: .no, underlying: failure)
    }
}
#endif
