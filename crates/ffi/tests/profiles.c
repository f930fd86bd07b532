/* What every library does: publishes with QoS 0 and 1, keeps alive and leaves. And that a library
 * refuses what its profile leaves out. */
#include "profiles.h"

int main(void)
{
    static MOTEMQ_MEMORY(2) memory;
    static uint8_t rx[32], tx[64];
    motemq_connect_t connect;
    motemq_publish_t publish;
    motemq_event_t event;
    uint32_t sleep_ms;
    m = motemq_init(&memory, sizeof memory, 2, rx, sizeof rx, tx, sizeof tx);
    CHECK(m != NULL);
    memset(&connect, 0, sizeof connect);
    memset(&publish, 0, sizeof publish);
    connect.client_id = motemq_text("c");
    connect.keep_alive = 4;
    CHECK(motemq_connect(m, &connect) == 0);
    CHECK(is_sent("\x10\x0d\0\x04MQTT\x04\x02\0\x04\0\x01" "c", 15));
    arrive("\x20\x02\0\0", 4);
    CHECK(motemq_next_event(m, &event) == 1 && event.kind == MOTEMQ_CONNECTED);
    publish.topic = motemq_text("t");
    publish.payload = "hi";
    publish.payload_length = 2;
    CHECK(motemq_publish(m, &publish) == 0 && is_sent("\x30\x05\0\x01thi", 7));
    publish.qos = 1;
    CHECK(motemq_publish(m, &publish) == 1 && is_sent("\x32\x07\0\x01t\0\x01hi", 9));
    publish.topic = motemq_text("\xc3\x28");
    CHECK(motemq_publish(m, &publish) == MOTEMQ_ARGUMENT);
    publish.topic = motemq_text("t");
    arrive("\x40\x02\0\x01", 4);
    CHECK(motemq_next_event(m, &event) == 1 && event.kind == MOTEMQ_ACKED && event.acked.id == 1);
    CHECK(motemq_next_event(m, &event) == 0);
    CHECK(motemq_tick(m, 0, &sleep_ms) == 0 && sleep_ms == 3000);
    CHECK(motemq_tick(m, 3000, &sleep_ms) == 0 && is_sent("\xc0\0", 2));
    arrive("\xd0\0", 2);
    CHECK(motemq_next_event(m, &event) == 0 && motemq_tick(m, 3001, NULL) == 0);
#ifdef MOTEMQ_SENSOR
    publish.qos = 2;
    CHECK(motemq_publish(m, &publish) == MOTEMQ_INVALID);
    arrive("\x30\x03\0\x01t", 5);
    CHECK(motemq_next_event(m, &event) == MOTEMQ_UNEXPECTED && motemq_is_closed(m));
#else
    arrive("\x30\x03\0\x01t", 5);
    CHECK(motemq_next_event(m, &event) == 1 && event.kind == MOTEMQ_MESSAGE);
    CHECK(motemq_disconnect(m) == 0 && is_sent("\xe0\0", 2) && motemq_is_closed(m));
#endif
    connect.keep_session = 1;
#ifdef MOTEMQ_NO_RESUME
    CHECK(motemq_connect(m, &connect) == MOTEMQ_INVALID);
#else
    CHECK(motemq_connect(m, &connect) == 0);
#endif
    printf("profiles: all is well\n");
    return 0;
}
