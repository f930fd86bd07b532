/* motemq_run.c against a real broker: ./broker PORT */
#define _POSIX_C_SOURCE 200112L
#include "broker.h"

static uint8_t big[1000000];

static uint8_t byte_at(size_t at)
{
    return (uint8_t)(at * 7 + at / 251);
}

int main(int argc, char **argv)
{
    static MOTEMQ_MEMORY(8) memory;
    static MOTEMQ_MANUAL(4) manual;
    static uint8_t rx[256], tx[256], image[MOTEMQ_IMAGE_SIZE(8)];
    motemq_publish_t publish, will = { MOTEMQ_TEXT("c/will"), "gone", 4, 0, 1, 0 };
    motemq_filter_t filter = { MOTEMQ_TEXT("c/#"), 2 };
    motemq_connect_t connect;
    motemq_event_t event;
    int acked = 0, messages = 0, is_done = 0, qos;
    size_t got = 0, at;
    uint32_t begun, token;
    port = (uint16_t)atoi(argc > 1 ? argv[1] : "1883");
    m = motemq_init(&memory, sizeof memory, 8, rx, sizeof rx, tx, sizeof tx);
    memset(&connect, 0, sizeof connect);
    memset(&publish, 0, sizeof publish);

    /* What cannot be: the transport is closed again. */
    result = motemq_open(m, &io, &connect);
    CHECK(result == MOTEMQ_ARGUMENT && closed == 1);
    result = motemq_wait(m, &io, &event, 0);
    CHECK(result == MOTEMQ_OFFLINE);

    connect.client_id = motemq_text("c-client");
    connect.user = motemq_text("me");
    connect.password = "p";
    connect.password_length = 1;
    connect.will = &will;
    connect.keep_alive = 2;
    result = motemq_open(m, &io, &connect);
    CHECK(result == 0);
    event = wait_for(MOTEMQ_CONNECTED);
    CHECK(event.connected.session == MOTEMQ_SESSION_NEW);
    result = motemq_subscribe(m, &filter, 1);
    CHECK(result > 0);
    event = wait_for(MOTEMQ_SUBSCRIBED);
    CHECK(event.subscribed.count == 1 && event.subscribed.codes[0] == 2);

    for (qos = 0; qos < 3; qos++) {
        publish.topic = motemq_text("c/small");
        publish.payload = "hello";
        publish.payload_length = 5;
        publish.qos = (uint8_t)qos;
        result = motemq_publish(m, &publish);
        CHECK(result >= 0);
    }
    while (messages < 3 || acked < 2) {
        result = motemq_wait(m, &io, &event, 10000);
        CHECK(result == 1);
        if (event.kind == MOTEMQ_MESSAGE) {
            CHECK(event.message.payload_length == 5 && memcmp(event.message.payload, "hello", 5) == 0);
            messages |= 1 << motemq_message_qos(&event);
            messages = messages == 7 ? 3 : messages;
        }
        acked += event.kind == MOTEMQ_ACKED;
    }
    result = motemq_save(m, image, sizeof image);
    CHECK(result == 0);

    /* 1 MB through 256 bytes, both ways. While it is sent in pieces of ours, nothing can be read if
     * an acknowledgement is due. */
    for (at = 0; at < sizeof big; at++) {
        big[at] = byte_at(at);
    }
    publish.topic = motemq_text("c/big");
    publish.payload = NULL;
    publish.qos = 1;
    result = motemq_publish_long(m, &io, &publish);
    CHECK(result == MOTEMQ_ARGUMENT);
    publish.payload = big;
    publish.payload_length = sizeof big;
    result = motemq_publish(m, &publish);
    CHECK(result == MOTEMQ_TOO_LONG);
    result = motemq_publish_long(m, &io, &publish);
    CHECK(result > 0);
    while (got < sizeof big) {
        result = motemq_wait(m, &io, &event, 10000);
        CHECK(result == 1);
        if (event.kind == MOTEMQ_MESSAGE) {
            CHECK(event.message.payload_length + event.message.remaining == sizeof big);
            CHECK(memcmp(event.message.payload, big, event.message.payload_length) == 0);
            got = event.message.payload_length;
        } else if (event.kind == MOTEMQ_PAYLOAD) {
            CHECK(event.payload.length + event.payload.remaining == sizeof big - got);
            CHECK(memcmp(event.payload.data, big + got, event.payload.length) == 0);
            got += event.payload.length;
        }
    }

    /* A payload begun and left, while messages with QoS 1 fill rx. */
    publish.topic = motemq_text("c/small");
    publish.payload_length = 200;
    for (at = 0; at < 3; at++) {
        do {
            result = motemq_publish(m, &publish);
            CHECK(result > 0 || result == MOTEMQ_FULL || result == MOTEMQ_BUSY);
            if (result < 0 && motemq_flush(m, &io) == 0) {
                (void)motemq_wait(m, &io, &event, 10);
            }
        } while (result < 0);
    }
    publish.topic = motemq_text("c/pieces");
    publish.payload_length = 0;
    publish.remaining = 5;
    do {
        result = motemq_flush(m, &io);
        CHECK(result == 0);
        result = motemq_publish(m, &publish);
        CHECK(result > 0 || result == MOTEMQ_BUSY);
        if (result < 0) {
            (void)motemq_wait(m, &io, &event, 10);
        }
    } while (result < 0);
    do {
        result = motemq_wait(m, &io, &event, 10000);
    } while (result == 1);
    CHECK(result == MOTEMQ_BUSY && motemq_payload_remaining(m) == 5);
    result = motemq_publish_chunk(m, "12345", 5);
    CHECK(result == 5);
    publish.remaining = 0;
    do {
        event = wait_for(MOTEMQ_MESSAGE);
    } while (event.message.topic.length != 8);

    /* Longer than the broker waits for a client with this keep alive. */
    begun = now(NULL);
    while (now(NULL) - begun < 4000) {
        result = motemq_wait(m, &io, &event, 500);
        CHECK(result >= 0);
    }
    publish.topic = motemq_text("c/after");
    publish.payload = "";
    publish.payload_length = 0;
    result = motemq_publish(m, &publish);
    CHECK(result > 0);
    do {
        event = wait_for(MOTEMQ_MESSAGE);
    } while (event.message.topic.length != 7);

    /* Manual acknowledgement. */
    publish.qos = 2;
    publish.topic = motemq_text("c/manual");
    do {
        result = motemq_publish(m, &publish);
        CHECK(result > 0 || result == MOTEMQ_BUSY);
        if (result < 0) {
            (void)motemq_wait(m, &io, &event, 10);
        }
    } while (result < 0);
    for (begun = now(NULL); !is_done && now(NULL) - begun < 10000;) {
        size_t room;
        uint8_t *space;
        while ((result = motemq_next_event_manual(m, &manual, sizeof manual, &event, &token)) > 0) {
            if (token != 0) {
                result = motemq_ack(m, &manual, sizeof manual, token);
                CHECK(result == 0);
                result = motemq_ack(m, &manual, sizeof manual, token);
                CHECK(result == MOTEMQ_INVALID);
            }
            is_done |= event.kind == MOTEMQ_MESSAGE && event.message.topic.length == 8 && token != 0;
        }
        CHECK(result == 0);
        result = motemq_flush(m, &io);
        CHECK(result == 0);
        space = motemq_rx_space(m, &room);
        result = io.recv(io.context, space, room, 100);
        CHECK(result >= 0);
        motemq_rx_commit(m, (size_t)result);
    }
    CHECK(is_done);
    result = motemq_disconnect_manual(m, &manual, sizeof manual);
    CHECK(result == 0);
    result = motemq_flush(m, &io);
    CHECK(result == 0);
    io.disconnect(io.context);

    result = motemq_restore(m, image, sizeof image);
    CHECK(result == 0);
    result = motemq_open(m, &io, &connect);
    CHECK(result == 0);
    (void)wait_for(MOTEMQ_CONNECTED);
    closed = 0;
    result = motemq_close(m, &io);
    CHECK(result == 0 && closed == 1 && motemq_is_closed(m));
    printf("broker: all is well\n");
    return 0;
}
