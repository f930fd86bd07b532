/* A client over lwIP's raw API: answers each message in `c/question` with one in `c/answer`, until it
 * receives `quit`.
 *
 * Compile it with motemq_lwip.c, and call example_begin when the network is up. Nothing blocks, and
 * there is no loop: lwIP calls. */
#include "motemq_lwip.h"

#include "lwip/arch.h"
#include "lwip/debug.h"

#include <string.h>

void example_begin(const ip_addr_t *broker);

static MOTEMQ_MEMORY(8) memory;
static uint8_t rx[256], tx[256];
static motemq_connect_t connect;
static motemq_publish_t answer;
static motemq_lwip_t lwip;

static void on_event(motemq_lwip_t *from, const motemq_event_t *event)
{
    const motemq_filter_t question = { MOTEMQ_TEXT("c/question"), 2 };
    int result = 0;
    switch (event->kind) {
    case MOTEMQ_CONNECTED:
        result = motemq_subscribe(from->client, &question, 1);
        break;
    case MOTEMQ_SUBSCRIBED:
        LWIP_PLATFORM_DIAG(("subscribed: %d\n", event->subscribed.codes[0]));
        break;
    case MOTEMQ_MESSAGE:
        LWIP_PLATFORM_DIAG(("received: %.*s\n", (int)event->message.payload_length,
                            (const char *)event->message.payload));
        if (event->message.payload_length == 4 && memcmp(event->message.payload, "quit", 4) == 0) {
            motemq_lwip_stop(from);
        } else if (event->message.remaining == 0) {
            /* The answer's bytes are still in rx. */
            answer.payload = event->message.payload;
            answer.payload_length = event->message.payload_length;
            result = motemq_publish(from->client, &answer);
        }
        break;
    case MOTEMQ_ACKED:
        LWIP_PLATFORM_DIAG(("acked %d\n", event->acked.id));
        break;
    default:
        break;
    }
    if (result < 0) {
        LWIP_PLATFORM_DIAG(("not sent: %d\n", result));
    }
}

static void on_disconnected(motemq_lwip_t *from, int reason)
{
    (void)from;
    LWIP_PLATFORM_DIAG(("disconnected: %d\n", reason));
}

void example_begin(const ip_addr_t *broker)
{
    answer.topic = motemq_text("c/answer");
    answer.qos = 1;
    connect.client_id = motemq_text("motemq-lwip-example");
    connect.keep_alive = 30;
    lwip.client = motemq_init(&memory, sizeof memory, 8, rx, sizeof rx, tx, sizeof tx);
    lwip.connect = &connect;
    lwip.address = *broker;
    lwip.port = 1883;
    lwip.on_event = on_event;
    lwip.on_disconnected = on_disconnected;
    motemq_lwip_start(&lwip);
}
