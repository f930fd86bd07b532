/* A fuzzer of the C surface: the input is a list of calls and of bytes from the broker.
 *
 * With clang: -fsanitize=fuzzer,address. Elsewhere -DMOTEMQ_STANDALONE adds a main that makes inputs
 * up, for -fsanitize=address alone: ./fuzz RUNS SEED. The library is not compiled with the sanitizer,
 * so that guard bytes show where it would write outside of its memory. */
#ifndef MOTEMQ5_NAMES_H
#include "motemq.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUARD 16

/* CONNACK. */
#ifdef MOTEMQ5_NAMES_H
#define ACCEPTED "\x20\x06\0\0\x03\x22\0\x09"
#else
#define ACCEPTED "\x20\x02\0\0"
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *input;
static size_t input_size;

static unsigned next_byte(void)
{
    if (input_size == 0) {
        return 0;
    }
    input_size--;
    return *input++;
}

/* Bytes of the input in memory of their own, so that a read behind them is found. */
static uint8_t *take(size_t n)
{
    uint8_t *bytes;
    if (n > input_size) {
        n = input_size;
    }
    bytes = (uint8_t *)malloc(n + 1);
    if (bytes == NULL) {
        abort();
    }
    memcpy(bytes, input, n);
    bytes[n] = 0;
    input += n;
    input_size -= n;
    return bytes;
}

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

/* Memory between guards. */
static uint8_t *guarded(size_t n)
{
    uint8_t *bytes = (uint8_t *)malloc(n + 2 * GUARD);
    require(bytes != NULL);
    memset(bytes, 0xee, n + 2 * GUARD);
    return bytes + GUARD;
}

static void check_guards(const uint8_t *bytes, size_t n)
{
    size_t at;
    for (at = 0; at < GUARD; at++) {
        require(bytes[n + at] == 0xee && *(bytes - 1 - at) == 0xee);
    }
}

static volatile uint8_t sink;

static void touch(const void *bytes, size_t n, const uint8_t *rx, size_t rx_size)
{
    const uint8_t *at = (const uint8_t *)bytes;
    require(n == 0 || (at >= rx && at + n <= rx + rx_size));
    while (n-- != 0) {
        sink ^= *at++;
    }
}

#ifdef MOTEMQ5_NAMES_H
/* Walks the properties of a packet. */
static void read_properties(const motemq5_properties_t *properties, const uint8_t *rx, size_t rx_size)
{
    motemq5_properties_t rest = *properties;
    motemq5_property_t property;
    size_t before = rest.length + 1;
    touch(properties->bytes, properties->length, rx, rx_size);
    while (motemq5_next_property(&rest, &property) == 1) {
        require(rest.length < before);
        before = rest.length;
        if (property.id == MOTEMQ5_USER_PROPERTY) {
            touch(property.user.name.data, property.user.name.length, rx, rx_size);
            touch(property.user.value.data, property.user.value.length, rx, rx_size);
        } else if (property.id == MOTEMQ5_CONTENT_TYPE || property.id == MOTEMQ5_CORRELATION_DATA) {
            touch(property.text.value.data, property.text.value.length, rx, rx_size);
        }
        require(motemq5_find_property(properties, property.id, &property) == 1);
    }
}
#endif

static void read_event(const motemq_event_t *e, const uint8_t *rx, size_t rx_size)
{
    switch (e->kind) {
    case MOTEMQ_CONNECTED:
        require(e->connected.session <= 2);
        break;
    case MOTEMQ_MESSAGE:
        touch(e->message.topic.data, e->message.topic.length, rx, rx_size);
        touch(e->message.payload, e->message.payload_length, rx, rx_size);
#ifdef MOTEMQ5_NAMES_H
        read_properties(&e->message.properties, rx, rx_size);
#else
        require(e->message.topic.length != 0);
#endif
        require(motemq_message_qos(e) <= 2);
        break;
    case MOTEMQ_PAYLOAD:
        require(e->payload.length != 0);
        touch(e->payload.data, e->payload.length, rx, rx_size);
        break;
    case MOTEMQ_SUBSCRIBED:
        require(e->subscribed.id != 0 && e->subscribed.count != 0);
        touch(e->subscribed.codes, e->subscribed.count, rx, rx_size);
        break;
    case MOTEMQ_RESEND:
        require(e->resend.id != 0 && (e->resend.qos == 1 || e->resend.qos == 2));
        break;
    case MOTEMQ_RECEIVED:
    case MOTEMQ_ACKED:
    case MOTEMQ_OUTCOME_UNKNOWN:
        require(e->acked.id != 0);
        break;
#ifdef MOTEMQ5_NAMES_H
    case MOTEMQ5_REFUSED:
        require(e->refused.id != 0 && e->refused.code >= 0x80);
        read_properties(&e->refused.properties, rx, rx_size);
        break;
    case MOTEMQ5_UNSUBSCRIBED:
        require(e->unsubscribed.id != 0 && e->unsubscribed.count != 0);
        touch(e->unsubscribed.codes, e->unsubscribed.count, rx, rx_size);
        read_properties(&e->unsubscribed.properties, rx, rx_size);
        break;
    case MOTEMQ5_DISCONNECTED:
    case MOTEMQ5_AUTH:
        read_properties(&e->auth.properties, rx, rx_size);
        break;
    case MOTEMQ5_REPEATED:
        touch(e->repeated.topic.data, e->repeated.topic.length, rx, rx_size);
        read_properties(&e->repeated.properties, rx, rx_size);
        break;
#endif
    default:
        require(e->kind == MOTEMQ_SKIPPED);
    }
}

static motemq_text_t text_of(const uint8_t *bytes, size_t length)
{
    motemq_text_t text;
    text.data = (const char *)bytes;
    text.length = length;
    return text;
}

static void call(motemq_t *m, const uint8_t *rx, size_t rx_size, uint16_t slots, uint32_t *manual,
                 size_t manual_size, uint32_t *token)
{
    motemq_publish_t publish;
    motemq_connect_t connect;
    motemq_filter_t filters[3];
    motemq_event_t event;
#ifdef MOTEMQ5_NAMES_H
    motemq5_property_t properties[2];
    motemq5_limits_t limits;
#endif
    uint32_t number = 0;
    size_t n, i, length = next_byte() % 40;
    const uint8_t *bytes = take(length), *output;
    uint8_t *space, *image;
    int result = 0;
    unsigned flags = next_byte();
    length = strlen((const char *)bytes) < length ? strlen((const char *)bytes) : length;
    memset(&publish, 0, sizeof publish);
    publish.topic = text_of(bytes, length);
    publish.payload = flags & 1 ? bytes : (const uint8_t *)"";
    publish.payload_length = flags & 1 ? length : 0;
    publish.remaining = flags & 2 ? next_byte() : 0;
    publish.qos = (uint8_t)(flags >> 2 & 3);
    publish.retain = (uint8_t)(flags >> 4 & 3) == 3 ? 2 : (uint8_t)(flags >> 4 & 1);
#ifdef MOTEMQ5_NAMES_H
    /* Any identifier with any value. */
    n = next_byte() % 0x30;
    properties[0] = flags & 1 ? motemq5_bytes((uint8_t)n, bytes, length)
                              : motemq5_number((uint8_t)n, next_byte());
    properties[1] = motemq5_user(publish.topic, publish.topic);
    publish.properties = properties;
    publish.properties_count = flags & 8 ? next_byte() % 3 : 0;
    switch (next_byte() % 26) {
    case 20:
        result = motemq5_authenticate(m, (uint8_t)(0x18 + (flags & 1)), properties, 1);
        break;
    case 21:
        result = motemq5_refuse(m, (uint8_t)(0x80 + next_byte() % 32));
        break;
    case 22:
        result = motemq5_limits(m, &limits);
        require(result == 0 && limits.maximum_qos <= 2 && motemq5_has_send_quota(m) <= 1);
        break;
    case 23:
        result = motemq5_disconnect_with(m, (uint8_t)next_byte(), properties,
                                         publish.properties_count);
        break;
    case 24:
        result = motemq5_refuse_manual(m, manual, manual_size, *token,
                                       (uint8_t)(0x80 + next_byte() % 32));
        break;
#else
    switch (next_byte() % 20) {
#endif
    case 0:
        memset(&connect, 0, sizeof connect);
        connect.client_id = publish.topic;
        connect.keep_alive = (uint16_t)next_byte();
        connect.timeout = (uint8_t)next_byte();
        connect.identifier_offset = (uint16_t)(next_byte() << 8);
        connect.keep_session = flags >> 6 & 1;
#ifdef MOTEMQ5_NAMES_H
        connect.properties = publish.properties;
        connect.properties_count = publish.properties_count;
#endif
        connect.will = flags & 1 ? &publish : NULL;
        if (flags & 0x80) {
            connect.user = publish.topic;
            connect.password = publish.payload;
            connect.password_length = publish.payload_length;
        }
        result = motemq_connect(m, &connect);
        break;
    case 1:
    case 2:
        result = motemq_publish(m, &publish);
        break;
    case 3:
        memset(filters, 0, sizeof filters);
        for (i = 0; i < 3; i++) {
            filters[i].filter = publish.topic;
            filters[i].qos = (uint8_t)(flags >> 2 & 3);
        }
        n = next_byte() % 4;
        result = flags & 1 ? motemq_subscribe(m, filters, n) : motemq_unsubscribe(m, filters, n);
        break;
    case 4:
        result = motemq_publish_chunk(m, bytes, length);
        break;
    case 5:
        result = motemq_publish_direct(m, next_byte());
        break;
    case 6:
        result = motemq_republish(m, (uint16_t)(next_byte() % 8), &publish);
        break;
    case 7:
        result = motemq_abandon(m, (uint16_t)(next_byte() % 8));
        break;
    case 8:
        result = motemq_pass_over(m, motemq_oldest_in_flight(m));
        break;
    case 9:
        result = motemq_tick(m, next_byte() * 1000u, &number);
        break;
    case 10:
        result = flags & 1 ? motemq_disconnect(m)
                           : motemq_disconnect_manual(m, manual, manual_size);
        break;
    case 11:
        motemq_on_connection_lost(m);
        break;
    case 12:
        image = guarded(MOTEMQ_IMAGE_SIZE(slots));
        result = motemq_save(m, image, MOTEMQ_IMAGE_SIZE(slots));
        require(result == 0);
        check_guards(image, MOTEMQ_IMAGE_SIZE(slots));
        if (flags & 1) {
            image[next_byte() % MOTEMQ_IMAGE_SIZE(slots)] ^= (uint8_t)(flags >> 4);
            result = motemq_restore(m, image, MOTEMQ_IMAGE_SIZE(slots));
        }
        free(image - GUARD);
        break;
    case 13:
        result = motemq_ack(m, manual, manual_size, *token);
        break;
    case 14:
        output = motemq_tx_bytes(m, &n);
        for (i = 0; i < n; i++) {
            sink ^= output[i];
        }
        motemq_tx_consume(m, flags & 1 ? n : next_byte());
        break;
    case 15:
        result = motemq_topic_matches(publish.topic, publish.topic);
        break;
    case 16:
        space = motemq_rx_space(m, &n);
        n = n < sizeof ACCEPTED - 1 ? n : sizeof ACCEPTED - 1;
        memcpy(space, ACCEPTED, n);
        motemq_rx_commit(m, n);
        break;
    default:
        space = motemq_rx_space(m, &n);
        require(space >= rx && space + n == rx + rx_size);
        n = n < length ? n : length;
        memcpy(space, bytes, n);
        motemq_rx_commit(m, n);
    }
    require(result >= -300);
    for (i = 0; i < 4; i++) {
        if (flags & 0x20) {
            result = motemq_next_event_manual(m, manual, manual_size, &event, &number);
        } else {
            result = motemq_next_event(m, &event);
        }
        if (result != 1) {
            break;
        }
        read_event(&event, rx, rx_size);
        if (flags & 0x20 && number != 0) {
            *token = number;
        }
    }
    require(result <= 1 && (result >= 0 || motemq_is_closed(m)));
    free((void *)bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t rx_size, tx_size, memory_size, manual_size;
    uint16_t slots;
    uint8_t *rx, *tx, *memory, *manual;
    uint32_t token = 0;
    motemq_t *m;
    input = data;
    input_size = size;
    slots = (uint16_t)(1 + next_byte() % 4);
    rx_size = 16 + next_byte() % 64;
    tx_size = 16 + next_byte() % 64;
    memory_size = MOTEMQ_SIZE(slots);
    manual_size = 4 * (2 + next_byte() % 3);
    memory = guarded(memory_size);
    rx = guarded(rx_size);
    tx = guarded(tx_size);
    manual = guarded(manual_size);
    memset(manual, 0, manual_size);
    m = motemq_init(memory, memory_size, slots, rx, rx_size, tx, tx_size);
    require(m != NULL);
    while (input_size != 0) {
        call(m, rx, rx_size, slots, (uint32_t *)(void *)manual, manual_size, &token);
        check_guards(memory, memory_size);
        check_guards(rx, rx_size);
        check_guards(tx, tx_size);
        check_guards(manual, manual_size);
    }
    free(memory - GUARD);
    free(rx - GUARD);
    free(tx - GUARD);
    free(manual - GUARD);
    return 0;
}

#ifdef MOTEMQ_STANDALONE
static uint32_t state;

static uint32_t chance(uint32_t below)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % below;
}

/* Pieces of packets, so that a session gets somewhere. */
static const char *const pieces[] = {
    "\x20\x02\x01",     "\x30\x05\x01\x01t",    "\x32\x07\x01\x01t\x01\x05", "\x34\x07\x01\x01t\x01\x06",
    "\x62\x02\x01\x06", "\x40\x02\x01\x01",     "\x50\x02\x01\x01",          "\x70\x02\x01\x01",
    "\x90\x03\x01\x01", "\xb0\x02\x01\x01\x01", "\xd0",                      "a/b",
#ifdef MOTEMQ5_NAMES_H
    "\x20\x03\x01\x01\x01", "\x30\x08\x01\x01t\x02\x17\x01x", "\x32\x0b\x01\x01t\x01\x05\x03\x23\x01\x01x",
    "\x40\x03\x01\x01\x10", "\x50\x04\x01\x01\x87\x01", "\xe0\x02\x8b\x01", "\xf0\x06\x18\x04\x15\x01\x01m",
    "\xb0\x04\x01\x01\x01\x11", "\x90\x04\x01\x01\x01\x87",
#endif
};

int main(int argc, char **argv)
{
    unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000, run;
    state = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
    for (run = 0; run < runs; run++) {
        uint8_t data[1024];
        size_t size = 0;
        while (size < sizeof data - 64 && chance(60) != 0) {
            const char *piece = pieces[chance(sizeof pieces / sizeof *pieces)];
            size_t length = strlen(piece), at;
            data[size++] = (uint8_t)(chance(4) ? length : chance(40));
            for (at = 0; at < length; at++) {
                /* A 1 in a piece stands for a small number that may be 0. */
                data[size++] = (uint8_t)(piece[at] == 1 ? chance(3) : (uint8_t)piece[at]);
            }
            data[size++] = (uint8_t)chance(256);
            data[size++] = (uint8_t)chance(20);
            data[size++] = (uint8_t)chance(256);
        }
        LLVMFuzzerTestOneInput(data, size);
    }
    printf("fuzz: %lu inputs, all is well\n", runs);
    return 0;
}
#endif
