/* A program for each library of an archive, which needs nothing of the machine: its transport cannot
 * be opened. */
#ifdef MQTT5
#include "motemq5_names.h"
#else
#include "motemq_run.h"
#endif

static MOTEMQ_MEMORY(2) memory;
static uint8_t rx[64], tx[64];
static motemq_connect_t connect;

static int not_connect(void *context)
{
    (void)context;
    return -1;
}

static void not_disconnect(void *context)
{
    (void)context;
}

static int not_recv(void *context, uint8_t *to, size_t size, uint32_t timeout_ms)
{
    (void)context;
    (void)to;
    (void)size;
    (void)timeout_ms;
    return -1;
}

static int not_send(void *context, const uint8_t *from, size_t size)
{
    (void)context;
    (void)from;
    (void)size;
    return -1;
}

static uint32_t not_now(void *context)
{
    (void)context;
    return 0;
}

static const motemq_io_t io = { NULL, not_connect, not_disconnect, not_recv, not_send, not_now };

int main(void)
{
    motemq_event_t event;
    motemq_t *m = motemq_init(&memory, sizeof memory, 2, rx, sizeof rx, tx, sizeof tx);
    connect.client_id = motemq_text("archive");
    return motemq_open(m, &io, &connect) != MOTEMQ_GONE
           || motemq_wait(m, &io, &event, 0) != MOTEMQ_OFFLINE
           || motemq_close(m, &io) != MOTEMQ_OFFLINE;
}
