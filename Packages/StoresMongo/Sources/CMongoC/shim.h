#pragma once

#if __has_include(<mongoc/mongoc.h>)
#include <mongoc/mongoc.h>
#else
#error "StoresMongo needs libmongoc 1.23 or later: apt-get install libmongoc-dev pkg-config (Debian, Ubuntu), \
brew install mongo-c-driver pkgconf (macOS); then swift package purge-cache, since manifests are cached"
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// What Swift calls of libmongoc. Documents cross as bytes: no bson_t lives outside of these functions, and each of
// them frees what it made on every path. The functions are those that 1.23, 1.30 and 2.x have in common.

typedef enum stores_mongo_cause {
    STORES_MONGO_SERVER = 0,         // the server's refusal, with its own code
    STORES_MONGO_SELECTION = 1,      // no server that fits; nothing was sent
    STORES_MONGO_NETWORK = 2,        // the connection broke or fell silent
    STORES_MONGO_AUTHENTICATION = 3,
    STORES_MONGO_ARGUMENT = 4,       // refused before anything was sent
    STORES_MONGO_WRITE_CONCERN = 5,
    STORES_MONGO_OTHER = 6,
} stores_mongo_cause;

typedef struct stores_mongo_failure {
    stores_mongo_cause cause;
    uint32_t code;
    char message[512];
} stores_mongo_failure;

static inline void stores_mongo_translate(const bson_error_t *error, stores_mongo_failure *failure) {
    failure->code = error->code;
    memset(failure->message, 0, sizeof failure->message);
    strncpy(failure->message, error->message, sizeof failure->message - 1);
    switch (error->domain) {
    case MONGOC_ERROR_SERVER:
    case MONGOC_ERROR_QUERY: failure->cause = STORES_MONGO_SERVER; break;
    case MONGOC_ERROR_SERVER_SELECTION: failure->cause = STORES_MONGO_SELECTION; break;
    case MONGOC_ERROR_STREAM: failure->cause = STORES_MONGO_NETWORK; break;
    case MONGOC_ERROR_SASL:
    case MONGOC_ERROR_SCRAM: failure->cause = STORES_MONGO_AUTHENTICATION; break;
    case MONGOC_ERROR_CLIENT:
        failure->cause =
            error->code == MONGOC_ERROR_CLIENT_AUTHENTICATE ? STORES_MONGO_AUTHENTICATION : STORES_MONGO_OTHER;
        break;
    case MONGOC_ERROR_COMMAND:
        failure->cause = error->code == MONGOC_ERROR_COMMAND_INVALID_ARG ? STORES_MONGO_ARGUMENT : STORES_MONGO_OTHER;
        break;
    case MONGOC_ERROR_BSON: failure->cause = STORES_MONGO_ARGUMENT; break;
    case MONGOC_ERROR_WRITE_CONCERN: failure->cause = STORES_MONGO_WRITE_CONCERN; break;
    default: failure->cause = STORES_MONGO_OTHER;
    }
}

static inline mongoc_uri_t *stores_mongo_uri(const char *text, stores_mongo_failure *failure) {
    bson_error_t error = {0};
    mongoc_uri_t *uri = mongoc_uri_new_with_error(text, &error);
    if (!uri) stores_mongo_translate(&error, failure);
    return uri;
}

static inline mongoc_client_pool_t *stores_mongo_pool(
    const mongoc_uri_t *uri, uint32_t size, const char *name, stores_mongo_failure *failure) {
    bson_error_t error = {0};
    mongoc_client_pool_t *pool = mongoc_client_pool_new_with_error(uri, &error);
    if (!pool) {
        stores_mongo_translate(&error, failure);
        return NULL;
    }
    mongoc_client_pool_max_size(pool, size);
    mongoc_client_pool_set_error_api(pool, MONGOC_ERROR_API_VERSION_2);
    mongoc_client_pool_set_appname(pool, name);
    return pool;
}

typedef enum stores_mongo_kind {
    STORES_MONGO_READ = 0,   // with the read concern of the URL, if it has one
    STORES_MONGO_WRITE = 1,  // with the write concern of the URL
    STORES_MONGO_PLAIN = 2,  // as it is: many commands refuse a concern
} stores_mongo_kind;

// Runs a command. The reply, which may be there after a failure too, is the caller's: stores_mongo_free.
static inline bool stores_mongo_command(
    mongoc_client_t *client, const char *database, const uint8_t *bytes, size_t count, const uint8_t *options,
    size_t option_count, stores_mongo_kind kind, uint8_t **reply, size_t *reply_count, stores_mongo_failure *failure) {
    bson_t command, opts, answer;
    bson_error_t error = {0};
    *reply = NULL;
    *reply_count = 0;
    if (!bson_init_static(&command, bytes, count) || !bson_init_static(&opts, options, option_count)) {
        failure->cause = STORES_MONGO_ARGUMENT;
        return false;
    }
    bool succeeded = false;
    switch (kind) {
    case STORES_MONGO_READ:
        succeeded = mongoc_client_read_command_with_opts(client, database, &command, NULL, &opts, &answer, &error);
        break;
    case STORES_MONGO_WRITE:
        succeeded = mongoc_client_write_command_with_opts(client, database, &command, &opts, &answer, &error);
        break;
    case STORES_MONGO_PLAIN:
        succeeded = mongoc_client_command_simple(client, database, &command, NULL, &answer, &error);
        break;
    }
    if (!succeeded) stores_mongo_translate(&error, failure);
    uint32_t length = 0;
    *reply = bson_destroy_with_steal(&answer, true, &length);
    *reply_count = length;
    return succeeded;
}

static inline void stores_mongo_free(uint8_t *bytes) { bson_free(bytes); }

// A cursor of find; the caller's, to be destroyed before its client goes back into the pool.
static inline mongoc_cursor_t *stores_mongo_find(
    mongoc_client_t *client, const char *database, const char *name, const uint8_t *bytes, size_t count,
    const uint8_t *options, size_t option_count) {
    bson_t filter, opts;
    if (!bson_init_static(&filter, bytes, count) || !bson_init_static(&opts, options, option_count)) return NULL;
    mongoc_collection_t *collection = mongoc_client_get_collection(client, database, name);
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(collection, &filter, &opts, NULL);
    mongoc_collection_destroy(collection);
    return cursor;
}

// The next document, valid until the next call.
static inline bool stores_mongo_next(mongoc_cursor_t *cursor, const uint8_t **bytes, size_t *count) {
    const bson_t *document = NULL;
    if (!mongoc_cursor_next(cursor, &document)) return false;
    *bytes = bson_get_data(document);
    *count = document->len;
    return true;
}

static inline bool stores_mongo_failed(mongoc_cursor_t *cursor, stores_mongo_failure *failure) {
    bson_error_t error = {0};
    if (!mongoc_cursor_error(cursor, &error)) return false;
    stores_mongo_translate(&error, failure);
    return true;
}

// A change stream, from now on, which waits that long for something to come. It may have failed already:
// stores_mongo_stream_failed. The caller's, to be destroyed before its client goes back into the pool.
static inline mongoc_change_stream_t *stores_mongo_watch(
    mongoc_client_t *client, const char *database, const char *name, const uint8_t *pipeline, size_t count,
    int64_t wait_milliseconds) {
    bson_t stages, opts = BSON_INITIALIZER;
    if (!bson_init_static(&stages, pipeline, count)) return NULL;
    BSON_APPEND_INT64(&opts, "maxAwaitTimeMS", wait_milliseconds);
    mongoc_collection_t *collection = mongoc_client_get_collection(client, database, name);
    // Another one, which the URL may name, is refused.
    mongoc_read_concern_t *majority = mongoc_read_concern_new();
    mongoc_read_concern_set_level(majority, MONGOC_READ_CONCERN_LEVEL_MAJORITY);
    mongoc_collection_set_read_concern(collection, majority);
    mongoc_read_concern_destroy(majority);
    mongoc_change_stream_t *stream = mongoc_collection_watch(collection, &stages, &opts);
    mongoc_collection_destroy(collection);
    bson_destroy(&opts);
    return stream;
}

// The next change, valid until the next call; false when none came while it waited, and when it failed.
static inline bool stores_mongo_change(mongoc_change_stream_t *stream, const uint8_t **bytes, size_t *count) {
    const bson_t *document = NULL;
    if (!mongoc_change_stream_next(stream, &document)) return false;
    *bytes = bson_get_data(document);
    *count = document->len;
    return true;
}

static inline bool stores_mongo_stream_failed(mongoc_change_stream_t *stream, stores_mongo_failure *failure) {
    bson_error_t error = {0};
    const bson_t *reply = NULL;
    if (!mongoc_change_stream_error_document(stream, &error, &reply)) return false;
    stores_mongo_translate(&error, failure);
    return true;
}
