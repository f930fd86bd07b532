/* A conversation of a client with a small broker, in which the bytes of the broker are cut at every
 * place: once into two reads, and once by the loss of the connection. For either version of MQTT,
 * whose file has what the broker says and what the client does. */
#ifndef DIALOGUE_H
#define DIALOGUE_H

#ifndef MOTEMQ5_NAMES_H
#include "motemq.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 4
#define CHECK(condition)                                                                            \
    do {                                                                                            \
        if (!(condition)) {                                                                         \
            printf("%s:%d: %s (cut at %ld)\n", __FILE__, __LINE__, #condition, cut_at);             \
            exit(1);                                                                                \
        }                                                                                           \
    } while (0)

static long cut_at = -1;

/* ---- The broker ---- */

typedef struct broker {
    uint8_t to_client[4096];
    size_t length, delivered;
    int is_known;
    /* The client's messages, by the digit in their topic, and the PUBREL that is awaited. */
    unsigned received[8];
    uint16_t awaits_pubrel;
    /* Its own messages, by their QoS: what it awaits. */
    uint8_t own[3];
    unsigned refused;
} broker_t;

static void say(broker_t *b, const void *bytes, size_t n)
{
    CHECK(b->length + n <= sizeof b->to_client);
    memcpy(b->to_client + b->length, bytes, n);
    b->length += n;
}

static void answer(broker_t *b, uint8_t first, uint8_t high, uint8_t low)
{
    uint8_t packet[4];
    packet[0] = first;
    packet[1] = 2;
    packet[2] = high;
    packet[3] = low;
    say(b, packet, 4);
}

/* One of its messages, with this QoS. */
static void say_message(broker_t *b, int qos, int dup);

/* All of its messages. */
static void say_messages(broker_t *b)
{
    int i;
    for (i = 0; i < 3; i++) {
        say_message(b, i, 0);
        b->own[i] = 1;
    }
}

/* What the client that comes back has not acknowledged. */
static void say_again(broker_t *b)
{
    int i;
    for (i = 1; b->is_known && i < 3; i++) {
        if (b->own[i] == 1) {
            say_message(b, i, 1);
        } else if (b->own[i] == 2) {
            answer(b, 0x62, 0, (uint8_t)(7 + i - 1));
        }
    }
    b->is_known = 1;
}

/* A message of the client, which is counted once with QoS 2. */
static void take(broker_t *b, const uint8_t *p, size_t qos)
{
    uint16_t id = (uint16_t)(qos != 0 ? p[5] << 8 | p[6] : 0);
    if (qos != 2 || b->awaits_pubrel != id) {
        b->received[p[4] - '0']++;
    }
    if (qos == 2) {
        b->awaits_pubrel = id;
        answer(b, 0x50, p[5], p[6]);
    }
}

/* The acknowledgements of QoS 2, which are the same with both versions. */
static void hear_acknowledgement(broker_t *b, uint8_t first, const uint8_t *p, size_t n)
{
    switch (first >> 4) {
    case 5:
        CHECK(p[1] == 8 && n == 2);
        b->own[2] = 2;
        answer(b, 0x62, p[0], p[1]);
        break;
    case 6:
        b->awaits_pubrel = 0;
        answer(b, 0x70, p[0], p[1]);
        break;
    case 7:
        CHECK(p[1] == 8);
        b->own[2] = 0;
        break;
    default:
        printf("packet %02x\n", first);
        CHECK(0);
    }
}

/* One packet of the client, whose body is at p. */
static void hear(broker_t *b, uint8_t first, const uint8_t *p, size_t n);

/* ---- The client ---- */

typedef struct client {
    motemq_t *m;
    broker_t broker;
    uint32_t sum; /* of the events */
    int step, is_done, losses;
    int ended, messages[3];
    uint32_t remaining;
} client_t;

static void start(client_t *c);
/* The next command, when the last one is answered. */
static void go_on(client_t *c);
static void leave(client_t *c);
static motemq_publish_t message(int n);
static void handle(client_t *c, const motemq_event_t *e);

static void add(client_t *c, const void *bytes, size_t n)
{
    const uint8_t *p = (const uint8_t *)bytes;
    while (n-- != 0) {
        c->sum = (c->sum ^ *p++) * 0x01000193u;
    }
}

static void add_number(client_t *c, uint32_t number)
{
    add(c, &number, sizeof number);
}

/* A message without properties. */
static motemq_publish_t plain_message(int n)
{
    static const char *const topics[] = { "u/0", "u/1", "u/2", "u/3" };
    motemq_publish_t publish;
    memset(&publish, 0, sizeof publish);
    publish.topic = motemq_text(topics[n]);
    publish.payload = "hello";
    publish.payload_length = 5;
    publish.qos = (uint8_t)(n > 2 ? 2 : n);
    return publish;
}

/* A message, or its beginning; the one with QoS 2 has a payload of this length. */
static void handle_message(client_t *c, const motemq_event_t *e, size_t length)
{
    int qos = motemq_message_qos(e);
    CHECK(e->message.topic.length == 3 && memcmp(e->message.topic.data, "d/", 2) == 0);
    CHECK(e->message.topic.data[2] == '0' + qos && motemq_message_retain(e) == 0);
    CHECK(qos == 0 || e->message.id == 7 + qos - 1);
    CHECK(c->losses != 0 || motemq_message_dup(e) == 0);
    CHECK(e->message.payload_length + e->message.remaining == (qos == 2 ? length : 5));
    add(c, e->message.payload, e->message.payload_length);
    c->remaining = e->message.remaining;
    c->messages[qos] += e->message.remaining == 0;
}

static void handle_subscribed(client_t *c, const motemq_event_t *e, uint8_t refusal)
{
    CHECK(e->subscribed.count == 2);
    CHECK(e->subscribed.codes[0] == 2 && e->subscribed.codes[1] == refusal);
    add_number(c, e->subscribed.id);
    go_on(c);
}

/* The events that are the same with both versions. */
static void handle_other(client_t *c, const motemq_event_t *e)
{
    motemq_publish_t publish;
    switch (e->kind) {
    case MOTEMQ_PAYLOAD:
        CHECK(e->payload.length != 0 && e->payload.length + e->payload.remaining == c->remaining);
        add(c, e->payload.data, e->payload.length);
        c->remaining = e->payload.remaining;
        c->messages[2] += c->remaining == 0;
        break;
    case MOTEMQ_RECEIVED:
        add_number(c, e->received.id);
        break;
    case MOTEMQ_ACKED:
        add_number(c, e->acked.id);
        c->ended++;
        go_on(c);
        break;
    case MOTEMQ_RESEND:
        CHECK(e->resend.id == motemq_oldest_in_flight(c->m));
        publish = message(c->step - 1);
        CHECK(e->resend.qos == publish.qos);
        CHECK(motemq_republish(c->m, e->resend.id, &publish) == 0);
        break;
    case MOTEMQ_OUTCOME_UNKNOWN:
        /* Only SUBSCRIBE and UNSUBSCRIBE are not sent again; the broker may have had them. */
        CHECK(e->outcome_unknown.id != 0);
        c->step--;
        break;
    default:
        CHECK(0);
    }
}

/* A command that publishes: the step before this one. */
static void publish_step(client_t *c)
{
    motemq_publish_t publish;
    if (c->step == 2) {
        publish = message(0);
        CHECK(motemq_publish(c->m, &publish) == 0);
    }
    publish = message(c->step - 1);
    CHECK(motemq_publish(c->m, &publish) > 0);
}

/* What the client has written, to the broker. */
static void flush(client_t *c)
{
    size_t length;
    const uint8_t *bytes = motemq_tx_bytes(c->m, &length);
    size_t at = 0;
    while (at < length) {
        CHECK(at + 2 <= length && bytes[at + 1] < 0x80);
        hear(&c->broker, bytes[at], bytes + at + 2, bytes[at + 1]);
        at += 2u + bytes[at + 1];
    }
    CHECK(at == length);
    motemq_tx_consume(c->m, length);
}

/* The events of one loop: all that can happen with the bytes that are there. */
static void turn(client_t *c)
{
    motemq_event_t event;
    uint32_t sleep_ms;
    int result, was_open = motemq_is_open(c->m);
    while ((result = motemq_next_event(c->m, &event)) > 0) {
        if (event.kind != MOTEMQ_PAYLOAD) {
            add_number(c, event.kind);
        }
        handle(c, &event);
    }
    CHECK(result == 0);
    if (was_open && c->losses != 0 && motemq_oldest_in_flight(c->m) == 0 && c->step <= 5
        && c->remaining == 0 && c->broker.delivered == c->broker.length) {
        /* A command whose outcome is not known is given again. */
        go_on(c);
    }
    CHECK(motemq_tick(c->m, 1000, &sleep_ms) == 0 && sleep_ms != 0);
    flush(c);
}

/* Converses to the end. At byte `cut_at` of the broker's bytes a read ends, or the connection is
 * lost. With `is_bytewise`, every byte is a read. Returns the number of the broker's bytes. */
static size_t converse(client_t *c, int is_loss, int is_bytewise)
{
    static MOTEMQ_MEMORY(SLOTS) memory;
    static uint8_t rx[RX], tx[TX];
    size_t total = 0;
    int i;
    memset(c, 0, sizeof *c);
    memset(&memory, 0xa5, sizeof memory);
    c->m = motemq_init(&memory, sizeof memory, SLOTS, rx, sizeof rx, tx, sizeof tx);
    CHECK(c->m != NULL && motemq_is_closed(c->m) && !motemq_is_open(c->m));
    start(c);
    flush(c);
    for (i = 0; i < 100000 && !c->is_done; i++) {
        broker_t *b = &c->broker;
        size_t room, n = b->length - b->delivered;
        uint8_t *space = motemq_rx_space(c->m, &room);
        CHECK(space >= rx && space + room == rx + sizeof rx);
        if (is_loss && total == (size_t)cut_at && c->losses == 0) {
            c->losses++;
            motemq_on_connection_lost(c->m);
            CHECK(motemq_is_closed(c->m));
            b->length = b->delivered = 0;
            start(c);
            flush(c);
            continue;
        }
        if (n > room) {
            n = room;
        }
        if (total < (size_t)cut_at && n > (size_t)cut_at - total) {
            n = (size_t)cut_at - total;
        }
        if (is_bytewise && n > 1) {
            n = 1;
        }
        memcpy(space, b->to_client + b->delivered, n);
        b->delivered += n;
        total += n;
        motemq_rx_commit(c->m, n);
        turn(c);
        if (b->delivered == b->length) {
            b->delivered = b->length = 0;
        }
    }
    CHECK(c->is_done);
    leave(c);
    CHECK(motemq_is_closed(c->m));
    flush(c);
    return total;
}

/* Everything, with a broker that is refused so many messages. */
static void cuts(unsigned refused)
{
    client_t whole, cut;
    long total = (long)converse(&whole, 0, 0), at;
    CHECK(whole.ended == 4 && whole.broker.received[0] == 1 && whole.broker.refused == refused);
    for (at = 0; at < 3; at++) {
        CHECK(whole.messages[at] == 1 && whole.broker.received[at] == 1);
    }
    for (at = 0; at <= total; at++) {
        cut_at = at;
        converse(&cut, 0, 0);
        CHECK(cut.sum == whole.sum && cut.ended == whole.ended);
        converse(&cut, 1, 0);
        /* Nothing is lost with QoS 1 and 2, and nothing comes twice with QoS 2. */
        CHECK(cut.broker.received[1] >= 1 && cut.broker.received[2] == 1);
        CHECK(cut.broker.received[3] == 1 && cut.broker.refused >= refused);
        CHECK(cut.messages[1] >= 1 && cut.messages[2] >= 1);
    }
    cut_at = -1;
    converse(&cut, 0, 1);
    CHECK(cut.sum == whole.sum);
    printf("%ld cuts\n", 2 * (total + 1));
}

#endif
