/* Events produced by a plain loop over librdkafka: each of one message with a key, a value and three headers, the
 * delivery of each awaited by a callback.
 *
 * kafka_produce brokers topic setting=value…
 * Reads lines "count bytes window keys" and answers with the seconds that count messages of that size take, of which
 * at most window are under way at a time, with so many different keys. */

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static long delivered;

static void fail(const char *what, const char *why) {
    fprintf(stderr, "kafka_produce: %s: %s\n", what, why);
    exit(1);
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque) {
    (void)producer, (void)opaque;
    if (message->err) fail("a delivery", rd_kafka_err2str(message->err));
    delivered++;
}

static void produce(rd_kafka_t *producer, const char *topic, long count, size_t size, long window, long keys) {
    char *value = malloc(size);
    for (size_t index = 0; index < size; index++) value[index] = (char)('a' + index * 7 % 26);
    delivered = 0;
    for (long sent = 0; sent < count; sent++) {
        char key[32], id[32];
        int key_length = snprintf(key, sizeof key, "stream-%ld", sent % keys);
        int id_length = snprintf(id, sizeof id, "event-%ld", sent);
        rd_kafka_resp_err_t error;
        while ((error = rd_kafka_producev(
                    producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_KEY(key, (size_t)key_length),
                    RD_KAFKA_V_VALUE(value, size), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                    RD_KAFKA_V_HEADER("id", id, id_length), RD_KAFKA_V_HEADER("type", "indexed", 7),
                    RD_KAFKA_V_HEADER("contentType", "application/json", 16), RD_KAFKA_V_END))
               == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            rd_kafka_poll(producer, 10);
        }
        if (error) fail("a message", rd_kafka_err2str(error));
        rd_kafka_poll(producer, 0);
        while (sent + 1 - delivered >= window) rd_kafka_poll(producer, 100);
    }
    while (delivered < count) rd_kafka_poll(producer, 100);
    free(value);
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    char why[512];
    rd_kafka_conf_t *settings = rd_kafka_conf_new();
    rd_kafka_conf_set_dr_msg_cb(settings, on_delivery);
    if (rd_kafka_conf_set(settings, "bootstrap.servers", arguments[1], why, sizeof why)) fail("a setting", why);
    for (int index = 3; index < count; index++) {
        char *value = strchr(arguments[index], '=');
        if (!value) return 2;
        *value++ = 0;
        if (rd_kafka_conf_set(settings, arguments[index], value, why, sizeof why)) fail("a setting", why);
    }
    rd_kafka_t *producer = rd_kafka_new(RD_KAFKA_PRODUCER, settings, why, sizeof why);
    if (!producer) fail("a producer", why);
    printf("C loop over librdkafka %s\n", rd_kafka_version_str());
    fflush(stdout);
    char line[128];
    long messages, size, window, keys;
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%ld %ld %ld %ld", &messages, &size, &window, &keys) != 4 || keys < 1 || window < 1) return 2;
        double start = seconds();
        produce(producer, arguments[2], messages, (size_t)size, window, keys);
        printf("%.9f\n", seconds() - start);
        fflush(stdout);
    }
    rd_kafka_flush(producer, 10000);
    rd_kafka_destroy(producer);
    return 0;
}
