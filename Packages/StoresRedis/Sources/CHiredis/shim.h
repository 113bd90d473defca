#pragma once

#if __has_include(<hiredis/hiredis.h>)
#include <hiredis/hiredis.h>
#include <hiredis/read.h>
#else
#error "StoresRedis needs hiredis: apt-get install libhiredis-dev (Debian, Ubuntu), brew install hiredis (macOS)"
#endif

#include <stddef.h>

// The protocol reader of hiredis, telling what it finds piece by piece instead of building its own tree of replies.
// The table of functions changed between 0.14 and 1.0; what is here is the same for all of them.

enum {
    STORES_REPLY_STRING = 0,
    STORES_REPLY_STATUS = 1,
    STORES_REPLY_ERROR = 2,
    STORES_REPLY_ARRAY = 3,
    STORES_REPLY_PUSH = 4,
};

// Told in the order of the wire: an array first, then its elements. `context` is that of the reader.
typedef struct stores_reply_sink {
    void (*text)(void *context, int kind, const char *bytes, size_t count);
    void (*array)(void *context, int kind, size_t count);
    void (*integer)(void *context, long long value);
    void (*number)(void *context, double value);
    void (*boolean)(void *context, int value);
    void (*null)(void *context);
    void *context;
} stores_reply_sink;

static inline stores_reply_sink *stores_sink_of(const redisReadTask *task) {
    return (stores_reply_sink *)task->privdata;
}

// A reply object is wanted for each piece; nobody looks at it.
static inline void *stores_reply_object(const redisReadTask *task) { return task->privdata; }

static inline int stores_text_kind(int type) {
    return type == REDIS_REPLY_STATUS ? STORES_REPLY_STATUS
        : type == REDIS_REPLY_ERROR   ? STORES_REPLY_ERROR
                                      : STORES_REPLY_STRING;
}

static inline void *stores_create_string(const redisReadTask *task, char *bytes, size_t count) {
    stores_reply_sink *sink = stores_sink_of(task);
#if HIREDIS_MAJOR >= 1
    // Verbatim text begins with its kind: "txt:".
    if (task->type == REDIS_REPLY_VERB && count >= 4) {
        bytes += 4;
        count -= 4;
    }
#endif
    sink->text(sink->context, stores_text_kind(task->type), bytes, count);
    return stores_reply_object(task);
}

static inline void *stores_create_integer(const redisReadTask *task, long long value) {
    stores_reply_sink *sink = stores_sink_of(task);
    sink->integer(sink->context, value);
    return stores_reply_object(task);
}

static inline void *stores_create_null(const redisReadTask *task) {
    stores_reply_sink *sink = stores_sink_of(task);
    sink->null(sink->context);
    return stores_reply_object(task);
}

static inline void stores_free_object(void *object) { (void)object; }

#if HIREDIS_MAJOR >= 1

static inline void *stores_create_array(const redisReadTask *task, size_t count) {
    stores_reply_sink *sink = stores_sink_of(task);
    sink->array(sink->context, task->type == REDIS_REPLY_PUSH ? STORES_REPLY_PUSH : STORES_REPLY_ARRAY, count);
    return stores_reply_object(task);
}

static inline void *stores_create_double(const redisReadTask *task, double value, char *text, size_t count) {
    (void)text;
    (void)count;
    stores_reply_sink *sink = stores_sink_of(task);
    sink->number(sink->context, value);
    return stores_reply_object(task);
}

static inline void *stores_create_boolean(const redisReadTask *task, int value) {
    stores_reply_sink *sink = stores_sink_of(task);
    sink->boolean(sink->context, value);
    return stores_reply_object(task);
}

static inline redisReader *stores_reader_create(stores_reply_sink *sink) {
    static redisReplyObjectFunctions functions = {
        stores_create_string, stores_create_array, stores_create_integer, stores_create_double,
        stores_create_null,   stores_create_boolean, stores_free_object,
    };
    redisReader *reader = redisReaderCreateWithFunctions(&functions);
    if (reader) reader->privdata = sink;
    return reader;
}

#else

static inline void *stores_create_array(const redisReadTask *task, int count) {
    stores_reply_sink *sink = stores_sink_of(task);
    sink->array(sink->context, STORES_REPLY_ARRAY, (size_t)count);
    return stores_reply_object(task);
}

static inline redisReader *stores_reader_create(stores_reply_sink *sink) {
    static redisReplyObjectFunctions functions = {
        stores_create_string, stores_create_array, stores_create_integer, stores_create_null, stores_free_object,
    };
    redisReader *reader = redisReaderCreateWithFunctions(&functions);
    if (reader) reader->privdata = sink;
    return reader;
}

#endif

// RESP3 came with hiredis 1.0.
static inline int stores_hiredis_reads_resp3(void) { return HIREDIS_MAJOR >= 1; }
static inline int stores_hiredis_major(void) { return HIREDIS_MAJOR; }
static inline int stores_hiredis_minor(void) { return HIREDIS_MINOR; }
