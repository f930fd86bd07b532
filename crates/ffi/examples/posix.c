/* A client over POSIX sockets: answers each message in `c/question` with one in `c/answer`, until it
 * receives `quit`.
 *
 * In the folder of the archive:
 *
 *   cc examples/posix.c src/motemq_run.c -Iinclude -Llib -lmotemq && ./a.out 127.0.0.1 1883 */
#define _POSIX_C_SOURCE 200112L
#include "motemq_run.h"

#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef struct tcp {
    const char *host, *port;
    int fd;
} tcp_t;

static int tcp_connect(void *context)
{
    tcp_t *tcp = (tcp_t *)context;
    const struct timeval limit = { 10, 0 };
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
    if (tcp->fd < 0) {
        return -1;
    }
    /* A peer that takes no bytes is no peer. */
    setsockopt(tcp->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    return 0;
}

static void tcp_disconnect(void *context)
{
    tcp_t *tcp = (tcp_t *)context;
    if (tcp->fd >= 0) {
        close(tcp->fd);
        tcp->fd = -1;
    }
}

static int tcp_recv(void *context, uint8_t *to, size_t size, uint32_t timeout_ms)
{
    struct pollfd wait;
    ssize_t n;
    wait.fd = ((tcp_t *)context)->fd;
    wait.events = POLLIN;
    wait.revents = 0;
    if (poll(&wait, 1, timeout_ms > INT32_MAX ? -1 : (int)timeout_ms) <= 0) {
        return 0; /* the time is up, or a signal has arrived */
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

/* ---- Answers ---- */

/* Questions for whose answers there was no slot. They are copied, since the next call of motemq_wait
 * acknowledges a message, and stores others where it was. */
static struct {
    size_t length;
    uint8_t bytes[64];
} waiting[32];
static size_t first, count;

/* Publishes an answer. Returns MOTEMQ_BUSY if there is no slot for it. */
static int answer(motemq_t *m, const motemq_io_t *io, const uint8_t *bytes, size_t length)
{
    motemq_publish_t message = { MOTEMQ_TEXT("c/answer"), "", 0, 0, 1, 0 };
    int result;
    message.payload = bytes;
    message.payload_length = length;
    result = motemq_publish(m, &message);
    if (result == MOTEMQ_FULL) {
        result = motemq_flush(m, io);
        if (result >= 0) {
            result = motemq_publish(m, &message);
        }
    }
    return result;
}

/* Answers a question now, or after those that wait. */
static int answer_in_turn(motemq_t *m, const motemq_io_t *io, const uint8_t *bytes, size_t length)
{
    int result = count == 0 ? answer(m, io, bytes, length) : MOTEMQ_BUSY;
    if (result == MOTEMQ_BUSY) {
        const size_t places = sizeof waiting / sizeof waiting[0];
        result = 0;
        if (count < places && length <= sizeof waiting[0].bytes) {
            const size_t last = (first + count++) % places;
            waiting[last].length = length;
            memcpy(waiting[last].bytes, bytes, length);
        } else {
            printf("too busy to answer\n");
        }
    }
    return result;
}

/* Answers the questions that wait, while there are slots. */
static int answer_waiting(motemq_t *m, const motemq_io_t *io)
{
    while (count != 0) {
        int result = answer(m, io, waiting[first].bytes, waiting[first].length);
        if (result < 0) {
            return result == MOTEMQ_BUSY ? 0 : result;
        }
        first = (first + 1) % (sizeof waiting / sizeof waiting[0]);
        count--;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static MOTEMQ_MEMORY(20) memory; /* mosquitto sends up to 20 messages with QoS 2 at once */
    static uint8_t rx[256], tx[256];
    const motemq_filter_t filter = { MOTEMQ_TEXT("c/question"), 2 };
    motemq_publish_t will = { MOTEMQ_TEXT("c/gone"), "example", 7, 0, 0, 0 };
    motemq_connect_t connect = { MOTEMQ_TEXT("motemq-c-example"), { NULL, 0 }, NULL, 0, NULL, 30, 0, 0, 0 };
    motemq_event_t event;
    tcp_t tcp;
    motemq_io_t io;
    motemq_t *m = motemq_init(&memory, sizeof memory, 20, rx, sizeof rx, tx, sizeof tx);
    int result, is_quit = 0;
    tcp.host = argc > 1 ? argv[1] : "127.0.0.1";
    tcp.port = argc > 2 ? argv[2] : "1883";
    tcp.fd = -1;
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
            /* The bytes of the question, which are still in rx, are the answer. */
            result = answer_in_turn(m, &io, event.message.payload, event.message.payload_length);
            break;
        case MOTEMQ_ACKED:
            printf("acked %d\n", event.acked.id);
            fflush(stdout);
            result = answer_waiting(m, &io);
            break;
        default:
            break;
        }
    }
    if (result < 0) {
        tcp_disconnect(&tcp); /* a command that failed has left it open */
        return fail("connection", result);
    }
    result = motemq_close(m, &io);
    return result < 0 ? fail("close", result) : 0;
}
