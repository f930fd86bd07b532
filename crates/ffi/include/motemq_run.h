/* A loop for motemq.h over four functions of yours and a clock. Add motemq_run.c to your program. */
#ifndef MOTEMQ_RUN_H
#define MOTEMQ_RUN_H

#include "motemq.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The transport. None of the functions may call the library for the same client. */
typedef struct motemq_io {
    void *context; /* passed to each of the functions */
    /* Opens the transport. Returns 0, or less if it cannot be opened. */
    int (*connect)(void *context);
    /* Closes what connect has opened. Does nothing if that is closed already. */
    void (*disconnect)(void *context);
    /* Waits until bytes arrive and stores up to size of them. Returns their number, 0 after
     * timeout_ms, or less if the connection is lost. */
    int (*recv)(void *context, uint8_t *to, size_t size, uint32_t timeout_ms);
    /* Sends up to size bytes. Returns how many were taken, at least 1, or less if the connection is
     * lost. It may block, but not for ever. */
    int (*send)(void *context, const uint8_t *from, size_t size);
    /* The time in milliseconds of any clock that wraps round. */
    uint32_t (*now)(void *context);
} motemq_io_t;

/* The transport could not be opened, or the connection was lost. */
#define MOTEMQ_GONE (-64)

/* Opens the transport and begins the connection. MOTEMQ_CONNECTED comes from motemq_wait. The transport
 * is closed if this fails, and has to be closed before: a command that failed leaves it open. */
int motemq_open(motemq_t *m, const motemq_io_t *io, const motemq_connect_t *connect);

/* Sends and receives until something happens or timeout_ms have passed (MOTEMQ_FOREVER: no limit).
 * Returns 1 and an event, or 0 after the time. An error means that the connection has ended and that
 * the transport is closed, with one exception: MOTEMQ_BUSY means that nothing can be read before the
 * payload that the program is publishing in pieces is complete. */
int motemq_wait(motemq_t *m, const motemq_io_t *io, motemq_event_t *event, uint32_t timeout_ms);

/* Sends the bytes of tx. motemq_wait does so, too. */
int motemq_flush(motemq_t *m, const motemq_io_t *io);

#ifndef MOTEMQ_NO_RESUME
/* Publishes a message whose payload may be longer than tx, by sending it from where it lies. Nothing
 * is received meanwhile. */
int motemq_publish_long(motemq_t *m, const motemq_io_t *io, const motemq_publish_t *publish);
#endif

/* Sends DISCONNECT and closes the transport. Returns MOTEMQ_OFFLINE if there was no open connection;
 * the transport is closed all the same. */
int motemq_close(motemq_t *m, const motemq_io_t *io);

/* Says in English what an error means and what to do. */
const char *motemq_error_text(int error);

#ifdef __cplusplus
}
#endif
#endif
