import StoresCore

/// What goes wrong beneath the driver; becomes a `StoreError` in one place, see ``storeError``.
struct FileError: Error, Sendable {
    enum Kind: Sendable {
        /// A failed system call: its name and `errno`.
        case system(Int32, call: String)
        /// The file is not what the store wrote; the reason, without content.
        case corrupt(String)
        /// The directory is not a store, or one of another version.
        case foreign(String, remedy: String)
        /// Said already.
        case store(StoreError)
    }

    var kind: Kind
    var path: String

    static func system(_ code: Int32, call: String, path: String) -> FileError {
        FileError(kind: .system(code, call: call), path: path)
    }

    static func corrupt(_ reason: String, path: String) -> FileError {
        FileError(kind: .corrupt(reason), path: path)
    }

    static func foreign(_ reason: String, path: String, remedy: String) -> FileError {
        FileError(kind: .foreign(reason, remedy: remedy), path: path)
    }

    static func store(_ error: StoreError) -> FileError {
        FileError(kind: .store(error), path: "")
    }

    /// The `errno` of a failed system call.
    var code: Int32? {
        if case .system(let code, _) = kind { code } else { nil }
    }
}
