#include "motemq_lwip.h"

#include "lwip/pbuf.h"
#include "lwip/sys.h"
#include "lwip/timeouts.h"

/* The pause between two attempts, which doubles from the first to the last. */
#define FIRST_PAUSE_MS 1000u
#define LAST_PAUSE_MS 64000u
/* What opening a connection may take, and writing the last bytes of one. */
#define OPENING_MS 15000u
#define CLOSING_MS 2000u
/* When a time limit is over, what lwIP has not passed on yet has this time to say otherwise. */
#define LATE_MS 10u
/* lwIP takes no timer of any length. */
#define LONGEST_TIMER_MS 3600000u
/* altcp_poll counts in halves of a second. */
#define POLL_INTERVAL 2

enum { PHASE_OPENING, PHASE_OPEN, PHASE_CLOSING };

static void on_time(void *argument);

static void set_timer(motemq_lwip_t *lwip, uint32_t ms)
{
    sys_untimeout(on_time, lwip);
    sys_timeout(ms < LONGEST_TIMER_MS ? ms : LONGEST_TIMER_MS, on_time, lwip);
}

/* Lets the connection go. Returns what the callback that is running has to return. */
static err_t let_go(motemq_lwip_t *lwip, int is_dead)
{
    struct altcp_pcb *pcb = lwip->state.pcb;
    struct pbuf *received = lwip->state.received;
    lwip->state.pcb = NULL;
    lwip->state.received = NULL;
    lwip->state.is_late = 0;
    if (received != NULL) {
        if (pcb != NULL) {
            /* A connection with bytes that nobody took is reset, with what it has still to send. */
            altcp_recved(pcb, received->tot_len);
        }
        pbuf_free(received);
    }
    if (pcb == NULL) {
        return ERR_OK;
    }
    altcp_arg(pcb, NULL);
    altcp_recv(pcb, NULL);
    altcp_sent(pcb, NULL);
    altcp_err(pcb, NULL);
    altcp_poll(pcb, NULL, 0);
    if (!is_dead && altcp_close(pcb) == ERR_OK) {
        return ERR_OK;
    }
    altcp_abort(pcb);
    return ERR_ABRT;
}

/* The connection has ended, or the attempt has failed. */
static err_t end(motemq_lwip_t *lwip, int reason)
{
    err_t result = let_go(lwip, reason == MOTEMQ_TIMEOUT);
    motemq_on_connection_lost(lwip->client);
    if (lwip->state.is_started) {
        uint32_t pause = lwip->state.pause_ms;
        lwip->state.pause_ms = pause < LAST_PAUSE_MS ? pause * 2u : LAST_PAUSE_MS;
#ifdef LWIP_RAND
        /* Clients that have lost the same broker do not come back at the same moment. */
        pause = pause / 2u + (uint32_t)LWIP_RAND() % (pause / 2u + 1u);
#endif
        set_timer(lwip, pause);
    } else {
        sys_untimeout(on_time, lwip);
        reason = MOTEMQ_OK;
    }
    if (lwip->on_disconnected != NULL) {
        lwip->on_disconnected(lwip, reason);
    }
    return result;
}

/* Moves received bytes to rx. Returns 1 if it has moved any. */
static int take(motemq_lwip_t *lwip)
{
    size_t room;
    uint8_t *space;
    uint16_t taken;
    if (lwip->state.received == NULL) {
        return 0;
    }
    space = motemq_rx_space(lwip->client, &room);
    taken = pbuf_copy_partial(lwip->state.received, space, (u16_t)(room < 0xffff ? room : 0xffff), 0);
    if (taken == 0) {
        return 0;
    }
    motemq_rx_commit(lwip->client, taken);
    lwip->state.received = pbuf_free_header(lwip->state.received, taken);
    altcp_recved(lwip->state.pcb, taken);
    return 1;
}

/* Passes the bytes of tx to lwIP. Returns 1 if it has taken any. */
static int give(motemq_lwip_t *lwip)
{
    struct altcp_pcb *pcb = lwip->state.pcb;
    size_t length, room = altcp_sndbuf(pcb);
    const uint8_t *bytes = motemq_tx_bytes(lwip->client, &length);
    err_t result = ERR_OK;
    length = length < room ? length : room;
    length = length < 0xffff ? length : 0xffff;
    while (length != 0
           && (result = altcp_write(pcb, bytes, (u16_t)length, TCP_WRITE_FLAG_COPY)) == ERR_MEM) {
        length /= 2u;
    }
    if (length == 0 || result != ERR_OK) {
        return 0;
    }
    motemq_tx_consume(lwip->client, length);
    return 1;
}

/* Does everything that can be done now. Returns what the callback that is running has to return. */
static err_t drive(motemq_lwip_t *lwip)
{
    motemq_t *m = lwip->client;
    motemq_event_t event;
    uint32_t sleep_ms = LONGEST_TIMER_MS;
    size_t length;
    int result, has_moved;
    if (lwip->state.is_driving || lwip->state.pcb == NULL || lwip->state.phase == PHASE_OPENING) {
        return ERR_OK;
    }
    lwip->state.is_driving = 1;
    do {
        has_moved = take(lwip);
        while ((result = motemq_next_event(m, &event)) > 0) {
            if (event.kind == MOTEMQ_CONNECTED) {
                lwip->state.pause_ms = FIRST_PAUSE_MS;
            }
            lwip->on_event(lwip, &event);
        }
        if (result == 0 && !lwip->state.is_late) {
            result = motemq_tick(m, sys_now(), &sleep_ms);
            if (result == 0 && sleep_ms == 0) {
                lwip->state.is_late = 1;
                set_timer(lwip, LATE_MS);
            }
        }
        if (give(lwip)) {
            has_moved = 1;
            if (lwip->on_room != NULL && motemq_is_open(m)) {
                lwip->on_room(lwip);
            }
        }
    } while (result >= 0 && has_moved);
    lwip->state.is_driving = 0;
    (void)altcp_output(lwip->state.pcb);
    if (result < 0) {
        return end(lwip, result);
    }
    if (motemq_is_closed(m)) {
        (void)motemq_tx_bytes(m, &length);
        if (length == 0) {
            return end(lwip, MOTEMQ_OFFLINE);
        }
        if (lwip->state.phase != PHASE_CLOSING) {
            lwip->state.phase = PHASE_CLOSING;
            set_timer(lwip, CLOSING_MS);
        }
        return ERR_OK;
    }
    if (!lwip->state.is_late) {
        set_timer(lwip, sleep_ms);
    }
    return ERR_OK;
}

static err_t on_opened(void *argument, struct altcp_pcb *pcb, err_t error)
{
    motemq_lwip_t *lwip = (motemq_lwip_t *)argument;
    int result = motemq_connect(lwip->client, lwip->connect);
    (void)pcb;
    (void)error;
    if (result < 0) {
        return end(lwip, result);
    }
    lwip->state.phase = PHASE_OPEN;
    return drive(lwip);
}

static err_t on_received(void *argument, struct altcp_pcb *pcb, struct pbuf *p, err_t error)
{
    motemq_lwip_t *lwip = (motemq_lwip_t *)argument;
    err_t result;
    (void)error;
    if (p == NULL) {
        result = drive(lwip);
        return lwip->state.pcb != pcb ? result : end(lwip, MOTEMQ_GONE);
    }
    if (lwip->state.received == NULL) {
        lwip->state.received = p;
    } else if (p->tot_len > 0xffff - lwip->state.received->tot_len) {
        /* lwIP keeps it, and offers it again. */
        return ERR_MEM;
    } else {
        pbuf_cat(lwip->state.received, p);
    }
    return drive(lwip);
}

static err_t on_sent(void *argument, struct altcp_pcb *pcb, u16_t length)
{
    (void)pcb;
    (void)length;
    return drive((motemq_lwip_t *)argument);
}

/* Nothing else calls when lwIP had no memory for the bytes of tx. */
static err_t on_poll(void *argument, struct altcp_pcb *pcb)
{
    (void)pcb;
    return drive((motemq_lwip_t *)argument);
}

/* lwIP has freed the connection. */
static void on_error(void *argument, err_t error)
{
    motemq_lwip_t *lwip = (motemq_lwip_t *)argument;
    (void)error;
    lwip->state.pcb = NULL;
    (void)end(lwip, MOTEMQ_GONE);
}

static void open_connection(motemq_lwip_t *lwip)
{
    struct altcp_pcb *pcb = altcp_new_ip_type(lwip->allocator, IP_GET_TYPE(&lwip->address));
    lwip->state.pcb = pcb;
    lwip->state.phase = PHASE_OPENING;
    if (pcb != NULL) {
        altcp_arg(pcb, lwip);
        altcp_recv(pcb, on_received);
        altcp_sent(pcb, on_sent);
        altcp_err(pcb, on_error);
        altcp_poll(pcb, on_poll, POLL_INTERVAL);
        altcp_nagle_disable(pcb);
        if (altcp_connect(pcb, &lwip->address, lwip->port, on_opened) == ERR_OK) {
            set_timer(lwip, OPENING_MS);
            return;
        }
    }
    (void)end(lwip, MOTEMQ_GONE);
}

static void on_time(void *argument)
{
    motemq_lwip_t *lwip = (motemq_lwip_t *)argument;
    if (lwip->state.pcb == NULL) {
        open_connection(lwip);
    } else if (lwip->state.phase == PHASE_OPEN) {
        lwip->state.is_late = 0;
        (void)drive(lwip);
    } else {
        /* It could not be opened, or the last bytes could not be written. */
        (void)end(lwip, MOTEMQ_TIMEOUT);
    }
}

void motemq_lwip_start(motemq_lwip_t *lwip)
{
    if (!lwip->state.is_started) {
        lwip->state.is_started = 1;
        lwip->state.pause_ms = FIRST_PAUSE_MS;
        if (lwip->state.pcb == NULL) {
            open_connection(lwip);
        }
    }
}

void motemq_lwip_flush(motemq_lwip_t *lwip)
{
    (void)drive(lwip);
}

void motemq_lwip_stop(motemq_lwip_t *lwip)
{
    int result;
    if (!lwip->state.is_started) {
        return;
    }
    lwip->state.is_started = 0;
    if (lwip->state.pcb == NULL || lwip->state.phase == PHASE_OPENING) {
        (void)end(lwip, MOTEMQ_OK);
        return;
    }
    result = motemq_disconnect(lwip->client);
    if (result == MOTEMQ_FULL && give(lwip)) {
        result = motemq_disconnect(lwip->client);
    }
    if (result < 0) {
        motemq_on_connection_lost(lwip->client);
    }
    (void)drive(lwip);
}
