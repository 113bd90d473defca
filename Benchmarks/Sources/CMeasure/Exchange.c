#define _GNU_SOURCE
#include "CMeasure.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

double measure_cpu_seconds(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return -1;
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec
        + ((double)usage.ru_utime.tv_usec + (double)usage.ru_stime.tv_usec) / 1e6;
}

int measure_connect(uint16_t port) {
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connection < 0) return -1;
    int on = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct sockaddr_in address = {0};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0) {
        close(connection);
        return -1;
    }
    return connection;
}

void measure_close(int connection) { close(connection); }

int measure_exchange(int connection, const void *request, size_t bytes) {
    const char *rest = request;
    while (bytes > 0) {
        ssize_t sent = send(connection, rest, bytes, 0);
        if (sent <= 0) return -1;
        rest += sent;
        bytes -= (size_t)sent;
    }
    static _Thread_local char buffer[1 << 16];
    size_t filled = 0;
    const char *end = NULL;
    while (end == NULL) {
        if (filled == sizeof buffer - 1) return -1;
        ssize_t got = recv(connection, buffer + filled, sizeof buffer - 1 - filled, 0);
        if (got <= 0) return -1;
        filled += (size_t)got;
        buffer[filled] = 0;
        end = strstr(buffer, "\r\n\r\n");
    }
    const char *length = strcasestr(buffer, "\r\ncontent-length:");
    if (length == NULL || length > end || strncmp(buffer, "HTTP/1.1 ", 9) != 0) return -1;
    long long body = atoll(length + strlen("\r\ncontent-length:"));
    long long have = (long long)(filled - (size_t)(end + 4 - buffer));
    int status = atoi(buffer + 9);
    while (have < body) {
        ssize_t got = recv(connection, buffer, sizeof buffer, 0);
        if (got <= 0) return -1;
        have += got;
    }
    return status;
}
