/* A client over lwIP's raw API, which connects again when its connection is lost. Add motemq_lwip.c to
 * the program.
 *
 * No function blocks: lwIP's callbacks and timers do the work. Call all functions in the context of
 * lwIP: in the main loop with NO_SYS, otherwise in the TCP/IP thread, or in a thread between
 * LOCK_TCPIP_CORE and UNLOCK_TCPIP_CORE. It needs lwIP 2.1 or later with LWIP_TCP and LWIP_TIMERS, and
 * one more timer in MEMP_NUM_SYS_TIMEOUT for each connection. With LWIP_ALTCP it can use TLS.
 *
 *   static motemq_lwip_t lwip;
 *   lwip.client = motemq_init(&memory, sizeof memory, 8, rx, sizeof rx, tx, sizeof tx);
 *   lwip.connect = &connect;
 *   lwip.address = broker;
 *   lwip.port = 1883;
 *   lwip.on_event = on_event;
 *   motemq_lwip_start(&lwip);
 */
#ifndef MOTEMQ_LWIP_H
#define MOTEMQ_LWIP_H

#include "motemq.h"

#include "lwip/altcp.h"
#include "lwip/ip_addr.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The state of the transport, all zero at first. It belongs to the library. */
typedef struct motemq_lwip_state {
    struct altcp_pcb *pcb; /* NULL: there is no connection */
    struct pbuf *received; /* received bytes for which rx has no room yet */
    uint32_t pause_ms;     /* until the next attempt, if the current one fails */
    uint8_t phase;
    uint8_t is_started;
    uint8_t is_driving;
    uint8_t is_late; /* a time limit has passed, and counts unless bytes arrive soon */
} motemq_lwip_state_t;

/* A connection. Fill it with zeros, then set the members before `state`. While it is started, do not
 * move the struct or change these members; only on_disconnected may change them for the next attempt,
 * for example the address. */
typedef struct motemq_lwip {
    motemq_t *client;
    const motemq_connect_t *connect; /* sent with each attempt */
    ip_addr_t address;               /* of the broker */
    uint16_t port;
#if LWIP_ALTCP
    altcp_allocator_t *allocator; /* of the connection, for example with TLS; NULL: plain TCP */
#endif
    /* Receives each event. It may call any function of the client except motemq_next_event,
     * motemq_tick, motemq_connect and those of the transport. */
    void (*on_event)(struct motemq_lwip *lwip, const motemq_event_t *event);
    /* Called when tx has room again and the connection is open: the program can repeat commands that
     * returned MOTEMQ_FULL, and continue payloads. May be NULL. */
    void (*on_room)(struct motemq_lwip *lwip);
    /* Called when an attempt has failed or a connection has ended, with the error, or with 0 after
     * motemq_lwip_stop. The next attempt follows after a pause of 1 s at first and 64 s at most. May
     * be NULL. */
    void (*on_disconnected)(struct motemq_lwip *lwip, int reason);
    void *context; /* for the program */
    motemq_lwip_state_t state;
} motemq_lwip_t;

/* The connection was lost, or could not be made. */
#ifndef MOTEMQ_GONE
#define MOTEMQ_GONE (-64)
#endif

/* Begins to connect, and connects again after each loss. Does nothing if it is started already. */
void motemq_lwip_start(motemq_lwip_t *lwip);

/* Sends the bytes of tx. Call it after commands outside of on_event and on_room. */
void motemq_lwip_flush(motemq_lwip_t *lwip);

/* Sends DISCONNECT if the broker has accepted the connection, and closes it. on_disconnected is
 * called when it is closed, which may be later. */
void motemq_lwip_stop(motemq_lwip_t *lwip);

#ifdef __cplusplus
}
#endif
#endif
