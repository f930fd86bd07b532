/* The dialogue with MQTT 3.1.1. */
#define RX 48
#define TX 128
#include "dialogue.h"

/* Its messages: QoS 0, 1 and 2 with the identifiers 7 to 9; the last one is longer than rx. */
static void say_message(broker_t *b, int qos, int dup)
{
    uint8_t packet[256];
    uint8_t length = qos == 2 ? 120 : 5;
    size_t n = 0;
    packet[n++] = (uint8_t)(0x30 | qos << 1 | (dup && qos ? 8 : 0));
    packet[n++] = (uint8_t)(5 + (qos ? 2 : 0) + length);
    packet[n++] = 0;
    packet[n++] = 3;
    memcpy(packet + n, "d/", 2);
    n += 2;
    packet[n++] = (uint8_t)('0' + qos);
    if (qos) {
        packet[n++] = 0;
        packet[n++] = (uint8_t)(7 + qos - 1);
    }
    memset(packet + n, 'a' + qos, length);
    say(b, packet, n + length);
}

static void hear(broker_t *b, uint8_t first, const uint8_t *p, size_t n)
{
    size_t topic, qos = first >> 1 & 3;
    switch (first >> 4) {
    case 1:
        answer(b, 0x20, (uint8_t)b->is_known, 0);
        say_again(b);
        break;
    case 3:
        topic = (size_t)p[0] << 8 | p[1];
        CHECK(topic == 3 && p[2] == 'u' && n >= 5);
        take(b, p, qos);
        if (qos == 1) {
            answer(b, 0x40, p[5], p[6]);
        }
        break;
    case 4:
        CHECK(p[1] == 7 && b->own[1] <= 1);
        b->own[1] = 0;
        break;
    case 8:
        say(b, "\x90\x04", 2);
        say(b, p, 2);
        say(b, "\x02\x80", 2);
        say_messages(b);
        break;
    case 10:
        answer(b, 0xb0, p[0], p[1]);
        break;
    case 14:
        break;
    default:
        hear_acknowledgement(b, first, p, n);
    }
}

static void start(client_t *c)
{
    motemq_publish_t will = { MOTEMQ_TEXT("d/will"), "gone", 4, 0, 1, 0 };
    motemq_connect_t connect;
    memset(&connect, 0, sizeof connect);
    connect.client_id = motemq_text("c");
    connect.user = motemq_text("me");
    connect.password = "secret";
    connect.password_length = 6;
    connect.will = &will;
    connect.keep_alive = 60;
    connect.keep_session = 1;
    CHECK(motemq_connect(c->m, &connect) == 0);
    c->remaining = 0;
}

static motemq_publish_t message(int n)
{
    return plain_message(n);
}

static void go_on(client_t *c)
{
    motemq_filter_t filters[] = { { MOTEMQ_TEXT("d/+"), 2 }, { MOTEMQ_TEXT("\xc3\xa9/#"), 1 } };
    if (!motemq_is_open(c->m)) {
        return;
    }
    switch (c->step++) {
    case 0:
        CHECK(motemq_subscribe(c->m, filters, 2) > 0);
        break;
    case 4:
        CHECK(motemq_unsubscribe(c->m, filters, 1) > 0);
        break;
    case 5:
        c->is_done = 1;
        break;
    default:
        CHECK(c->step <= 4);
        publish_step(c);
    }
}

static void handle(client_t *c, const motemq_event_t *e)
{
    switch (e->kind) {
    case MOTEMQ_CONNECTED:
        /* If the first CONNACK was lost, only the broker has the session. */
        CHECK(e->connected.session
              == (c->losses == 0 ? MOTEMQ_SESSION_NEW
                  : cut_at < 4   ? MOTEMQ_SESSION_UNRECOGNIZED
                                 : MOTEMQ_SESSION_RESUMED));
        if (c->step == 0) {
            go_on(c);
        }
        break;
    case MOTEMQ_MESSAGE:
        handle_message(c, e, 120);
        break;
    case MOTEMQ_SUBSCRIBED:
        handle_subscribed(c, e, 0x80);
        break;
    default:
        handle_other(c, e);
    }
}

static void leave(client_t *c)
{
    CHECK(motemq_disconnect(c->m) == 0);
}

int main(void)
{
    cuts(0);
    printf("dialogue: all is well\n");
    return 0;
}
