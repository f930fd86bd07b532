/* motemq_lwip.c against a real broker: ./lwip PORT. It says `stop` and `start`, and waits for a line
 * each time until that is done with the broker, which remembers sessions. */
#ifndef MOTEMQ5_NAMES_H
#include "motemq_lwip.h"
#endif

#include "host.h"

#include "lwip/ip_addr.h"
#include "lwip/sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 8
#define BURST 30
#define LONG 100000u
#define PATIENCE_MS 60000u

#define CHECK(condition)                                                                            \
    do {                                                                                            \
        if (!(condition)) {                                                                         \
            printf("%s:%d: %s (last result %d)\n", __FILE__, __LINE__, #condition, result);         \
            exit(1);                                                                                \
        }                                                                                           \
    } while (0)

/* Lets everything go on until it is so. */
#define UNTIL(condition)                                                                            \
    do {                                                                                            \
        u32_t begun_ = sys_now();                                                                   \
        while (!(condition)) {                                                                      \
            CHECK(sys_now() - begun_ < PATIENCE_MS);                                                \
            host_turn();                                                                            \
        }                                                                                           \
    } while (0)

static motemq_lwip_t lwip;
static motemq_t *m;
static int result;

/* What has happened. */
static int connections, losses, last_session, last_reason, granted, acks, resent, stops;
static int received[3]; /* by QoS, of short messages */
static uint32_t got;    /* of the long message */

/* The messages to publish: a number of numbered ones with this QoS, and a long payload. */
static int to_publish, next_number, qos_of_burst, next_received;
static uint32_t to_stream;

static motemq_publish_t message(const char *topic, const void *payload, size_t length, int qos)
{
    motemq_publish_t publish;
    memset(&publish, 0, sizeof publish);
    publish.topic = motemq_text(topic);
    publish.payload = payload;
    publish.payload_length = length;
    publish.qos = (uint8_t)qos;
    return publish;
}

static int has_topic(const motemq_event_t *event, const char *topic)
{
    return event->message.topic.length == strlen(topic)
           && memcmp(event->message.topic.data, topic, strlen(topic)) == 0;
}

static uint8_t byte_at(uint32_t at)
{
    return (uint8_t)(at * 7u + at / 251u);
}

/* Publishes what there is room for. */
static void publish_more(void)
{
    while (to_publish != 0) {
        uint8_t number = (uint8_t)next_number;
        motemq_publish_t publish = message("lwip/burst", &number, 1, qos_of_burst);
        result = motemq_publish(m, &publish);
        CHECK(result > 0 || result == MOTEMQ_BUSY || result == MOTEMQ_FULL);
        if (result < 0) {
            return;
        }
        next_number++;
        to_publish--;
    }
    while (motemq_payload_remaining(m) != 0) {
        uint8_t chunk[64];
        uint32_t i, length = motemq_payload_remaining(m);
        length = length < sizeof chunk ? length : sizeof chunk;
        for (i = 0; i < length; i++) {
            chunk[i] = byte_at(LONG - to_stream + i);
        }
        result = motemq_publish_chunk(m, chunk, length);
        CHECK(result >= 0 || result == MOTEMQ_FULL);
        if (result <= 0) {
            return;
        }
        to_stream -= (uint32_t)result;
    }
}

static void check_long(const uint8_t *bytes, size_t length)
{
    size_t i;
    for (i = 0; i < length; i++) {
        CHECK(bytes[i] == byte_at(got + (uint32_t)i));
    }
    got += (uint32_t)length;
}

static void on_event(motemq_lwip_t *from, const motemq_event_t *event)
{
    motemq_publish_t again;
    CHECK(from == &lwip);
    switch (event->kind) {
    case MOTEMQ_CONNECTED:
        connections++;
        last_session = event->connected.session;
        break;
    case MOTEMQ_SUBSCRIBED:
        granted = event->subscribed.codes[0];
        break;
    case MOTEMQ_ACKED:
        acks++;
        break;
    case MOTEMQ_MESSAGE:
        if (has_topic(event, "lwip/long")) {
            check_long(event->message.payload, event->message.payload_length);
            break;
        }
        received[motemq_message_qos(event)]++;
        if (has_topic(event, "lwip/burst")) {
            CHECK(event->message.payload[0] == (uint8_t)next_received);
            next_received++;
        }
        break;
    case MOTEMQ_PAYLOAD:
        check_long(event->payload.data, event->payload.length);
        break;
    case MOTEMQ_RESEND:
        again = message("lwip/again", "again", 5, event->resend.qos);
        result = motemq_republish(m, event->resend.id, &again);
        CHECK(result == 0);
        resent++;
        break;
    default:
        break;
    }
    publish_more();
}

static void on_room(motemq_lwip_t *from)
{
    CHECK(from == &lwip);
    publish_more();
}

static void on_disconnected(motemq_lwip_t *from, int reason)
{
    CHECK(from == &lwip);
    last_reason = reason;
    losses += reason != 0;
    stops += reason == 0;
}

static void burst(int qos)
{
    qos_of_burst = qos;
    to_publish = BURST;
    next_number = next_received = acks = received[qos] = 0;
    publish_more();
    motemq_lwip_flush(&lwip);
    UNTIL(acks == BURST && received[qos] == BURST);
}

/* Says a word, and waits until that is done. Time passes meanwhile. */
static void ask(const char *word)
{
    char line[8];
    printf("%s\n", word);
    fflush(stdout);
    CHECK(fgets(line, sizeof line, stdin) != NULL);
}

int main(int argc, char **argv)
{
    static MOTEMQ_MEMORY(SLOTS) memory;
    static uint8_t rx[256], tx[256];
    const motemq_publish_t will = message("gone/lwip", "gone", 4, 1);
    motemq_filter_t filter;
    motemq_connect_t connect;
    motemq_publish_t publish;
    int qos, before;
#ifdef MOTEMQ5_NAMES_H
    motemq5_property_t expiry = motemq5_number(MOTEMQ5_SESSION_EXPIRY_INTERVAL, 60);
#endif
    host_begin((uint16_t)atoi(argc > 1 ? argv[1] : "1883"));
    memset(&connect, 0, sizeof connect);
    memset(&filter, 0, sizeof filter);
    connect.client_id = motemq_text("lwip");
    connect.will = &will;
    connect.keep_alive = 60;
    connect.timeout = 60;
    connect.keep_session = 1;
#ifdef MOTEMQ5_NAMES_H
    connect.properties = &expiry;
    connect.properties_count = 1;
#endif
    filter.filter = motemq_text("lwip/#");
    filter.qos = 2;
    m = motemq_init(&memory, sizeof memory, SLOTS, rx, sizeof rx, tx, sizeof tx);
    lwip.client = m;
    lwip.connect = &connect;
    lwip.on_event = on_event;
    lwip.on_room = on_room;
    lwip.on_disconnected = on_disconnected;

    /* Nothing listens there. */
    IP_ADDR4(&lwip.address, 127, 0, 0, 1);
    lwip.port = 1;
    motemq_lwip_start(&lwip);
    motemq_lwip_start(&lwip);
    UNTIL(losses == 1);
    CHECK(last_reason == MOTEMQ_GONE && lwip.state.pause_ms == 2000);
    motemq_lwip_stop(&lwip);
    motemq_lwip_stop(&lwip);
    CHECK(stops == 1 && losses == 1);

    lwip.port = HOST_PORT;
    motemq_lwip_start(&lwip);
    UNTIL(connections == 1);
    CHECK(last_session == MOTEMQ_SESSION_NEW);
    result = motemq_subscribe(m, &filter, 1);
    CHECK(result > 0);
    motemq_lwip_flush(&lwip);
    UNTIL(granted == 2);
    for (qos = 0; qos < 3; qos++) {
        publish = message("lwip/one", "hello", 5, qos);
        result = motemq_publish(m, &publish);
        CHECK(result >= 0);
        motemq_lwip_flush(&lwip);
    }
    UNTIL(received[0] == 1 && received[1] == 1 && received[2] == 1 && acks == 2);

    burst(1);
    burst(2);
    host_lose(20);
    burst(2);

    /* A payload far longer than all buffers, both ways. */
    publish = message("lwip/long", "", 0, 1);
    publish.remaining = to_stream = LONG;
    acks = 0;
    host_lose(200);
    result = motemq_publish(m, &publish);
    CHECK(result > 0);
    publish_more();
    motemq_lwip_flush(&lwip);
    UNTIL(got == LONG && acks == 1);
    host_lose(0);

    /* Another connection of the same session, in whose silence the timer pings. */
    motemq_lwip_stop(&lwip);
    UNTIL(stops == 2 && host_connections() == 0);
    connect.keep_alive = 4;
    motemq_lwip_start(&lwip);
    UNTIL(connections == 2);
    CHECK(last_session == MOTEMQ_SESSION_RESUMED);
    before = (int)sys_now();
    UNTIL((int)sys_now() - before > 3500); /* PINGREQ is due after 3 seconds */
    CHECK(losses == 1);

    /* After a long sleep, the answer to PINGREQ is read before the connection is given up. */
    host_skip(3000);
    motemq_lwip_flush(&lwip);
    host_turn();
    host_turn();
    host_skip(61000);
    publish = message("lwip/one", "hello", 5, 0);
    result = motemq_publish(m, &publish);
    CHECK(result == 0);
    motemq_lwip_flush(&lwip);
    CHECK(losses == 1);
    UNTIL(received[0] == 2);
    CHECK(losses == 1 && motemq_is_open(m));

    /* The broker goes while a message is on its way, and comes back. */
    ask("stop");
    publish = message("lwip/again", "again", 5, 2);
    result = motemq_publish(m, &publish);
    CHECK(result > 0);
    motemq_lwip_flush(&lwip);
    UNTIL(losses == 2);
    CHECK(last_reason == MOTEMQ_GONE);
    received[2] = acks = 0;
    ask("start");
    UNTIL(connections == 3);
    CHECK(last_session == MOTEMQ_SESSION_RESUMED && lwip.state.pause_ms == 1000);
    UNTIL(resent == 1 && received[2] == 1 && acks == 1);

    motemq_lwip_stop(&lwip);
    UNTIL(stops == 3 && host_connections() == 0);
    CHECK(motemq_is_closed(m));

    /* Stopped before it is open. */
    motemq_lwip_start(&lwip);
    motemq_lwip_stop(&lwip);
    CHECK(stops == 4);
    printf("lwip: all is well\n");
    return 0;
}
