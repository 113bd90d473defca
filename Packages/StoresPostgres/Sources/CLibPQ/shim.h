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
