// One blocking connection of hiredis that gets or sets a key again and again.
//
// redis_loop HOST PORT PASSWORD GET|SET KEY COUNT prints the seconds that COUNT calls take; an empty password is none.

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char value[100];

static void call(redisContext *context, int sets, const char *key) {
    redisReply *reply = sets ? redisCommand(context, "SET %s %b", key, value, sizeof value)
                             : redisCommand(context, "GET %s", key);
    if (!reply || reply->type != (sets ? REDIS_REPLY_STATUS : REDIS_REPLY_STRING)) exit(1);
    freeReplyObject(reply);
}

int main(int count, char **arguments) {
    if (count != 7) return 2;
    redisContext *context = redisConnect(arguments[1], atoi(arguments[2]));
    if (!context || context->err) return 1;
    if (strlen(arguments[3]) > 0) freeReplyObject(redisCommand(context, "AUTH %s", arguments[3]));
    int sets = strcmp(arguments[4], "SET") == 0;
    memset(value, 'x', sizeof value);
    for (int turn = 0; turn < 200; turn++) call(context, sets, arguments[5]);
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int turn = 0; turn < atoi(arguments[6]); turn++) call(context, sets, arguments[5]);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.9f\n", (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) * 1e-9);
    redisFree(context);
}
