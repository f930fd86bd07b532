/* Arguments that are not allowed, and what is said of them. */
#include "motemq.h"

#include <stdio.h>
#include <string.h>

#define CHECK(condition)                                                                            \
    do {                                                                                            \
        if (!(condition)) {                                                                         \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                  \
            return 1;                                                                               \
        }                                                                                           \
    } while (0)

int main(void)
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
    printf("arguments: all is well\n");
    return 0;
}
