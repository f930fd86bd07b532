/* A client over POSIX sockets: answers each message in `c/question` with one in `c/answer`, until it
 * receives `quit`.
 *
 *   cc posix.c motemq_run.c libmotemq.a && ./a.out 127.0.0.1 1883 */
#define _POSIX_C_SOURCE 200112L
#include "motemq_run.h"

#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct tcp {
    const char *host, *port;
    int fd;
} tcp_t;

static int tcp_connect(void *context)
{
    tcp_t *tcp = (tcp_t *)context;
    struct addrinfo hints, *found, *at;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(tcp->host, tcp->port, &hints, &found) != 0) {
        return -1;
    }
    tcp->fd = -1;
    for (at = found; at != NULL && tcp->fd < 0; at = at->ai_next) {
        tcp->fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        if (tcp->fd >= 0 && connect(tcp->fd, at->ai_addr, at->ai_addrlen) != 0) {
            close(tcp->fd);
            tcp->fd = -1;
        }
    }
    freeaddrinfo(found);
    return tcp->fd < 0 ? -1 : 0;
}

static void tcp_disconnect(void *context)
{
    close(((tcp_t *)context)->fd);
}

static int tcp_recv(void *context, uint8_t *to, size_t size, uint32_t timeout_ms)
{
    struct pollfd wait;
    ssize_t n;
    wait.fd = ((tcp_t *)context)->fd;
    wait.events = POLLIN;
    wait.revents = 0;
    if (poll(&wait, 1, timeout_ms > INT32_MAX ? -1 : (int)timeout_ms) == 0) {
        return 0;
    }
    n = recv(wait.fd, to, size, 0);
    return n > 0 ? (int)n : -1;
}

static int tcp_send(void *context, const uint8_t *from, size_t size)
{
    ssize_t n = send(((tcp_t *)context)->fd, from, size < 1 << 20 ? size : 1 << 20, MSG_NOSIGNAL);
    return n > 0 ? (int)n : -1;
}

static uint32_t now(void *context)
{
    struct timespec time;
    (void)context;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint32_t)((uint64_t)time.tv_sec * 1000u + (uint64_t)time.tv_nsec / 1000000u);
}

static int fail(const char *what, int error)
{
    fprintf(stderr, "%s: %s (%d)\n", what, motemq_error_text(error), error);
    return 1;
}

int main(int argc, char **argv)
{
    static MOTEMQ_MEMORY(8) memory;
    static uint8_t rx[256], tx[256];
    const motemq_filter_t filter = { MOTEMQ_TEXT("c/question"), 2 };
    motemq_publish_t will = { MOTEMQ_TEXT("c/gone"), "example", 7, 0, 0, 0 };
    motemq_publish_t answer = { MOTEMQ_TEXT("c/answer"), "", 0, 0, 1, 0 };
    motemq_connect_t connect = { MOTEMQ_TEXT("motemq-c-example"), { NULL, 0 }, NULL, 0, NULL, 30, 0, 0, 0 };
    motemq_event_t event;
    tcp_t tcp;
    motemq_io_t io;
    motemq_t *m = motemq_init(&memory, sizeof memory, 8, rx, sizeof rx, tx, sizeof tx);
    int result, is_quit = 0;
    tcp.host = argc > 1 ? argv[1] : "127.0.0.1";
    tcp.port = argc > 2 ? argv[2] : "1883";
    io.context = &tcp;
    io.connect = tcp_connect;
    io.disconnect = tcp_disconnect;
    io.recv = tcp_recv;
    io.send = tcp_send;
    io.now = now;
    connect.will = &will;

    result = motemq_open(m, &io, &connect);
    while (result >= 0 && !is_quit) {
        result = motemq_wait(m, &io, &event, MOTEMQ_FOREVER);
        if (result < 0) {
            break;
        }
        switch (event.kind) {
        case MOTEMQ_CONNECTED:
            result = motemq_subscribe(m, &filter, 1);
            break;
        case MOTEMQ_SUBSCRIBED:
            printf("subscribed: %d\n", event.subscribed.codes[0]);
            fflush(stdout);
            break;
        case MOTEMQ_MESSAGE:
            printf("received %.*s: %.*s\n", (int)event.message.topic.length,
                   event.message.topic.data, (int)event.message.payload_length,
                   (const char *)event.message.payload);
            fflush(stdout);
            is_quit = event.message.payload_length == 4
                      && memcmp(event.message.payload, "quit", 4) == 0;
            if (event.message.remaining != 0 || is_quit) {
                break;
            }
            /* The answer's bytes are still in rx. */
            answer.payload = event.message.payload;
            answer.payload_length = event.message.payload_length;
            result = motemq_publish(m, &answer);
            if (result == MOTEMQ_BUSY || result == MOTEMQ_FULL) {
                printf("too busy to answer\n");
                result = 0;
            }
            break;
        case MOTEMQ_ACKED:
            printf("acked %d\n", event.acked.id);
            fflush(stdout);
            break;
        default:
            break;
        }
    }
    if (result < 0) {
        return fail("connection", result);
    }
    result = motemq_close(m, &io);
    return result < 0 ? fail("close", result) : 0;
}
