/* motemq5_run.c against a real broker: ./broker5 PORT */
#define _POSIX_C_SOURCE 200112L
#include "motemq5_names.h"

#include "broker.h"

static int has_text(const motemq5_properties_t *properties, uint8_t id, const char *text)
{
    motemq5_property_t property;
    return motemq5_find_property(properties, id, &property) == 1
           && property.text.value.length == strlen(text)
           && memcmp(property.text.value.data, text, strlen(text)) == 0;
}

int main(int argc, char **argv)
{
    static MOTEMQ5_MEMORY(8) memory;
    static uint8_t rx[512], tx[512], big[100000];
    motemq5_property_t expiry = motemq5_number(MOTEMQ5_SESSION_EXPIRY_INTERVAL, 60), list[4];
    motemq5_filter_t filters[] = { { MOTEMQ_TEXT("v5/#"), 2, 0, 1, MOTEMQ5_SEND_IF_NEW },
                                   { MOTEMQ_TEXT("$share/g/shared"), 1, 0, 0, 0 } };
    motemq5_publish_t publish;
    motemq5_connect_t connect;
    motemq5_limits_t limits;
    motemq5_event_t event;
    motemq5_property_t property;
    size_t got = 0;
    int qos, acked = 0, messages = 0;
    port = (uint16_t)atoi(argc > 1 ? argv[1] : "1883");
    m = motemq5_init(&memory, sizeof memory, 8, rx, sizeof rx, tx, sizeof tx);
    memset(&connect, 0, sizeof connect);
    memset(&publish, 0, sizeof publish);
    connect.client_id = motemq_text("c-client-5");
    connect.properties = &expiry;
    connect.properties_count = 1;
    connect.keep_alive = 30;
    result = motemq5_open(m, &io, &connect);
    CHECK(result == 0);
    event = wait_for(MOTEMQ_CONNECTED);
    CHECK(event.connected.session == MOTEMQ_SESSION_NEW);
    CHECK(motemq5_limits(m, &limits) == 0 && limits.maximum_qos == 2);
    /* mosquitto announces both. */
    CHECK(limits.topic_alias_maximum == 10 && limits.receive_maximum == 20);
    CHECK(motemq5_has_send_quota(m) == 1);

    property = motemq5_number(MOTEMQ5_SUBSCRIPTION_IDENTIFIER, 268435455);
    result = motemq5_subscribe(m, filters, 2, &property, 1);
    CHECK(result > 0);
    event = wait_for(MOTEMQ_SUBSCRIBED);
    CHECK(event.subscribed.count == 2 && event.subscribed.codes[0] == 2);
    CHECK(event.subscribed.codes[1] == 1);

    /* Properties there and back, with each QoS; the second and third message by a topic alias. */
    list[0] = motemq5_bytes(MOTEMQ5_RESPONSE_TOPIC, "v5/answer", 9);
    list[1] = motemq5_bytes(MOTEMQ5_CORRELATION_DATA, "\0\1\2", 3);
    list[2] = motemq5_user(motemq_text("name"), motemq_text("v\xc3\xa9lo"));
    list[3] = motemq5_number(MOTEMQ5_TOPIC_ALIAS_NUMBER, 3);
    publish.properties = list;
    publish.properties_count = 4;
    publish.payload = "hello";
    publish.payload_length = 5;
    for (qos = 0; qos < 3; qos++) {
        publish.topic = motemq_text(qos == 0 ? "v5/question" : "");
        publish.qos = (uint8_t)qos;
        result = motemq5_publish(m, &publish);
        CHECK(result >= 0);
    }
    while (acked < 2 || messages < 3) {
        result = motemq5_wait(m, &io, &event, 10000);
        CHECK(result == 1);
        if (event.kind == MOTEMQ_ACKED) {
            acked++;
        } else if (event.kind == MOTEMQ_MESSAGE) {
            CHECK(event.message.topic.length == 11 && event.message.payload_length == 5);
            CHECK(has_text(&event.message.properties, MOTEMQ5_RESPONSE_TOPIC, "v5/answer"));
            CHECK(motemq5_find_property(&event.message.properties, MOTEMQ5_USER_PROPERTY, &property));
            CHECK(property.user.name.length == 4 && property.user.value.length == 5);
            CHECK(motemq5_find_property(&event.message.properties, MOTEMQ5_SUBSCRIPTION_IDENTIFIER,
                                        &property)
                  == 1);
            CHECK(property.four.value == 268435455);
            messages++;
        }
    }
    /* An alias that was not sent. */
    list[3] = motemq5_number(MOTEMQ5_TOPIC_ALIAS_NUMBER, 4);
    result = motemq5_publish(m, &publish);
    CHECK(result == MOTEMQ_INVALID);
    list[3] = motemq5_number(MOTEMQ5_TOPIC_ALIAS_NUMBER, 11);
    publish.topic = motemq_text("v5/question");
    result = motemq5_publish(m, &publish);
    CHECK(result == MOTEMQ5_UNSUPPORTED);
    /* Properties that are not what they say. */
    list[3] = motemq5_number(MOTEMQ5_TOPIC_ALIAS_NUMBER, 3);
    list[0].id = 0x77;
    result = motemq5_publish(m, &publish);
    CHECK(result == MOTEMQ_ARGUMENT);
    list[0] = motemq5_bytes(MOTEMQ5_CONTENT_TYPE, NULL, 0);
    result = motemq5_publish(m, &publish);
    CHECK(result == MOTEMQ_ARGUMENT);
    list[0] = motemq5_bytes(MOTEMQ5_CONTENT_TYPE, "\xff", 1);
    result = motemq5_publish(m, &publish);
    CHECK(result == MOTEMQ_INVALID);
    list[0] = motemq5_number(MOTEMQ5_RECEIVE_MAXIMUM, 1);
    result = motemq5_publish(m, &publish);
    CHECK(result == MOTEMQ_INVALID);
    list[0].two.value = 0;
    result = motemq5_publish(m, &publish);
    CHECK(result == MOTEMQ_ARGUMENT);
    list[0] = motemq5_number(MOTEMQ5_PAYLOAD_FORMAT_INDICATOR, 2);
    result = motemq5_publish(m, &publish);
    CHECK(result == MOTEMQ_ARGUMENT);
    publish.properties = NULL;
    result = motemq5_publish(m, &publish);
    CHECK(result == MOTEMQ_ARGUMENT);
    publish.properties_count = 0;

    /* A payload that is longer than all buffers, and a refusal by reason. */
    publish.topic = motemq_text("v5/big");
    publish.payload = big;
    publish.payload_length = sizeof big;
    publish.qos = 1;
    result = motemq5_publish_long(m, &io, &publish);
    CHECK(result > 0);
    while (got < sizeof big) {
        result = motemq5_wait(m, &io, &event, 10000);
        CHECK(result == 1);
        got += event.kind == MOTEMQ_MESSAGE   ? event.message.payload_length
               : event.kind == MOTEMQ_PAYLOAD ? event.payload.length
                                              : 0;
    }
    CHECK(motemq5_refuse(m, 0x01) == MOTEMQ_INVALID);
    CHECK(motemq5_authenticate(m, 0x19, NULL, 0) == MOTEMQ_INVALID);

    result = motemq5_unsubscribe(m, filters, 2, NULL, 0);
    CHECK(result > 0);
    event = wait_for(MOTEMQ5_UNSUBSCRIBED);
    CHECK(event.unsubscribed.count == 2 && event.unsubscribed.codes[0] == 0);

    /* The session goes on. */
    closed = 0;
    result = motemq5_disconnect_with(m, 4, NULL, 0);
    CHECK(result == 0);
    result = motemq5_flush(m, &io);
    CHECK(result == 0 && motemq5_is_closed(m));
    io.disconnect(io.context);
    connect.keep_session = 1;
    result = motemq5_open(m, &io, &connect);
    CHECK(result == 0);
    event = wait_for(MOTEMQ_CONNECTED);
    CHECK(event.connected.session == MOTEMQ_SESSION_RESUMED);

    /* The broker says why it ends the connection: a publish with QoS 3 came from somewhere. */
    result = io.send(io.context, (const uint8_t *)"\x36\0", 2);
    CHECK(result == 2);
    event = wait_for(MOTEMQ5_DISCONNECTED);
    CHECK(event.disconnected.code == 0x81 && motemq5_is_closed(m));
    closed = 0;
    result = motemq5_wait(m, &io, &event, 0);
    CHECK(result == MOTEMQ_OFFLINE && closed == 1);
    printf("broker5: all is well\n");
    return 0;
}
