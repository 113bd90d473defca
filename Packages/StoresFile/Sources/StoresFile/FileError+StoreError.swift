import StoresCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

extension FileError {
    var isMissing: Bool { code == ENOENT }
    var alreadyExists: Bool { code == EEXIST }

    /// Something other than a directory, or a symbolic link, where the store keeps a directory.
    var isNotDirectory: Bool { code == ENOTDIR || code == ELOOP }

    /// The error as callers see it. Messages name the path, never content.
    ///
    /// A full disk is `unavailable` and not retryable: the object is not too large for the store, so that a smaller
    /// one or the same one elsewhere is no answer, and trying again at once only fills the log.
    var storeError: StoreError {
        switch kind {
        case .store(let error):
            return error
        case .corrupt(let reason):
            return StoreError(
                .corrupt, "\(path): \(reason)",
                remedy: "restore the file from a backup, or remove it with a delete of its key", underlying: self)
        case .foreign(let reason, let remedy):
            return StoreError(.schemaMismatch, "\(path): \(reason)", remedy: remedy, phase: .schema, underlying: self)
        case .system(let code, let call):
            let failed = "\(path): \(call) failed"
            switch code {
            case ENOSPC, EDQUOT:
                return StoreError(
                    .unavailable,
                    "\(failed): the disk is full (\(code == EDQUOT ? "quota" : "no space left")); "
                        + "what was stored before is unchanged, and nothing of the new object was kept",
                    remedy: "free space, or point ARTIFACT_DIR at a larger disk", isRetryable: false, isLocal: true,
                    underlying: self)
            case EACCES, EPERM:
                return StoreError(
                    .permissionDenied, "\(failed): permission denied",
                    remedy: "let this process's user read and write the directory of ARTIFACT_DIR", underlying: self)
            case EROFS:
                return StoreError(
                    .permissionDenied, "\(failed): the file system is mounted read-only",
                    remedy: "remount it for writing, or point ARTIFACT_DIR at another disk", underlying: self)
            case EMFILE, ENFILE:
                return StoreError(
                    .unavailable, "\(failed): too many open files",
                    remedy: "raise the limit of open files (ulimit -n), or drop downloads that are not read",
                    underlying: self)
            case ENOTDIR, ELOOP, EISDIR:
                return StoreError(
                    .corrupt, "\(failed): a link, or another kind of file than the store made, stands there",
                    remedy: "move away what does not belong to the store", underlying: self)
            case ENOENT:
                return StoreError(
                    .unavailable, "\(failed): no such file or directory; the store's directory may have been removed",
                    remedy: "restart the process, which makes the directory of ARTIFACT_DIR again", isRetryable: false,
                    underlying: self)
            case ENAMETOOLONG:
                return StoreError(
                    .invalidArgument, "\(failed): the path is too long",
                    remedy: "choose a shorter ARTIFACT_DIR", underlying: self)
            case EFBIG:
                return StoreError(.tooLarge, "\(failed): the file system has no larger files", underlying: self)
            case ENOLCK, EOPNOTSUPP, ENOSYS:
                return StoreError(
                    .unsupported, "\(failed): the file system cannot do it",
                    remedy: "point ARTIFACT_DIR at a file system with locks, such as a local disk", underlying: self)
            case EXDEV:
                return StoreError(
                    .unsupported, "\(failed): parts of the store lie on different file systems",
                    remedy: "mount one file system at ARTIFACT_DIR, none inside it", underlying: self)
            case EIO, ENXIO, ENODEV:
                return StoreError(
                    .unavailable, "\(failed): the device reports an error",
                    remedy: "look at the kernel's log; the disk may be failing", isRetryable: false, underlying: self)
            case EAGAIN, ENOMEM, ESTALE, EBUSY, ETXTBSY:
                return StoreError(.unavailable, "\(failed): \(Self.name(code))", underlying: self)
            default:
                return StoreError(.internal, "\(failed): \(Self.name(code))", underlying: self)
            }
        }
    }

    private static func name(_ code: Int32) -> String {
        switch code {
        case EAGAIN: "EAGAIN"
        case ENOMEM: "ENOMEM"
        case ESTALE: "ESTALE"
        case EBUSY: "EBUSY"
        case ETXTBSY: "ETXTBSY"
        case EEXIST: "EEXIST"
        case ENOTEMPTY: "ENOTEMPTY"
        case EINVAL: "EINVAL"
        case EBADF: "EBADF"
        default: "errno \(code)"
        }
    }
}

extension FileError {
    /// Errors of a file of the caller's, which is not the store's.
    var callersFileError: StoreError {
        switch code {
        case ENOENT, ENOTDIR:
            StoreError(.notFound, "\(path): no such file", applied: .no, underlying: self)
        case EACCES, EPERM:
            StoreError(.permissionDenied, "\(path): permission denied", applied: .no, underlying: self)
        case EISDIR:
            StoreError(.invalidArgument, "\(path) is a directory", applied: .no, underlying: self)
        case .some(let code):
            StoreError(.internal, "\(path): reading failed: \(Self.name(code))", applied: .no, underlying: self)
        case nil:
            storeError
        }
    }
}
