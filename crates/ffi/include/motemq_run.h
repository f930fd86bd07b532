/* A loop for motemq.h over four functions of the program and a clock. Add motemq_run.c to the program. */
#ifndef MOTEMQ_RUN_H
#define MOTEMQ_RUN_H

#include "motemq.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The transport. None of the functions may call the library for the same client. */
typedef struct motemq_io {
    void *context; /* passed to each of the functions */
    /* Opens the transport. Returns 0, or a negative number if it cannot be opened. */
    int (*connect)(void *context);
    /* Closes the transport. Does nothing if it is closed. */
    void (*disconnect)(void *context);
    /* Waits until bytes arrive and stores up to size of them. Returns their number, 0 after
     * timeout_ms, or a negative number if the connection is lost. */
    int (*recv)(void *context, uint8_t *to, size_t size, uint32_t timeout_ms);
    /* Sends up to size bytes. Returns the number of bytes sent, at least 1, or a smaller number if the
     * connection is lost. It may block, but needs a time limit. */
    int (*send)(void *context, const uint8_t *from, size_t size);
    /* Returns the time in milliseconds of any monotonic clock that wraps at 32 bits. */
    uint32_t (*now)(void *context);
} motemq_io_t;

/* The transport could not be opened, or the connection was lost. */
#define MOTEMQ_GONE (-64)

/* Opens the transport and begins the connection. motemq_wait then returns MOTEMQ_CONNECTED. The
 * transport has to be closed before, also after a command that failed. It is closed if this function
 * fails. Returns 0. */
int motemq_open(motemq_t *m, const motemq_io_t *io, const motemq_connect_t *connect);

/* Sends and receives until there is an event or timeout_ms have passed (MOTEMQ_FOREVER: no limit).
 * Returns 1 and sets *event, or returns 0 after the time. An error means that the connection has ended
 * and the transport is closed, with one exception: MOTEMQ_BUSY means that nothing can be read until
 * the payload is complete that the program is publishing in pieces. */
int motemq_wait(motemq_t *m, const motemq_io_t *io, motemq_event_t *event, uint32_t timeout_ms);

/* Sends all bytes of tx, as motemq_wait does, too. Returns 0. */
int motemq_flush(motemq_t *m, const motemq_io_t *io);

#ifndef MOTEMQ_NO_RESUME
/* Publishes a message whose payload can be longer than tx. The payload is sent from its own memory, and
 * nothing is received meanwhile. Returns the packet identifier, or 0 with QoS 0. */
int motemq_publish_long(motemq_t *m, const motemq_io_t *io, const motemq_publish_t *publish);
#endif

/* Sends DISCONNECT and closes the transport. If there was no open connection, it closes the transport
 * and returns MOTEMQ_OFFLINE. */
int motemq_close(motemq_t *m, const motemq_io_t *io);

/* Returns a text in English that says what the error means, and what to do. */
const char *motemq_error_text(int error);

#ifdef __cplusplus
}
#endif
#endif
