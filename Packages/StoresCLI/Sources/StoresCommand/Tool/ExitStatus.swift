import StoresCore

/// What the process's exit code says. `stores --help` lists them.
enum ExitStatus: Int32, Sendable, CaseIterable {
    case success = 0
    case failure = 1
    case usage = 2
    case notFound = 3
    case conflict = 4
    case unavailable = 5
    case unsupported = 6
    case unauthorized = 7
    case corrupt = 8
    case tooLarge = 9
    case interrupted = 130
    case brokenPipe = 141

    init(_ error: StoreError) {
        self =
            switch error.code {
            case .invalidArgument: .usage
            case .notFound: .notFound
            case .conflict, .preconditionFailed, .alreadyExists, .schemaMismatch: .conflict
            case .unavailable, .timeout, .rateLimited: .unavailable
            case .unsupported: .unsupported
            case .unauthenticated, .permissionDenied: .unauthorized
            case .corrupt: .corrupt
            case .tooLarge: .tooLarge
            case .cancelled: .interrupted
            default: .failure
            }
    }

    static let help = """
        EXIT CODES
          0    ok
          1    the operation failed, a part of it failed, or a check did (doctor, conformance)
          2    usage, invalidArgument
          3    notFound: what was asked for is not there
          4    conflict, preconditionFailed, alreadyExists, schemaMismatch; a lease that is held
          5    unavailable, timeout, rateLimited: the same call may succeed later
          6    unsupported: another adapter can do it, the message says which
          7    unauthenticated, permissionDenied
          8    corrupt
          9    tooLarge
          130  interrupted
          141  the reader of stdout went away
        """
}
