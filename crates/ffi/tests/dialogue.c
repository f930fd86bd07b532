/* A conversation with a small broker, in which the bytes of the broker are cut at every place: once
 * into two reads, and once by the loss of the connection. And arguments that are not allowed. */
#include "motemq.h"

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
    /* The client's messages with QoS 1 and 2, and whether PUBREL is awaited. */
    unsigned received[8];
    uint16_t awaits_pubrel;
    /* Its own messages: what it awaits. */
    uint8_t own[3];
} broker_t;

static void say(broker_t *b, const void *bytes, size_t n)
{
    CHECK(b->length + n <= sizeof b->to_client);
    memcpy(b->to_client + b->length, bytes, n);
    b->length += n;
}

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

static void answer(broker_t *b, uint8_t first, uint8_t high, uint8_t low)
{
    uint8_t packet[4];
    packet[0] = first;
    packet[1] = 2;
    packet[2] = high;
    packet[3] = low;
    say(b, packet, 4);
}

/* One packet of the client, whose body is at p. */
static void hear(broker_t *b, uint8_t first, const uint8_t *p, size_t n)
{
    size_t topic, qos = first >> 1 & 3;
    uint16_t id;
    int i;
    switch (first >> 4) {
    case 1:
        answer(b, 0x20, (uint8_t)b->is_known, 0);
        for (i = 1; b->is_known && i < 3; i++) {
            if (b->own[i] == 1) {
                say_message(b, i, 1);
            } else if (b->own[i] == 2) {
                answer(b, 0x62, 0, (uint8_t)(7 + i - 1));
            }
        }
        b->is_known = 1;
        break;
    case 3:
        topic = (size_t)p[0] << 8 | p[1];
        CHECK(topic == 3 && p[2] == 'u' && n >= 5);
        if (qos == 0) {
            b->received[0]++;
            break;
        }
        id = (uint16_t)(p[5] << 8 | p[6]);
        if (qos == 1) {
            b->received[p[4] - '0']++;
            answer(b, 0x40, p[5], p[6]);
        } else {
            if (b->awaits_pubrel != id) {
                b->received[p[4] - '0']++;
            }
            b->awaits_pubrel = id;
            answer(b, 0x50, p[5], p[6]);
        }
        break;
    case 4:
        CHECK(p[1] == 7 && b->own[1] <= 1);
        b->own[1] = 0;
        break;
    case 5:
        CHECK(p[1] == 8);
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
    case 8:
        say(b, "\x90\x04", 2);
        say(b, p, 2);
        say(b, "\x02\x80", 2);
        for (i = 0; i < 3; i++) {
            say_message(b, i, 0);
            b->own[i] = 1;
        }
        break;
    case 10:
        answer(b, 0xb0, p[0], p[1]);
        break;
    case 14:
        break;
    default:
        printf("packet %02x\n", first);
        CHECK(0);
    }
}

/* ---- The client ---- */

typedef struct client {
    motemq_t *m;
    broker_t broker;
    uint32_t sum; /* of the events */
    int step, is_done, losses;
    int acked, messages[3], is_new_message;
    uint32_t remaining;
} client_t;

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
    static const char *const topics[] = { "u/0", "u/1", "u/2", "u/3" };
    motemq_publish_t publish;
    memset(&publish, 0, sizeof publish);
    publish.topic = motemq_text(topics[n]);
    publish.payload = "hello";
    publish.payload_length = 5;
    publish.qos = (uint8_t)(n > 2 ? 2 : n);
    return publish;
}

/* The next command, when the last one is answered. */
static void go_on(client_t *c)
{
    motemq_filter_t filters[] = { { MOTEMQ_TEXT("d/+"), 2 }, { MOTEMQ_TEXT("\xc3\xa9/#"), 1 } };
    motemq_publish_t publish;
    if (!motemq_is_open(c->m)) {
        return;
    }
    switch (c->step++) {
    case 0:
        CHECK(motemq_subscribe(c->m, filters, 2) > 0);
        break;
    case 1:
        publish = message(0);
        CHECK(motemq_publish(c->m, &publish) == 0);
        publish = message(1);
        CHECK(motemq_publish(c->m, &publish) > 0);
        break;
    case 2:
    case 3:
        publish = message(c->step - 1);
        CHECK(motemq_publish(c->m, &publish) > 0);
        break;
    case 4:
        CHECK(motemq_unsubscribe(c->m, filters, 1) > 0);
        break;
    case 5:
        c->is_done = 1;
        break;
    default:
        CHECK(0);
    }
}

static void handle(client_t *c, const motemq_event_t *e)
{
    motemq_publish_t publish;
    int qos;
    if (e->kind != MOTEMQ_PAYLOAD) {
        add_number(c, e->kind);
    }
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
        qos = motemq_message_qos(e);
        CHECK(e->message.topic.length == 3 && memcmp(e->message.topic.data, "d/", 2) == 0);
        CHECK(e->message.topic.data[2] == '0' + qos && motemq_message_retain(e) == 0);
        CHECK(qos == 0 || e->message.id == 7 + qos - 1);
        CHECK(c->losses != 0 || motemq_message_dup(e) == 0);
        CHECK(e->message.payload_length + e->message.remaining == (qos == 2 ? 120 : 5));
        add(c, e->message.payload, e->message.payload_length);
        c->remaining = e->message.remaining;
        c->messages[qos] += e->message.remaining == 0;
        break;
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
        c->acked++;
        go_on(c);
        break;
    case MOTEMQ_SUBSCRIBED:
        CHECK(e->subscribed.count == 2);
        CHECK(e->subscribed.codes[0] == 2 && e->subscribed.codes[1] == 0x80);
        add_number(c, e->subscribed.id);
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
    static uint8_t rx[48], tx[128];
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
    CHECK(motemq_disconnect(c->m) == 0 && motemq_is_closed(c->m));
    flush(c);
    return total;
}

static void cuts(void)
{
    client_t whole, cut;
    long total = (long)converse(&whole, 0, 0), at;
    CHECK(whole.acked == 4 && whole.broker.received[0] == 1);
    for (at = 0; at < 3; at++) {
        CHECK(whole.messages[at] == 1 && whole.broker.received[at] == 1);
    }
    for (at = 0; at <= total; at++) {
        cut_at = at;
        converse(&cut, 0, 0);
        CHECK(cut.sum == whole.sum && cut.acked == whole.acked);
        converse(&cut, 1, 0);
        /* Nothing is lost with QoS 1 and 2, and nothing comes twice with QoS 2. */
        CHECK(cut.broker.received[1] >= 1 && cut.broker.received[2] == 1);
        CHECK(cut.broker.received[3] == 1);
        CHECK(cut.messages[1] >= 1 && cut.messages[2] >= 1);
    }
    cut_at = -1;
    converse(&cut, 0, 1);
    CHECK(cut.sum == whole.sum);
    printf("%ld cuts\n", 2 * (total + 1));
}

/* ---- Arguments ---- */

static void arguments(void)
{
    static MOTEMQ_MEMORY(8) memory;
    static MOTEMQ_MANUAL(2) manual;
    static uint8_t rx[64], tx[64];
    uint8_t *raw = (uint8_t *)&memory;
    uint8_t image[MOTEMQ_IMAGE_SIZE(8)];
    motemq_t *m;
    motemq_event_t event;
    motemq_connect_t connect;
    motemq_publish_t publish, will;
    motemq_filter_t filter = { MOTEMQ_TEXT("a"), 0 };
    uint32_t token;
    size_t n;

    CHECK(sizeof memory == MOTEMQ_SIZE(8));
    CHECK(!motemq_init(NULL, sizeof memory, 8, rx, 64, tx, 64));
    CHECK(!motemq_init(raw + 1, sizeof memory - 1, 7, rx, 64, tx, 64));
    CHECK(!motemq_init(raw, sizeof memory - 1, 8, rx, 64, tx, 64));
    CHECK(!motemq_init(raw, sizeof memory, 0, rx, 64, tx, 64));
    CHECK(!motemq_init(raw, sizeof memory, 8, rx, 15, tx, 64));
    CHECK(!motemq_init(raw, sizeof memory, 8, rx, 64, tx, 15));
    CHECK(!motemq_init(raw, sizeof memory, 8, NULL, 64, tx, 64));
    CHECK(!motemq_init(raw, sizeof memory, 8, rx, 64, NULL, 64));
    CHECK(!motemq_init(raw, sizeof memory, 8, rx, 64, rx + 63, 16));
    CHECK(!motemq_init(raw, sizeof memory, 8, raw + 8, 16, tx, 64));
    CHECK(!motemq_init(raw, sizeof memory, 8, rx, 64, raw, 16));
    m = motemq_init(raw, sizeof memory, 8, rx, 64, tx, 64);
    CHECK(m == (void *)raw);

    memset(&connect, 0, sizeof connect);
    memset(&publish, 0, sizeof publish);
    CHECK(motemq_connect(NULL, &connect) == MOTEMQ_ARGUMENT);
    CHECK(motemq_connect(m, NULL) == MOTEMQ_ARGUMENT);
    CHECK(motemq_connect(m, &connect) == MOTEMQ_ARGUMENT);
    connect.client_id = motemq_text("");
    CHECK(motemq_connect(m, &connect) == 0 && !motemq_is_closed(m));
    CHECK(motemq_tx_bytes(m, &n) == tx && n == 14 && memcmp(tx, "\x10\x0c\0\x04MQTT\x04\x02", 10) == 0);
    connect.client_id = motemq_text("\xc3");
    CHECK(motemq_connect(m, &connect) == MOTEMQ_ARGUMENT);
    connect.client_id = motemq_text("c");
    connect.user = motemq_text("\xff");
    CHECK(motemq_connect(m, &connect) == MOTEMQ_ARGUMENT);
    connect.user.data = NULL;
    connect.password = "p";
    CHECK(motemq_connect(m, &connect) == MOTEMQ_INVALID);
    connect.password = NULL;
    memset(&will, 0, sizeof will);
    connect.will = &will;
    CHECK(motemq_connect(m, &connect) == MOTEMQ_ARGUMENT);
    connect.will = NULL;
    CHECK(motemq_connect(m, &connect) == 0);

    CHECK(motemq_rx_space(NULL, &n) == NULL && motemq_rx_space(m, NULL) == NULL);
    CHECK(motemq_tx_bytes(NULL, &n) == NULL && motemq_tx_bytes(m, NULL) == NULL);
    memcpy(motemq_rx_space(m, &n), "\x20\x02\0\0", 4);
    motemq_rx_commit(m, 4);
    CHECK(motemq_next_event(m, NULL) == MOTEMQ_ARGUMENT);
    CHECK(motemq_next_event(NULL, &event) == MOTEMQ_ARGUMENT);
    CHECK(motemq_next_event(m, &event) == 1 && event.kind == MOTEMQ_CONNECTED);
    CHECK(motemq_next_event(m, &event) == 0);

    CHECK(motemq_publish(m, NULL) == MOTEMQ_ARGUMENT && motemq_publish(m, &publish) == MOTEMQ_ARGUMENT);
    publish.topic = motemq_text("a/b");
    CHECK(motemq_publish(m, &publish) == MOTEMQ_ARGUMENT);
    publish.payload = "";
    CHECK(motemq_publish(m, &publish) == 0);
    publish.topic = motemq_text("a/+");
    CHECK(motemq_publish(m, &publish) == MOTEMQ_INVALID);
    publish.topic = motemq_text("\xed\xa0\x80");
    CHECK(motemq_publish(m, &publish) == MOTEMQ_ARGUMENT);
    publish.topic = motemq_text("a");
    publish.qos = 3;
    CHECK(motemq_publish(m, &publish) == MOTEMQ_ARGUMENT);
    publish.qos = 0;
    publish.retain = 2;
    CHECK(motemq_publish(m, &publish) == MOTEMQ_ARGUMENT);
    publish.retain = 1;
    publish.payload = rx;
    publish.payload_length = sizeof rx;
    CHECK(motemq_publish(m, &publish) == MOTEMQ_FULL);
    motemq_tx_consume(m, (size_t)-1);
    CHECK(motemq_publish(m, &publish) == MOTEMQ_TOO_LONG);
    publish.payload_length = 2;
    publish.remaining = 3;
    publish.qos = 1;
    CHECK(motemq_publish(m, &publish) == 1 && motemq_payload_remaining(m) == 3);
    CHECK(motemq_publish_chunk(m, NULL, 3) == MOTEMQ_ARGUMENT);
    CHECK(motemq_publish_chunk(m, "abcd", 4) == MOTEMQ_INVALID);
    CHECK(motemq_publish_direct(m, 1) == MOTEMQ_FULL);
    CHECK(motemq_subscribe(m, &filter, 1) == MOTEMQ_BUSY);
    CHECK(motemq_publish_chunk(m, "a", 1) == 1);
    motemq_tx_consume(m, (size_t)-1);
    CHECK(motemq_publish_direct(m, 2) == 0 && motemq_payload_remaining(m) == 0);

    CHECK(motemq_subscribe(m, NULL, 1) == MOTEMQ_ARGUMENT);
    CHECK(motemq_subscribe(m, &filter, 0) == MOTEMQ_INVALID);
    filter.qos = 9;
    CHECK(motemq_subscribe(m, &filter, 1) == MOTEMQ_ARGUMENT);
    filter.qos = 2;
    filter.filter = motemq_text("a#");
    CHECK(motemq_subscribe(m, &filter, 1) == MOTEMQ_INVALID);
    filter.filter = motemq_text(NULL);
    CHECK(motemq_unsubscribe(m, &filter, 1) == MOTEMQ_ARGUMENT);
    CHECK(motemq_republish(m, 0, &publish) == MOTEMQ_ARGUMENT);
    publish.remaining = 0;
    CHECK(motemq_republish(m, 1, &publish) == MOTEMQ_INVALID);
    CHECK(motemq_abandon(m, 0) == MOTEMQ_ARGUMENT && motemq_abandon(m, 1) == MOTEMQ_INVALID);
    CHECK(motemq_pass_over(m, 0) == MOTEMQ_ARGUMENT && motemq_pass_over(m, 1) == MOTEMQ_INVALID);
    CHECK(motemq_oldest_in_flight(m) == 1 && motemq_has_free_slot(m) == 1);
    CHECK(motemq_oldest_in_flight(NULL) == 0 && motemq_has_free_slot(NULL) == 0);
    CHECK(motemq_is_closed(NULL) == 1 && motemq_is_open(NULL) == 0 && motemq_is_open(m) == 1);
    CHECK(motemq_tick(NULL, 0, NULL) == MOTEMQ_ARGUMENT && motemq_tick(m, 0, NULL) == 0);
    CHECK(motemq_topic_matches(motemq_text("a/+"), motemq_text("a/b")) == 1);
    CHECK(motemq_topic_matches(motemq_text("a/+"), motemq_text("b")) == 0);
    CHECK(motemq_topic_matches(motemq_text(NULL), motemq_text("b")) == MOTEMQ_ARGUMENT);

    /* Manual acknowledgement. */
    memcpy(motemq_rx_space(m, &n), "\x32\x05\0\x01t\0\x09", 7);
    motemq_rx_commit(m, 7);
    CHECK(motemq_next_event_manual(m, NULL, sizeof manual, &event, &token) == MOTEMQ_ARGUMENT);
    CHECK(motemq_next_event_manual(m, &manual, 4, &event, &token) == MOTEMQ_ARGUMENT);
    CHECK(motemq_next_event_manual(m, &manual, sizeof manual, NULL, &token) == MOTEMQ_ARGUMENT);
    CHECK(motemq_next_event_manual(m, &manual, sizeof manual, &event, NULL) == MOTEMQ_ARGUMENT);
    CHECK(motemq_next_event_manual(m, &manual, sizeof manual, &event, &token) == 1);
    CHECK(event.kind == MOTEMQ_MESSAGE && token != 0 && event.message.id == 9);
    CHECK(motemq_next_event_manual(m, &manual, sizeof manual, &event, &token) == 0);
    CHECK(motemq_tx_bytes(m, &n) != NULL && n == 0);
    CHECK(motemq_ack(m, &manual, sizeof manual, 0) == MOTEMQ_ARGUMENT);
    CHECK(motemq_ack(m, &manual, sizeof manual, token) == 0);
    CHECK(motemq_ack(m, &manual, sizeof manual, token) == MOTEMQ_INVALID);
    CHECK(motemq_next_event_manual(m, &manual, sizeof manual, &event, &token) == 0);
    CHECK(motemq_tx_bytes(m, &n) != NULL && n == 4 && memcmp(tx, "\x40\x02\0\x09", 4) == 0);

    /* Images. */
    CHECK(motemq_save(m, NULL, sizeof image) == MOTEMQ_ARGUMENT);
    CHECK(motemq_save(m, image, sizeof image - 1) == MOTEMQ_IMAGE_LENGTH);
    CHECK(motemq_save(m, image, sizeof image) == 0);
    CHECK(motemq_disconnect_manual(m, &manual, sizeof manual) == 0 && motemq_is_closed(m));
    CHECK(motemq_publish(m, &publish) == MOTEMQ_OFFLINE);
    CHECK(motemq_restore(m, NULL, sizeof image) == MOTEMQ_ARGUMENT);
    CHECK(motemq_restore(m, image, 3) == MOTEMQ_IMAGE_LENGTH);
    CHECK(motemq_restore(m, image, sizeof image) == 0);
    image[5] ^= 1;
    CHECK(motemq_restore(m, image, sizeof image) == MOTEMQ_IMAGE_DAMAGED);
    image[0]++;
    CHECK(motemq_restore(m, image, sizeof image) == MOTEMQ_IMAGE_VERSION);

    /* Faults. */
    CHECK(motemq_connect(m, &connect) == 0);
    memcpy(motemq_rx_space(m, &n), "\x20\x02\0\x05", 4);
    motemq_rx_commit(m, (size_t)-1);
    CHECK(motemq_next_event(m, &event) == MOTEMQ_REFUSED - 5);
    CHECK(MOTEMQ_RETURN_CODE(MOTEMQ_REFUSED - 5) == 5 && MOTEMQ_RETURN_CODE(MOTEMQ_TIMEOUT) == 0);
    CHECK(motemq_next_event(m, &event) == 0);
    CHECK(motemq_connect(m, &connect) == 0);
    memcpy(motemq_rx_space(m, &n), "\xf0", 1);
    motemq_rx_commit(m, 1);
    CHECK(motemq_next_event(m, &event) == MOTEMQ_MALFORMED);
    CHECK(motemq_connect(m, &connect) == 0);
    CHECK(motemq_tick(m, 5, NULL) == 0 && motemq_tick(m, 20005, NULL) == 0);
    CHECK(motemq_tick(m, 20005, NULL) == MOTEMQ_TIMEOUT);
    motemq_on_connection_lost(NULL);
    motemq_on_reading_paused(NULL);
    motemq_on_reading_paused(m);
    motemq_rx_commit(NULL, 1);
    motemq_tx_consume(NULL, 1);
}

int main(void)
{
    arguments();
    cuts();
    printf("dialogue: all is well\n");
    return 0;
}
