import CMongoC
import StoresCore

/// libmongoc's pool of clients: the one owner of the C object, which it frees when nobody uses it any more.
///
/// The pool of libmongoc is safe to use from any thread, and the pointer never changes: hence `@unchecked Sendable`.
final class MongoPool: @unchecked Sendable {
    private let pool: OpaquePointer

    /// - Throws: `invalidArgument` for a URL that libmongoc refuses.
    init(_ configuration: MongoConfiguration) throws(StoreError) {
        MongoLibrary.setUp
        var failure = stores_mongo_failure()
        guard let uri = stores_mongo_uri(configuration.url, &failure) else {
            throw .mongoURL(failure, configuration)
        }
        defer { mongoc_uri_destroy(uri) }
        Self.complete(uri, configuration)
        // One more for the change stream, which keeps its own.
        let size = UInt32(configuration.connections) + 1
        guard let pool = stores_mongo_pool(uri, size, "swift-backend-stores", &failure) else {
            throw .mongoURL(failure, configuration)
        }
        self.pool = pool
    }

    deinit {
        mongoc_client_pool_destroy(pool)
    }

    /// What the stores rely on, and what the URL leaves open.
    private static func complete(_ uri: OpaquePointer, _ configuration: MongoConfiguration) {
        // Repetition is the core's (X3), and reads see the writes that were acknowledged.
        mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYWRITES, false)
        mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYREADS, false)
        let primary = mongoc_read_prefs_new(MONGOC_READ_PRIMARY)
        mongoc_uri_set_read_prefs_t(uri, primary)
        mongoc_read_prefs_destroy(primary)
        if !mongoc_uri_has_option(uri, "w") {
            let majority = mongoc_write_concern_new()
            mongoc_write_concern_set_wmajority(majority, 0)
            mongoc_uri_set_write_concern(uri, majority)
            mongoc_write_concern_destroy(majority)
        }
        let timeout = Int32(clamping: configuration.connectTimeout.wholeMilliseconds)
        for option in [MONGOC_URI_CONNECTTIMEOUTMS, MONGOC_URI_SERVERSELECTIONTIMEOUTMS]
        where !mongoc_uri_has_option(uri, option) {
            mongoc_uri_set_option_as_int32(uri, option, timeout)
        }
        if !mongoc_uri_has_option(uri, MONGOC_URI_SOCKETTIMEOUTMS) {
            mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SOCKETTIMEOUTMS, 60_000)
        }
    }

    /// Hands out a client for the time of the body; waits where all are with others.
    func withClient<T>(_ body: (OpaquePointer) throws(StoreError) -> T) throws(StoreError) -> T {
        guard let client = mongoc_client_pool_pop(pool) else {
            throw StoreError(.internal, "libmongoc's pool gives out no client", applied: .no, isLocal: true)
        }
        defer { mongoc_client_pool_push(pool, client) }
        return try body(client)
    }
}
