/* The nearest rows by an HNSW index, asked for one after the other by a plain loop over libpq: prepared statement,
 * binary parameter and results.
 *
 * pg_nearest url queries.f32 dimensions statement setting…
 * The statement's parameter is the vector; each setting is SQL that is run first. Reads lines "start count" and answers
 * with the seconds of a query, on average over count of them. */

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static PGconn *connection;

static void fail(const char *what) {
    fprintf(stderr, "pg_nearest: %s: %s", what, connection ? PQerrorMessage(connection) : "\n");
    exit(1);
}

static PGresult *run(const char *sql, ExecStatusType wanted) {
    PGresult *result = PQexec(connection, sql);
    if (PQresultStatus(result) != wanted) fail(sql);
    return result;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double number(const char *bytes) {
    uint32_t words[2];
    memcpy(words, bytes, 8);
    uint64_t bits = (uint64_t)ntohl(words[0]) << 32 | ntohl(words[1]);
    double value;
    memcpy(&value, &bits, 8);
    return value;
}

int main(int count, char **arguments) {
    if (count < 5) return 2;
    int dimensions = atoi(arguments[3]);
    size_t size = 4 + (size_t)dimensions * 4;

    /* All queries as pgvector's binary format has them. */
    FILE *file = fopen(arguments[2], "rb");
    if (!file) fail("no queries");
    fseek(file, 0, SEEK_END);
    long queries = ftell(file) / (dimensions * 4);
    rewind(file);
    char *vectors = malloc(size * (size_t)queries);
    for (long query = 0; query < queries; query++) {
        char *vector = vectors + size * (size_t)query;
        uint16_t head[2] = {htons((uint16_t)dimensions), 0};
        memcpy(vector, head, 4);
        if (fread(vector + 4, 4, (size_t)dimensions, file) != (size_t)dimensions) fail("too few numbers");
        for (int index = 0; index < dimensions; index++) {
            uint32_t bits;
            memcpy(&bits, vector + 4 + index * 4, 4);
            bits = htonl(bits);
            memcpy(vector + 4 + index * 4, &bits, 4);
        }
    }
    fclose(file);

    connection = PQconnectdb(arguments[1]);
    if (PQstatus(connection) != CONNECTION_OK) fail("connecting");
    for (int index = 5; index < count; index++) PQclear(run(arguments[index], PGRES_COMMAND_OK));
    PGresult *type = run("SELECT 'vector'::regtype::oid", PGRES_TUPLES_OK);
    Oid oid = (Oid)strtoul(PQgetvalue(type, 0, 0), NULL, 10);
    PQclear(type);
    PGresult *prepared = PQprepare(connection, "nearest", arguments[4], 1, &oid);
    if (PQresultStatus(prepared) != PGRES_COMMAND_OK) fail("preparing");
    PQclear(prepared);

    int version = PQlibVersion();
    printf("C loop over libpq %d.%d\n", version / 10000, version % 10000);
    fflush(stdout);
    char line[64];
    double sum = 0;
    while (fgets(line, sizeof line, stdin)) {
        long start, turns;
        if (sscanf(line, "%ld %ld", &start, &turns) != 2 || turns < 1) return 2;
        double begin = seconds();
        for (long turn = 0; turn < turns; turn++) {
            const char *values[1] = {vectors + size * (size_t)((start + turn) % queries)};
            int lengths[1] = {(int)size};
            int formats[1] = {1};
            PGresult *result = PQexecPrepared(connection, "nearest", 1, values, lengths, formats, 1);
            if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 10) fail("a query");
            for (int row = 0; row < 10; row++) {
                sum += number(PQgetvalue(result, row, 1)) + PQgetlength(result, row, 0);
            }
            PQclear(result);
        }
        printf("%.9f\n", (seconds() - begin) / (double)turns);
        fflush(stdout);
    }
    PQfinish(connection);
    return sum > 0 ? 0 : 1;
}
