#define _POSIX_C_SOURCE 200112L
#include "host.h"

#include "lwip/init.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CALLS 4
#define LONGEST_TURN_MS 10

/* A connection of lwIP, and the socket that goes on with it. */
typedef struct call {
    struct tcp_pcb *pcb;   /* NULL: lwIP's side has ended */
    struct pbuf *received; /* what the socket has not taken yet */
    int fd;                /* less than 0: there is no call */
    int is_over;           /* the side of lwIP has said its last */
} call_t;

static call_t calls[CALLS];
static uint16_t broker_port;
static unsigned packets, lose_one_of;
static uint32_t skipped;

u32_t sys_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (u32_t)((uint64_t)time.tv_sec * 1000u + (uint64_t)time.tv_nsec / 1000000u) + skipped;
}

static err_t on_received(void *argument, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    call_t *call = (call_t *)argument;
    (void)pcb;
    (void)error;
    if (p == NULL) {
        call->is_over = 1;
    } else if (call->received == NULL) {
        call->received = p;
    } else {
        pbuf_cat(call->received, p);
    }
    return ERR_OK;
}

static void on_error(void *argument, err_t error)
{
    (void)error;
    ((call_t *)argument)->pcb = NULL;
}

static err_t on_accepted(void *argument, struct tcp_pcb *pcb, err_t error)
{
    struct sockaddr_in to;
    int i = 0;
    (void)argument;
    while (i < CALLS && calls[i].fd >= 0) {
        i++;
    }
    if (error != ERR_OK || i == CALLS) {
        tcp_abort(pcb);
        return ERR_ABRT;
    }
    memset(&to, 0, sizeof to);
    to.sin_family = AF_INET;
    to.sin_port = htons(broker_port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    calls[i].fd = socket(AF_INET, SOCK_STREAM, 0);
    if (calls[i].fd < 0 || connect(calls[i].fd, (struct sockaddr *)&to, sizeof to) != 0) {
        close(calls[i].fd);
        calls[i].fd = -1;
        tcp_abort(pcb);
        return ERR_ABRT;
    }
    fcntl(calls[i].fd, F_SETFL, O_NONBLOCK);
    calls[i].pcb = pcb;
    calls[i].is_over = 0;
    tcp_arg(pcb, &calls[i]);
    tcp_recv(pcb, on_received);
    tcp_err(pcb, on_error);
    return ERR_OK;
}

/* Both sides are done with. */
static void end(call_t *call)
{
    if (call->received != NULL) {
        pbuf_free(call->received);
        call->received = NULL;
    }
    if (call->pcb != NULL) {
        tcp_arg(call->pcb, NULL);
        tcp_recv(call->pcb, NULL);
        tcp_err(call->pcb, NULL);
        if (tcp_close(call->pcb) != ERR_OK) {
            tcp_abort(call->pcb);
        }
        call->pcb = NULL;
    }
    close(call->fd);
    call->fd = -1;
}

static void carry(call_t *call)
{
    char bytes[TCP_SND_BUF];
    ssize_t n;
    while (call->received != NULL
           && (n = send(call->fd, call->received->payload, call->received->len, MSG_NOSIGNAL)) > 0) {
        call->received = pbuf_free_header(call->received, (u16_t)n);
        if (call->pcb != NULL) {
            tcp_recved(call->pcb, (u16_t)n);
        }
    }
    if (call->received == NULL && call->pcb == NULL) {
        end(call);
        return;
    }
    if (call->received == NULL && call->is_over) {
        /* To close it with bytes that nobody has read would take away those that it has sent. */
        (void)shutdown(call->fd, SHUT_WR);
        if (recv(call->fd, bytes, sizeof bytes, 0) == 0) {
            end(call);
        }
        return;
    }
    if (call->pcb == NULL || tcp_sndbuf(call->pcb) == 0
        || tcp_sndqueuelen(call->pcb) + 2 > TCP_SND_QUEUELEN) {
        return;
    }
    n = recv(call->fd, bytes, tcp_sndbuf(call->pcb) < TCP_MSS ? tcp_sndbuf(call->pcb) : TCP_MSS, 0);
    if (n > 0) {
        if (tcp_write(call->pcb, bytes, (u16_t)n, TCP_WRITE_FLAG_COPY) != ERR_OK) {
            abort();
        }
        (void)tcp_output(call->pcb);
    } else if (n == 0) {
        end(call);
    }
}

int host_loses(struct pbuf *p)
{
    if (lose_one_of == 0 || ++packets % lose_one_of != 0) {
        return 0;
    }
    pbuf_free(p);
    return 1;
}

void host_begin(uint16_t port)
{
    struct tcp_pcb *listener;
    int i;
    for (i = 0; i < CALLS; i++) {
        calls[i].fd = -1;
    }
    broker_port = port;
    lwip_init();
    listener = tcp_new();
    if (listener == NULL || tcp_bind(listener, IP_ADDR_ANY, HOST_PORT) != ERR_OK) {
        abort();
    }
    listener = tcp_listen(listener);
    tcp_accept(listener, on_accepted);
}

void host_turn(void)
{
    struct pollfd wait[CALLS];
    u32_t sleep = sys_timeouts_sleeptime();
    int i, count = 0;
    for (i = 0; i < CALLS; i++) {
        if (calls[i].fd >= 0) {
            wait[count].fd = calls[i].fd;
            wait[count].events = POLLIN;
            count++;
            carry(&calls[i]);
        }
    }
    if (netif_list->loop_first == NULL) {
        (void)poll(wait, (nfds_t)count, sleep < LONGEST_TURN_MS ? (int)sleep : LONGEST_TURN_MS);
    }
    netif_poll_all();
    sys_check_timeouts();
}

int host_connections(void)
{
    int i, count = 0;
    for (i = 0; i < CALLS; i++) {
        count += calls[i].fd >= 0;
    }
    return count;
}

void host_lose(unsigned one_of)
{
    lose_one_of = one_of;
}

void host_skip(uint32_t ms)
{
    skipped += ms;
}
