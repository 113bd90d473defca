/* One client of libmongoc that finds a document by its _id again and again.
 *
 * mongo_loop url database
 * Reads lines "here collection field id count" and answers with the seconds that count finds of that document take. Of
 * the document one field, a string or binary, is looked at. With "there" each find is handed to another thread, which is
 * waited for: what that costs any client whose callers must not block. */

#include <mongoc/mongoc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The length of the field. */
static uint32_t find(mongoc_collection_t *collection, const char *field, const char *id) {
    bson_t filter = BSON_INITIALIZER, options = BSON_INITIALIZER;
    BSON_APPEND_UTF8(&filter, "_id", id);
    BSON_APPEND_INT64(&options, "limit", 1);
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(collection, &filter, &options, NULL);
    const bson_t *document;
    bson_iter_t place;
    uint32_t length = 0;
    while (mongoc_cursor_next(cursor, &document)) {
        if (!bson_iter_init_find(&place, document, field)) continue;
        if (BSON_ITER_HOLDS_BINARY(&place)) {
            bson_subtype_t type;
            const uint8_t *bytes;
            bson_iter_binary(&place, &type, &length, &bytes);
        } else if (BSON_ITER_HOLDS_UTF8(&place)) {
            bson_iter_utf8(&place, &length);
        }
    }
    bson_error_t error = {0};
    if (mongoc_cursor_error(cursor, &error) || length == 0) {
        fprintf(stderr, "mongo_loop: no field %s of %s: %s\n", field, id, error.message);
        exit(1);
    }
    mongoc_cursor_destroy(cursor);
    bson_destroy(&filter);
    bson_destroy(&options);
    return length;
}

/* What is handed to the other thread; a null collection ends it. */
static struct {
    mongoc_collection_t *collection;
    const char *field, *id;
    uint32_t length;
    sem_t asked, done;
} work;

static void *worker(void *unused) {
    (void)unused;
    while (!sem_wait(&work.asked) && work.collection) {
        work.length = find(work.collection, work.field, work.id);
        sem_post(&work.done);
    }
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    mongoc_init();
    mongoc_client_t *client = mongoc_client_new(arguments[1]);
    if (!client) return 1;
    printf("C loop over libmongoc %s\n", mongoc_get_version());
    fflush(stdout);
    pthread_t thread;
    sem_init(&work.asked, 0, 0);
    sem_init(&work.done, 0, 0);
    if (pthread_create(&thread, NULL, worker, NULL)) return 1;
    char line[512], where[16], name[128], field[128], id[128];
    long turns;
    uint64_t sum = 0;
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%15s %127s %127s %127s %ld", where, name, field, id, &turns) != 5) return 2;
        mongoc_collection_t *collection = mongoc_client_get_collection(client, arguments[2], name);
        double start = seconds();
        if (strcmp(where, "there") == 0) {
            work.collection = collection;
            work.field = field;
            work.id = id;
            for (long turn = 0; turn < turns; turn++) {
                sem_post(&work.asked);
                sem_wait(&work.done);
                sum += work.length;
            }
        } else {
            for (long turn = 0; turn < turns; turn++) sum += find(collection, field, id);
        }
        printf("%.9f\n", seconds() - start);
        fflush(stdout);
        mongoc_collection_destroy(collection);
    }
    work.collection = NULL;
    sem_post(&work.asked);
    pthread_join(thread, NULL);
    mongoc_client_destroy(client);
    mongoc_cleanup();
    return sum > 0 ? 0 : 1;
}
