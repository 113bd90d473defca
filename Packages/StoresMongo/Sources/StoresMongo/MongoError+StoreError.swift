import CMongoC
import StoresCore

// The one place where what a server refuses, and what libmongoc meets, becomes a `StoreError`.

/// What libmongoc said, for `debugDescription`.
struct MongoNativeError: Error, CustomStringConvertible {
    var code: Int64
    var description: String
}

extension StoreError {
    static func mongo(_ failure: stores_mongo_failure, writes: Bool, _ configuration: MongoConfiguration) -> StoreError
    {
        var failure = failure
        let message = withUnsafeBytes(of: &failure.message) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        let native = MongoNativeError(code: Int64(failure.code), description: message)
        let applied: Applied? = writes ? .unknown : nil
        switch failure.cause {
        case STORES_MONGO_SERVER: return server(native, writes: writes)
        case STORES_MONGO_SELECTION:
            // libmongoc authenticates while it looks for a server, too.
            if message.lowercased().contains("authenticat") { return refused(native) }
            return StoreError(
                .unavailable, "no server that takes the call was found", endpoint: configuration.endpoint, applied: .no,
                phase: .tcp, underlying: native)
        case STORES_MONGO_NETWORK:
            return StoreError(
                .unavailable, "the connection was lost, or the server fell silent", applied: applied,
                underlying: native)
        case STORES_MONGO_AUTHENTICATION: return refused(native)
        case STORES_MONGO_ARGUMENT:
            return StoreError(.internal, "libmongoc refused the command", applied: .no, underlying: native)
        case STORES_MONGO_WRITE_CONCERN:
            return StoreError(
                .unavailable, "the write was not confirmed by as many members as the write concern asks for",
                remedy: "look at the replica set's members: rs.status()", applied: .unknown, underlying: native)
        default:
            return StoreError(.internal, "libmongoc failed", applied: applied, underlying: native)
        }
    }

    /// A URL that libmongoc does not take. Its message may repeat parts of the URL.
    static func mongoURL(_ failure: stores_mongo_failure, _ configuration: MongoConfiguration) -> StoreError {
        StoreError(
            .invalidArgument, "MONGODB_URL is not understood by libmongoc \(MongoLibrary.version)",
            remedy: "write it as mongodb://user:password@host:27017/database?option=value; in a password @ : / and % "
                + "are escaped with %", endpoint: configuration.url, applied: .no, phase: .configuration)
    }

    private static func refused(_ native: MongoNativeError) -> StoreError {
        StoreError(
            .unauthenticated, "the server refused the user and password",
            remedy: "correct user, password and authSource in MONGODB_URL", applied: .no, phase: .authentication,
            underlying: native)
    }

    /// A statement's own refusal.
    static func mongo(_ error: MongoWriteError) -> StoreError {
        server(MongoNativeError(code: error.code, description: error.message), writes: true)
    }

    /// By the codes of MongoDB's `error_codes.yml`. The messages may repeat what was sent, so they are not shown.
    private static func server(_ native: MongoNativeError, writes: Bool) -> StoreError {
        let unclear: Applied? = writes ? .unknown : nil
        func passing(_ message: String, applied: Applied?, remedy: String? = nil) -> StoreError {
            StoreError(.unavailable, message, remedy: remedy, applied: applied, underlying: native)
        }
        switch native.code {
        case 11000, 11001, 12582:
            return StoreError(.alreadyExists, "a document with this key is there", applied: .no, underlying: native)
        case 10107, 13435, 10058:
            return passing("the server is not the primary any more", applied: .no)
        case 189, 11602, 11600, 91:
            return passing("the primary stepped down or shuts down", applied: unclear)
        case 112: return passing("another write was faster, and the server gave this one up", applied: .no)
        case 43, 175: return passing("the server has dropped the query's cursor", applied: nil)
        case 6, 7, 89, 9001: return passing("the server lost a connection of its own", applied: unclear)
        case 50:
            return .timeout("the command", applied: unclear, underlying: native)
        case 262: return .timeout("the command", applied: unclear, underlying: native)
        case 64, 100:
            return passing(
                "the write was not confirmed by as many members as the write concern asks for", applied: .unknown,
                remedy: "look at the replica set's members: rs.status()")
        case 18: return refused(native)
        case 13, 8000:
            return StoreError(
                .permissionDenied, "the user may not do this in this database",
                remedy: "grant it the role readWrite of the database", applied: .no, underlying: native)
        case 10334, 17419, 17420, 16837:
            return StoreError(
                .tooLarge, "the document would exceed MongoDB's 16 MiB",
                remedy: "keep large values in an artifact store", applied: .no, underlying: native)
        case 14031:
            return StoreError(
                .unavailable, "the server's disk is full", remedy: "free space on its disk", applied: .no,
                isRetryable: false, underlying: native)
        case 85, 86:
            return StoreError(
                .schemaMismatch, "an index of this name has another shape",
                remedy: "drop the index, or set MONGODB_COLLECTION_PREFIX", applied: .no, phase: .schema,
                underlying: native)
        default:
            return StoreError(
                .internal, "the server refused the command (code \(native.code))", applied: writes ? .unknown : nil,
                underlying: native)
        }
    }

    /// What is there was not written by this library, or was damaged.
    static func mongoForeign(_ what: String, _ resource: String? = nil) -> StoreError {
        StoreError(
            .corrupt, "\(what) holds what this library did not write",
            remedy: "give the stores a MONGODB_COLLECTION_PREFIX of their own, or delete the document",
            resource: resource, applied: .no)
    }

    static func mongoTooBusy(_ resource: String) -> StoreError {
        StoreError(
            .unavailable, "others write this faster than it can be read and written back", remedy: "try again",
            resource: resource, applied: .no)
    }
}
