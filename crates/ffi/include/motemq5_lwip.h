/* A client of MQTT 5 over lwIP's raw API: as in motemq_lwip.h, whose comments are the reference. Add
 * motemq5_lwip.c, which includes motemq_lwip.c, to your program. */
#ifndef MOTEMQ5_LWIP_H
#define MOTEMQ5_LWIP_H

#include "motemq5.h"
#include "motemq_lwip.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct motemq5_lwip {
    motemq5_t *client;
    const motemq5_connect_t *connect;
    ip_addr_t address;
    uint16_t port;
#if LWIP_ALTCP
    altcp_allocator_t *allocator;
#endif
    void (*on_event)(struct motemq5_lwip *lwip, const motemq5_event_t *event);
    void (*on_room)(struct motemq5_lwip *lwip);
    void (*on_disconnected)(struct motemq5_lwip *lwip, int reason);
    void *context;
    motemq_lwip_state_t state;
} motemq5_lwip_t;

void motemq5_lwip_start(motemq5_lwip_t *lwip);
void motemq5_lwip_flush(motemq5_lwip_t *lwip);
void motemq5_lwip_stop(motemq5_lwip_t *lwip);

#ifdef __cplusplus
}
#endif
#endif
