/* A conversation with a small broker of MQTT 5, in which the bytes of the broker are cut at every
 * place: once into two reads, and once by the loss of the connection. */
#include "motemq5.h"

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
    /* The client's messages, and whether PUBREL is awaited. */
    unsigned received[8];
    uint16_t awaits_pubrel;
    /* Its own messages: what it awaits. */
    uint8_t own[3];
    unsigned refused;
} broker_t;

static void say(broker_t *b, const void *bytes, size_t n)
{
    CHECK(b->length + n <= sizeof b->to_client);
    memcpy(b->to_client + b->length, bytes, n);
    b->length += n;
}

/* Content type, response topic, correlation data and a user property. */
#define PROPERTIES "\x03\0\x01x\x08\0\x02re\x09\0\x02\0\xff\x26\0\x01n\0\x02vw"

/* Its messages: QoS 0, 1 and 2 with the identifiers 7 to 9; the last one is longer than rx. */
static void say_message(broker_t *b, int qos, int dup)
{
    uint8_t packet[256];
    uint8_t length = qos == 2 ? 90 : 5;
    size_t n = 0, properties = sizeof PROPERTIES - 1;
    packet[n++] = (uint8_t)(0x30 | qos << 1 | (dup && qos ? 8 : 0));
    n++;
    packet[n++] = 0;
    packet[n++] = 3;
    memcpy(packet + n, "d/", 2);
    n += 2;
    packet[n++] = (uint8_t)('0' + qos);
    if (qos) {
        packet[n++] = 0;
        packet[n++] = (uint8_t)(7 + qos - 1);
    }
    packet[n++] = (uint8_t)properties;
    memcpy(packet + n, PROPERTIES, properties);
    n += properties;
    memset(packet + n, 'a' + qos, length);
    n += length;
    CHECK(n - 2 < 0x80);
    packet[1] = (uint8_t)(n - 2);
    say(b, packet, n);
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

/* The broker has accepted the connection: receive maximum 10, topic alias maximum 4, and the method. */
static void accept_client(broker_t *b)
{
    int i;
    say(b, b->is_known ? "\x20\x0d\x01" : "\x20\x0d\0", 3);
    say(b, "\0\x0a\x21\0\x0a\x22\0\x04\x15\0\x01m", 12);
    for (i = 1; b->is_known && i < 3; i++) {
        if (b->own[i] == 1) {
            say_message(b, i, 1);
        } else if (b->own[i] == 2) {
            answer(b, 0x62, 0, (uint8_t)(7 + i - 1));
        }
    }
    b->is_known = 1;
}

/* One packet of the client, whose body is at p. */
static void hear(broker_t *b, uint8_t first, const uint8_t *p, size_t n)
{
    static const uint8_t connect[] = "\0\x04MQTT\x05\xec\0\x3c\x0c\x21\0";
    static const uint8_t properties[] = "\x11\xff\xff\xff\xff\x15\0\x01m";
    const uint8_t *after;
    size_t qos = first >> 1 & 3;
    uint16_t id;
    int i;
    switch (first >> 4) {
    case 1:
        CHECK(n > 23 && memcmp(p, connect, 13) == 0 && memcmp(p + 14, properties, 9) == 0);
        /* The client adds its receive maximum: the slots that hold no QoS 2 message of the broker. */
        CHECK(p[13] == SLOTS - (b->own[2] != 0 && p[13] != SLOTS));
        /* AUTH: continue, with the method and its data. */
        say(b, "\xf0\x0b\x18\x09\x15\0\x01m\x16\0\x02", 11);
        say(b, "ch", 2);
        break;
    case 15:
        CHECK(n == 11 && p[0] == 0x18 && memcmp(p + 9, "re", 2) == 0);
        accept_client(b);
        break;
    case 3:
        CHECK(p[0] == 0 && p[1] == 3 && p[2] == 'u' && n >= 6);
        /* The message has a user property. */
        after = p + 5 + (qos ? 2 : 0);
        CHECK(after[0] == 7 && after[1] == 0x26 && after[4] == 'k' && after[7] == 'v');
        if (qos == 0) {
            b->received[0]++;
            break;
        }
        id = (uint16_t)(p[5] << 8 | p[6]);
        if (qos == 1) {
            b->received[p[4] - '0']++;
            /* No matching subscribers, which is a success. */
            say(b, "\x40\x03", 2);
            say(b, p + 5, 2);
            say(b, "\x10", 1);
        } else {
            if (b->awaits_pubrel != id) {
                b->received[p[4] - '0']++;
            }
            b->awaits_pubrel = id;
            answer(b, 0x50, p[5], p[6]);
        }
        break;
    case 4:
        CHECK(p[1] == 7 && b->own[1] <= 1 && n >= 3 && p[2] == 0x87);
        b->own[1] = 0;
        b->refused++;
        break;
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
    case 8:
        /* A subscription identifier, and the options of the filters. */
        CHECK(n == 2 + 3 + 6 + 7 && memcmp(p + 2, "\x02\x0b\x05\0\x03" "d/+\x2e", 9) == 0);
        CHECK(p[n - 1] == 0x11);
        say(b, "\x90\x05", 2);
        say(b, p, 2);
        say(b, "\0\x02\x87", 3);
        for (i = 0; i < 3; i++) {
            say_message(b, i, 0);
            b->own[i] = 1;
        }
        break;
    case 10:
        say(b, "\xb0\x04", 2);
        say(b, p, 2);
        say(b, "\0\0", 2);
        break;
    case 14:
        CHECK(n >= 1 && p[0] == 4);
        break;
    default:
        printf("packet %02x\n", first);
        CHECK(0);
    }
}

/* ---- The client ---- */

typedef struct client {
    motemq5_t *m;
    broker_t broker;
    uint32_t sum; /* of the events */
    int step, is_done, losses;
    int ended, messages[3];
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
    motemq5_property_t properties[2], delay = motemq5_number(MOTEMQ5_WILL_DELAY_INTERVAL, 5);
    motemq5_publish_t will = { MOTEMQ_TEXT("d/will"), "gone", 4, 0, 1, 1, NULL, 0 };
    motemq5_connect_t connect;
    memset(&connect, 0, sizeof connect);
    will.properties = &delay;
    will.properties_count = 1;
    properties[0] = motemq5_number(MOTEMQ5_SESSION_EXPIRY_INTERVAL, MOTEMQ_FOREVER);
    properties[1] = motemq5_bytes(MOTEMQ5_AUTHENTICATION_METHOD, "m", 1);
    connect.client_id = motemq_text("c");
    connect.user = motemq_text("me");
    connect.password = "secret";
    connect.password_length = 6;
    connect.will = &will;
    connect.properties = properties;
    connect.properties_count = 2;
    connect.keep_alive = 60;
    connect.keep_session = 1;
    connect.identifier_offset = 100;
    CHECK(motemq5_connect(c->m, &connect) == 0);
    c->remaining = 0;
}

static motemq5_property_t user;

static motemq5_publish_t message(int n)
{
    static const char *const topics[] = { "u/0", "u/1", "u/2", "u/3" };
    motemq5_publish_t publish;
    memset(&publish, 0, sizeof publish);
    publish.topic = motemq_text(topics[n]);
    publish.payload = "hello";
    publish.payload_length = 5;
    publish.qos = (uint8_t)(n > 2 ? 2 : n);
    user = motemq5_user(motemq_text("k"), motemq_text("v"));
    publish.properties = &user;
    publish.properties_count = 1;
    return publish;
}

/* The next command, when the last one is answered. */
static void go_on(client_t *c)
{
    motemq5_filter_t filters[] = { { MOTEMQ_TEXT("d/+"), 2, 1, 1, MOTEMQ5_DO_NOT_SEND },
                                   { MOTEMQ_TEXT("\xc3\xa9/#"), 1, 0, 0, MOTEMQ5_SEND_IF_NEW } };
    motemq5_property_t identifier = motemq5_number(MOTEMQ5_SUBSCRIPTION_IDENTIFIER, 5);
    motemq5_publish_t publish;
    if (!motemq5_is_open(c->m)) {
        return;
    }
    switch (c->step++) {
    case 0:
        CHECK(motemq5_subscribe(c->m, filters, 2, &identifier, 1) > 0);
        break;
    case 1:
        publish = message(0);
        CHECK(motemq5_publish(c->m, &publish) == 0);
        publish = message(1);
        CHECK(motemq5_publish(c->m, &publish) > 0);
        break;
    case 2:
    case 3:
        publish = message(c->step - 1);
        CHECK(motemq5_publish(c->m, &publish) > 0);
        break;
    case 4:
        CHECK(motemq5_unsubscribe(c->m, filters, 1, NULL, 0) > 0);
        break;
    case 5:
        c->is_done = 1;
        break;
    default:
        CHECK(0);
    }
}

static int is_text(const motemq5_property_t *property, const char *text, size_t n)
{
    return property->text.value.length == n && memcmp(property->text.value.data, text, n) == 0;
}

static void check_properties(const motemq5_properties_t *properties)
{
    motemq5_properties_t rest = *properties;
    motemq5_property_t p;
    CHECK(motemq5_next_property(&rest, &p) == 1 && p.id == MOTEMQ5_CONTENT_TYPE);
    CHECK(is_text(&p, "x", 1));
    CHECK(motemq5_next_property(&rest, &p) == 1 && motemq5_next_property(&rest, &p) == 1);
    CHECK(motemq5_next_property(&rest, &p) == 1 && p.id == MOTEMQ5_USER_PROPERTY);
    CHECK(p.user.name.length == 1 && p.user.name.data[0] == 'n' && p.user.value.length == 2);
    CHECK(motemq5_next_property(&rest, &p) == 0 && rest.length == 0);
    CHECK(motemq5_next_property(NULL, &p) == MOTEMQ_ARGUMENT);
    CHECK(motemq5_next_property(&rest, NULL) == MOTEMQ_ARGUMENT);
    CHECK(motemq5_find_property(properties, MOTEMQ5_RESPONSE_TOPIC, &p) == 1);
    CHECK(is_text(&p, "re", 2));
    CHECK(motemq5_find_property(properties, MOTEMQ5_CORRELATION_DATA, &p) == 1);
    CHECK(is_text(&p, "\0\xff", 2));
    CHECK(motemq5_find_property(properties, MOTEMQ5_TOPIC_ALIAS_NUMBER, &p) == 0);
}

static void handle(client_t *c, const motemq5_event_t *e)
{
    motemq5_publish_t publish;
    motemq5_property_t p[2];
    motemq5_limits_t limits;
    int qos;
    if (e->kind != MOTEMQ_PAYLOAD) {
        add_number(c, e->kind);
    }
    switch (e->kind) {
    case MOTEMQ5_AUTH:
        CHECK(e->auth.code == 0x18);
        CHECK(motemq5_find_property(&e->auth.properties, MOTEMQ5_AUTHENTICATION_DATA, p) == 1);
        CHECK(is_text(p, "ch", 2));
        p[0] = motemq5_bytes(MOTEMQ5_AUTHENTICATION_METHOD, "m", 1);
        p[1] = motemq5_bytes(MOTEMQ5_AUTHENTICATION_DATA, "re", 2);
        CHECK(motemq5_authenticate(c->m, 0x18, p, 2) == 0);
        break;
    case MOTEMQ_CONNECTED:
        CHECK(motemq5_limits(c->m, &limits) == 0);
        CHECK(limits.receive_maximum == 10 && limits.topic_alias_maximum == 4);
        CHECK(limits.maximum_qos == 2 && limits.maximum_packet_size == UINT32_MAX);
        CHECK(limits.retain_available == 1 && limits.shared_subscription_available == 1);
        CHECK(motemq5_find_property(&e->connected.properties, MOTEMQ5_RECEIVE_MAXIMUM, p) == 1);
        CHECK(p[0].two.value == 10 && motemq5_has_send_quota(c->m));
        if (c->step == 0) {
            go_on(c);
        }
        break;
    case MOTEMQ_MESSAGE:
        qos = motemq5_message_qos(e);
        CHECK(e->message.topic.length == 3 && memcmp(e->message.topic.data, "d/", 2) == 0);
        CHECK(e->message.topic.data[2] == '0' + qos && motemq5_message_retain(e) == 0);
        CHECK(qos == 0 || e->message.id == 7 + qos - 1);
        CHECK(c->losses != 0 || motemq5_message_dup(e) == 0);
        CHECK(e->message.payload_length + e->message.remaining == (qos == 2 ? 90 : 5));
        check_properties(&e->message.properties);
        add(c, e->message.payload, e->message.payload_length);
        c->remaining = e->message.remaining;
        c->messages[qos] += e->message.remaining == 0;
        if (qos == 1) {
            CHECK(motemq5_refuse(c->m, 0x87) == 0);
        }
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
        c->ended++;
        go_on(c);
        break;
    case MOTEMQ_SUBSCRIBED:
        CHECK(e->subscribed.count == 2);
        CHECK(e->subscribed.codes[0] == 2 && e->subscribed.codes[1] == 0x87);
        add_number(c, e->subscribed.id);
        go_on(c);
        break;
    case MOTEMQ5_UNSUBSCRIBED:
        CHECK(e->unsubscribed.count == 1 && e->unsubscribed.codes[0] == 0);
        add_number(c, e->unsubscribed.id);
        c->ended++;
        go_on(c);
        break;
    case MOTEMQ_RESEND:
        CHECK(e->resend.id == motemq5_oldest_in_flight(c->m));
        publish = message(c->step - 1);
        CHECK(e->resend.qos == publish.qos);
        CHECK(motemq5_republish(c->m, e->resend.id, &publish) == 0);
        break;
    case MOTEMQ_OUTCOME_UNKNOWN:
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
    const uint8_t *bytes = motemq5_tx_bytes(c->m, &length);
    size_t at = 0;
    while (at < length) {
        CHECK(at + 2 <= length && bytes[at + 1] < 0x80);
        hear(&c->broker, bytes[at], bytes + at + 2, bytes[at + 1]);
        at += 2u + bytes[at + 1];
    }
    CHECK(at == length);
    motemq5_tx_consume(c->m, length);
}

/* The events of one loop: all that can happen with the bytes that are there. */
static void turn(client_t *c)
{
    motemq5_event_t event;
    uint32_t sleep_ms;
    int result, was_open = motemq5_is_open(c->m);
    while ((result = motemq5_next_event(c->m, &event)) > 0) {
        handle(c, &event);
    }
    CHECK(result == 0);
    if (was_open && c->losses != 0 && motemq5_oldest_in_flight(c->m) == 0 && c->step <= 5
        && c->remaining == 0 && c->broker.delivered == c->broker.length) {
        /* A command whose outcome is not known is given again. */
        go_on(c);
    }
    CHECK(motemq5_tick(c->m, 1000, &sleep_ms) == 0 && sleep_ms != 0);
    flush(c);
}

/* Converses to the end. At byte `cut_at` of the broker's bytes a read ends, or the connection is
 * lost. With `is_bytewise`, every byte is a read. Returns the number of the broker's bytes. */
static size_t converse(client_t *c, int is_loss, int is_bytewise)
{
    static MOTEMQ5_MEMORY(SLOTS) memory;
    static uint8_t rx[56], tx[160];
    size_t total = 0;
    int i;
    memset(c, 0, sizeof *c);
    memset(&memory, 0xa5, sizeof memory);
    c->m = motemq5_init(&memory, sizeof memory, SLOTS, rx, sizeof rx, tx, sizeof tx);
    CHECK(c->m != NULL && motemq5_is_closed(c->m) && !motemq5_is_open(c->m));
    start(c);
    flush(c);
    for (i = 0; i < 100000 && !c->is_done; i++) {
        broker_t *b = &c->broker;
        size_t room, n = b->length - b->delivered;
        uint8_t *space = motemq5_rx_space(c->m, &room);
        CHECK(space >= rx && space + room == rx + sizeof rx);
        if (is_loss && total == (size_t)cut_at && c->losses == 0) {
            c->losses++;
            motemq5_on_connection_lost(c->m);
            CHECK(motemq5_is_closed(c->m));
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
        motemq5_rx_commit(c->m, n);
        turn(c);
        if (b->delivered == b->length) {
            b->delivered = b->length = 0;
        }
    }
    CHECK(c->is_done);
    CHECK(motemq5_disconnect_with(c->m, 4, NULL, 0) == 0 && motemq5_is_closed(c->m));
    flush(c);
    return total;
}

static void cuts(void)
{
    client_t whole, cut;
    long total = (long)converse(&whole, 0, 0), at;
    CHECK(whole.ended == 4 && whole.broker.received[0] == 1 && whole.broker.refused == 1);
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
        CHECK(cut.broker.received[3] == 1 && cut.broker.refused >= 1);
        CHECK(cut.messages[1] >= 1 && cut.messages[2] >= 1);
    }
    cut_at = -1;
    converse(&cut, 0, 1);
    CHECK(cut.sum == whole.sum);
    printf("%ld cuts\n", 2 * (total + 1));
}

int main(void)
{
    cuts();
    printf("dialogue5: all is well\n");
    return 0;
}
