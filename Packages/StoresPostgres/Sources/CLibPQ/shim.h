#pragma once

// Debian and Ubuntu keep the header in a folder of its own, the others in the usual place. Looking in both spares
// everybody pkg-config, and those who do not use Postgres its warning.
#if __has_include(<libpq-fe.h>)
#include <libpq-fe.h>
#elif __has_include(<postgresql/libpq-fe.h>)
#include <postgresql/libpq-fe.h>
#else
#error "StoresPostgres needs libpq 14 or later: apt-get install libpq-dev (Debian, Ubuntu), brew install libpq (macOS)"
#endif

#ifndef LIBPQ_HAS_PIPELINING
#error "StoresPostgres needs libpq 14 or later, which has pipeline mode"
#endif

#include <sys/select.h>
#include <time.h>

// Waits until the descriptor can be read: 1 when that was so while looking again and again, for `spin` nanoseconds; 2
// when it was so later, after a sleep; 0 when it was not within `nanoseconds`, less than a second. Swift sees neither
// ppoll nor FD_SET.
static inline int stores_wait_to_read(int descriptor, long spin, long nanoseconds) {
    if (descriptor < 0 || descriptor >= FD_SETSIZE) return 0;
    struct timespec start, now, limit = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &start);
    while (1) {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(descriptor, &set);
        if (pselect(descriptor + 1, &set, 0, 0, &limit, 0) > 0) return limit.tv_nsec > 0 ? 2 : 1;
        clock_gettime(CLOCK_MONOTONIC, &now);
        long elapsed = (now.tv_sec - start.tv_sec) * 1000000000 + now.tv_nsec - start.tv_nsec;
        if (elapsed >= nanoseconds) return 0;
        if (elapsed >= spin) limit.tv_nsec = nanoseconds - elapsed;
    }
}
