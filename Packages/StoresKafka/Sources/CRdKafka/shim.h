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
