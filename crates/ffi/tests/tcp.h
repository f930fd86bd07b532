/* A transport over TCP for tests, which says how often it was closed. */
#ifndef TCP_H
#define TCP_H

#include "motemq_run.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint16_t port;
static int fd, closed;

static int tcp_connect(void *context)
{
    struct sockaddr_in to;
    (void)context;
    memset(&to, 0, sizeof to);
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    return connect(fd, (struct sockaddr *)&to, sizeof to);
}

static void tcp_disconnect(void *context)
{
    (void)context;
    closed++;
    close(fd);
}

static int tcp_recv(void *context, uint8_t *to, size_t size, uint32_t timeout_ms)
{
    struct pollfd wait;
    ssize_t n;
    (void)context;
    wait.fd = fd;
    wait.events = POLLIN;
    wait.revents = 0;
    if (poll(&wait, 1, timeout_ms > INT32_MAX ? -1 : (int)timeout_ms) == 0) {
        return 0;
    }
    n = recv(fd, to, size, 0);
    return n > 0 ? (int)n : -1;
}

/* Takes a part, so that the rest has to be offered again. */
static int tcp_send(void *context, const uint8_t *from, size_t size)
{
    (void)context;
    return (int)send(fd, from, size > 3 && size < 100 ? size / 2 : size < 65536 ? size : 65536,
                     MSG_NOSIGNAL);
}

static uint32_t now(void *context)
{
    struct timespec time;
    (void)context;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint32_t)((uint64_t)time.tv_sec * 1000u + (uint64_t)time.tv_nsec / 1000000u);
}

static const motemq_io_t io = { NULL, tcp_connect, tcp_disconnect, tcp_recv, tcp_send, now };

#endif
