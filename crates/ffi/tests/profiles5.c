/* What every library of MQTT 5 does: publishes with QoS 0 and 1, with a property, keeps alive and leaves
 * with a reason. And that a library refuses what its profile leaves out. */
#include "motemq5_names.h"

#include "profiles.h"

int main(void)
{
    static MOTEMQ5_MEMORY(2) memory;
    static uint8_t rx[32], tx[64];
    motemq5_property_t property = motemq5_number(MOTEMQ5_PAYLOAD_FORMAT_INDICATOR, 1);
    motemq5_connect_t connect;
    motemq5_publish_t publish;
    motemq5_limits_t limits;
    motemq5_event_t event;
    uint32_t sleep_ms;
    size_t n;
    CHECK(sizeof memory == MOTEMQ5_SIZE(2));
    CHECK(motemq5_init(&memory, sizeof memory - 1, 2, rx, sizeof rx, tx, sizeof tx) == NULL);
    m = motemq5_init(&memory, sizeof memory, 2, rx, sizeof rx, tx, sizeof tx);
    CHECK(m != NULL);
    memset(&connect, 0, sizeof connect);
    memset(&publish, 0, sizeof publish);
    connect.client_id = motemq_text("c");
    connect.keep_alive = 4;
    CHECK(motemq5_connect(m, NULL) == MOTEMQ_ARGUMENT && motemq5_connect(m, &connect) == 0);
    CHECK(memcmp(motemq5_tx_bytes(m, &n), "\x10", 1) == 0 && tx[8] == 5 && tx[9] == 2);
    motemq5_tx_consume(m, n);
    /* The broker accepts no QoS 2, nothing retained, and packets of 20 bytes. */
    arrive("\x20\x0c\0\0\x09\x24\x01\x25\0\x27\0\0\0\x14", 14);
    CHECK(motemq5_next_event(m, &event) == 1 && event.kind == MOTEMQ_CONNECTED);
    CHECK(motemq5_limits(m, NULL) == MOTEMQ_ARGUMENT && motemq5_limits(m, &limits) == 0);
    CHECK(limits.maximum_qos == 1 && !limits.retain_available && limits.maximum_packet_size == 20);
    publish.topic = motemq_text("t");
    publish.payload = "hi";
    publish.payload_length = 2;
    CHECK(motemq5_publish(m, &publish) == 0 && is_sent("\x30\x06\0\x01t\0hi", 8));
    publish.properties_count = 1;
    CHECK(motemq5_publish(m, &publish) == MOTEMQ_ARGUMENT);
    publish.properties = &property;
    publish.qos = 1;
    CHECK(motemq5_publish(m, &publish) == 1 && is_sent("\x32\x0a\0\x01t\0\x01\x02\x01\x01hi", 12));
    publish.retain = 1;
    CHECK(motemq5_publish(m, &publish) == MOTEMQ5_UNSUPPORTED);
    publish.retain = 0;
    publish.payload = "longer than 20 bytes";
    publish.payload_length = 20;
    CHECK(motemq5_publish(m, &publish) == MOTEMQ5_UNSUPPORTED);
    arrive("\x40\x04\0\x01\x97\0", 6);
    CHECK(motemq5_next_event(m, &event) == 1 && event.kind == MOTEMQ5_REFUSED);
    CHECK(event.refused.id == 1 && event.refused.code == 0x97);
    CHECK(motemq5_next_event(m, &event) == 0);
    CHECK(motemq5_tick(m, 0, &sleep_ms) == 0 && sleep_ms == 3000);
    CHECK(motemq5_tick(m, 3000, &sleep_ms) == 0 && is_sent("\xc0\0", 2));
    arrive("\xd0\0", 2);
    CHECK(motemq5_next_event(m, &event) == 0 && motemq5_tick(m, 3001, NULL) == 0);
    publish.payload_length = 2;
    publish.qos = 2;
#ifdef MOTEMQ5_SENSOR
    CHECK(motemq5_publish(m, &publish) == MOTEMQ_INVALID);
#else
    CHECK(motemq5_publish(m, &publish) == MOTEMQ5_UNSUPPORTED);
#endif
    arrive("\x30\x04\0\x01t\0", 6);
#ifdef MOTEMQ5_SENSOR
    CHECK(motemq5_next_event(m, &event) == MOTEMQ_UNEXPECTED && motemq5_is_closed(m));
#else
    CHECK(motemq5_next_event(m, &event) == 1 && event.kind == MOTEMQ_MESSAGE);
    CHECK(motemq5_next_property(&event.message.properties, &property) == 0);
    CHECK(motemq5_disconnect_with(m, 0x98, NULL, 1) == MOTEMQ_ARGUMENT);
    CHECK(motemq5_disconnect_with(m, 0x80, NULL, 0) == 0 && motemq5_is_closed(m));
    CHECK(is_sent("\xe0\x01\x80", 3));
#endif
    connect.keep_session = 1;
#ifdef MOTEMQ5_NO_RESUME
    CHECK(motemq5_connect(m, &connect) == MOTEMQ_INVALID);
#else
    CHECK(motemq5_connect(m, &connect) == 0);
#endif
    /* A refusal is an event. */
    connect.keep_session = 0;
    CHECK(motemq5_connect(m, &connect) == 0);
    arrive("\x20\x03\0\x87\0", 5);
    CHECK(motemq5_next_event(m, &event) == 1 && event.kind == MOTEMQ5_DISCONNECTED);
    CHECK(event.disconnected.code == 0x87 && motemq5_is_closed(m));
    printf("profiles5: all is well\n");
    return 0;
}
