#pragma once

#if __has_include(<librdkafka/rdkafka.h>)
#include <librdkafka/rdkafka.h>
#else
#error "StoresKafka needs librdkafka 2.0.2 or later: apt-get install librdkafka-dev (Debian, Ubuntu), \
brew install librdkafka (macOS)"
#endif

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if RD_KAFKA_VERSION < 0x02000200
#error "StoresKafka needs librdkafka 2.0.2 or later; this one is older"
#endif

/// One record into the producer's queue. Everything is copied; nothing is kept when it fails.
///
/// `headers` is a sequence of: length of the name, length of the value (each four bytes, in this machine's order), name,
/// value.
static inline rd_kafka_resp_err_t stores_kafka_produce(
    rd_kafka_t *client, rd_kafka_topic_t *topic, int32_t partition, int64_t timestamp, const void *key,
    size_t key_size, const void *value, size_t value_size, const uint8_t *headers, size_t headers_size,
    uintptr_t opaque) {
    rd_kafka_headers_t *list = rd_kafka_headers_new(8);
    size_t at = 0;
    while (at + 8 <= headers_size) {
        uint32_t name_size, size;
        memcpy(&name_size, headers + at, 4);
        memcpy(&size, headers + at + 4, 4);
        at += 8;
        const uint8_t *name = headers + at;
        rd_kafka_resp_err_t error =
            rd_kafka_header_add(list, (const char *)name, (ssize_t)name_size, name + name_size, (ssize_t)size);
        if (error) {
            rd_kafka_headers_destroy(list);
            return error;
        }
        at += (size_t)name_size + size;
    }
    rd_kafka_resp_err_t error = rd_kafka_producev(
        client, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_TIMESTAMP(timestamp), RD_KAFKA_V_KEY(key, key_size),
        // An empty value is not a null one, which would be a tombstone.
        RD_KAFKA_V_VALUE((void *)(value ? value : ""), value_size), RD_KAFKA_V_HEADERS(list),
        RD_KAFKA_V_OPAQUE((void *)opaque), RD_KAFKA_V_END);
    if (error) rd_kafka_headers_destroy(list);
    return error;
}

/// Whether wake-ups of the queue are written to the file; -1 ends it.
static inline void stores_kafka_wake(rd_kafka_queue_t *queue, int file) {
    rd_kafka_queue_io_event_enable(queue, file, file < 0 ? NULL : "!", file < 0 ? 0 : 1);
}

/// Which of the stores' headers a name is.
enum stores_kafka_header_kind {
    STORES_KAFKA_OTHER,
    STORES_KAFKA_TIME,
    STORES_KAFKA_AFTER,
    STORES_KAFKA_EVENTS,
    STORES_KAFKA_ID,
    STORES_KAFKA_TYPE,
    STORES_KAFKA_CONTENT_TYPE,
    /// `meta.` and the name of an entry.
    STORES_KAFKA_META
};

static inline enum stores_kafka_header_kind stores_kafka_header(const char *name) {
    switch (name[0]) {
    case 'a': return strcmp(name, "after") ? STORES_KAFKA_OTHER : STORES_KAFKA_AFTER;
    case 'c': return strcmp(name, "content-type") ? STORES_KAFKA_OTHER : STORES_KAFKA_CONTENT_TYPE;
    case 'e': return strcmp(name, "events") ? STORES_KAFKA_OTHER : STORES_KAFKA_EVENTS;
    case 'i': return strcmp(name, "id") ? STORES_KAFKA_OTHER : STORES_KAFKA_ID;
    case 'm': return strncmp(name, "meta.", 5) ? STORES_KAFKA_OTHER : STORES_KAFKA_META;
    case 't':
        if (!strcmp(name, "type")) return STORES_KAFKA_TYPE;
        return strcmp(name, "time") ? STORES_KAFKA_OTHER : STORES_KAFKA_TIME;
    default: return STORES_KAFKA_OTHER;
    }
}
