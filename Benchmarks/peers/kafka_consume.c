/* All messages of a topic, consumed by a plain loop over librdkafka that looks at each one's key, value and headers.
 *
 * kafka_consume brokers topic partitions setting=value…
 * Reads lines "count", and answers with the seconds from the first message to the last one of count, from the
 * beginning of all partitions. */

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 500 };

static void fail(const char *what, const char *why) {
    fprintf(stderr, "kafka_consume: %s: %s\n", what, why);
    exit(1);
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* How many bytes there are in it. */
static size_t look(const rd_kafka_message_t *message) {
    size_t sum = message->len + message->key_len;
    rd_kafka_headers_t *headers;
    if (rd_kafka_message_headers(message, &headers)) return sum;
    const char *name;
    const void *value;
    size_t size;
    for (size_t index = 0; !rd_kafka_header_get_all(headers, index, &name, &value, &size); index++) {
        sum += strlen(name) + size;
    }
    return sum;
}

static rd_kafka_t *open_consumer(int count, char **arguments) {
    char why[512];
    rd_kafka_conf_t *settings = rd_kafka_conf_new();
    const char *own[] = {"bootstrap.servers", arguments[1], "group.id", "peer", "enable.auto.commit", "false"};
    for (int index = 0; index < 6; index += 2) {
        if (rd_kafka_conf_set(settings, own[index], own[index + 1], why, sizeof why)) fail("a setting", why);
    }
    for (int index = 4; index < count; index++) {
        char copy[256];
        snprintf(copy, sizeof copy, "%s", arguments[index]);
        char *value = strchr(copy, '=');
        if (!value) fail("a setting", copy);
        *value++ = 0;
        if (rd_kafka_conf_set(settings, copy, value, why, sizeof why)) fail("a setting", why);
    }
    rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, settings, why, sizeof why);
    if (!consumer) fail("a consumer", why);
    rd_kafka_poll_set_consumer(consumer);
    return consumer;
}

static double consume(rd_kafka_t *consumer, const char *topic, int partitions, long count) {
    rd_kafka_topic_partition_list_t *places = rd_kafka_topic_partition_list_new(partitions);
    for (int partition = 0; partition < partitions; partition++) {
        rd_kafka_topic_partition_list_add(places, topic, partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_resp_err_t error = rd_kafka_assign(consumer, places);
    if (error) fail("assigning", rd_kafka_err2str(error));
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);
    double start = 0;
    long seen = 0;
    size_t bytes = 0;
    double end = seconds() + 60;
    while (seen < count) {
        rd_kafka_message_t *messages[BATCH];
        ssize_t found = rd_kafka_consume_batch_queue(queue, 100, messages, BATCH);
        if (found < 0 || seconds() > end) fail("consuming", "too few messages");
        for (ssize_t index = 0; index < found; index++) {
            if (messages[index]->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                if (seen++ == 0) start = seconds();
                bytes += look(messages[index]);
            } else if (messages[index]->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                fail("a message", rd_kafka_message_errstr(messages[index]));
            }
            rd_kafka_message_destroy(messages[index]);
        }
    }
    double taken = seconds() - start;
    if (bytes == 0) fail("consuming", "empty messages");
    rd_kafka_assign(consumer, NULL);
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_partition_list_destroy(places);
    return taken;
}

int main(int count, char **arguments) {
    if (count < 4) return 2;
    printf("C loop over librdkafka %s\n", rd_kafka_version_str());
    fflush(stdout);
    char line[128];
    while (fgets(line, sizeof line, stdin)) {
        rd_kafka_t *consumer = open_consumer(count, arguments);
        printf("%.9f\n", consume(consumer, arguments[2], atoi(arguments[3]), atol(line)));
        fflush(stdout);
        rd_kafka_consumer_close(consumer);
        rd_kafka_destroy(consumer);
    }
    return 0;
}
