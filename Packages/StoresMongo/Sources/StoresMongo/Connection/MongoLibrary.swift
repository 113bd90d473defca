import CMongoC
import Logging

/// libmongoc in this process: set up once, before its first use, and never taken down, since others may use it too.
///
/// It writes to sockets with `MSG_NOSIGNAL`, so that a connection that breaks raises no SIGPIPE. What it logs, which it
/// would print on its own, goes to swift-log under the label `stores.libmongoc`.
enum MongoLibrary {
    static let version: String = {
        setUp
        return String(cString: mongoc_get_version())
    }()

    static let setUp: Void = {
        mongoc_init()
        mongoc_log_set_handler({ level, domain, message, _ in MongoLibrary.log(level, domain, message) }, nil)
    }()

    private static let logger = Logger(label: "stores.libmongoc")

    private static func log(
        _ level: mongoc_log_level_t, _ domain: UnsafePointer<CChar>?, _ message: UnsafePointer<CChar>?
    ) {
        let known: Logger.Level =
            switch level {
            case MONGOC_LOG_LEVEL_CRITICAL, MONGOC_LOG_LEVEL_ERROR: .error
            case MONGOC_LOG_LEVEL_WARNING: .warning
            case MONGOC_LOG_LEVEL_MESSAGE, MONGOC_LOG_LEVEL_INFO: .info
            case MONGOC_LOG_LEVEL_DEBUG: .debug
            default: .trace
            }
        logger.log(
            level: known, "\(message.map(String.init(cString:)) ?? "")",
            metadata: ["domain": "\(domain.map(String.init(cString:)) ?? "")"])
    }
}
