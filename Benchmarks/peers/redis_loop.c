// One blocking connection of hiredis that gets a key again and again.
//
// redis_loop HOST PORT PASSWORD KEY COUNT prints the seconds that COUNT calls take; an empty password is none.

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void get(redisContext *context, const char *key) {
    redisReply *reply = redisCommand(context, "GET %s", key);
    if (!reply || reply->type != REDIS_REPLY_STRING) exit(1);
    freeReplyObject(reply);
}

int main(int count, char **arguments) {
    if (count != 6) return 2;
    redisContext *context = redisConnect(arguments[1], atoi(arguments[2]));
    if (!context || context->err) return 1;
    if (strlen(arguments[3]) > 0) freeReplyObject(redisCommand(context, "AUTH %s", arguments[3]));
    for (int call = 0; call < 200; call++) get(context, arguments[4]);
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int call = 0; call < atoi(arguments[5]); call++) get(context, arguments[4]);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.9f\n", (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) * 1e-9);
    redisFree(context);
}
