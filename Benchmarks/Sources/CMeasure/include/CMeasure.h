#ifndef STORES_BENCH_CMEASURE_H
#define STORES_BENCH_CMEASURE_H

#include <stddef.h>
#include <stdint.h>

/// How often this process has asked for memory so far: malloc, calloc, realloc that grows or moves, and the aligned
/// ones, of all threads. -1 where it is not counted: it is on Linux with glibc.
int64_t measure_allocations(void);

/// Bytes that the process's allocator has handed out and not got back, large blocks included; -1 when unknown.
int64_t measure_heap_bytes(void);

/// Gives freed memory back to the system, so that resident memory means what is used.
void measure_trim(void);

/// Memory that is read as fast as this machine can: in large pages where the system gives them. Free with
/// measure_free_pages. NULL when there is none.
void *measure_allocate_pages(size_t bytes);
void measure_free_pages(void *pages, size_t bytes);

/// The seconds of processor time that this process has used, all threads together, without its children.
double measure_cpu_seconds(void);

/// A connection to 127.0.0.1, without Nagle's delay: the least that an HTTP exchange can cost. -1 when there is none.
/// Close with measure_close.
int measure_connect(uint16_t port);
void measure_close(int connection);

/// Sends a request and reads the reply to it: its head, and as much of a body as content-length says.
/// The status, or -1 for a broken connection and for a reply without content-length.
int measure_exchange(int connection, const void *request, size_t bytes);

#endif
