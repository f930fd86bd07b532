/* The dialogue with MQTT 5. */
#include "motemq5_names.h"

#define RX 56
#define TX 160
#include "dialogue.h"

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

/* The broker has accepted the connection: receive maximum 10, topic alias maximum 4, and the method. */
static void accept_client(broker_t *b)
{
    say(b, b->is_known ? "\x20\x0d\x01" : "\x20\x0d\0", 3);
    say(b, "\0\x0a\x21\0\x0a\x22\0\x04\x15\0\x01m", 12);
    say_again(b);
}

static void hear(broker_t *b, uint8_t first, const uint8_t *p, size_t n)
{
    static const uint8_t connect[] = "\0\x04MQTT\x05\xec\0\x3c\x0c\x21\0";
    static const uint8_t properties[] = "\x11\xff\xff\xff\xff\x15\0\x01m";
    const uint8_t *after;
    size_t qos = first >> 1 & 3;
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
        take(b, p, qos);
        if (qos == 1) {
            /* No matching subscribers, which is a success. */
            say(b, "\x40\x03", 2);
            say(b, p + 5, 2);
            say(b, "\x10", 1);
        }
        break;
    case 4:
        CHECK(p[1] == 7 && b->own[1] <= 1 && n >= 3 && p[2] == 0x87);
        b->own[1] = 0;
        b->refused++;
        break;
    case 8:
        /* A subscription identifier, and the options of the filters. */
        CHECK(n == 2 + 3 + 6 + 7 && memcmp(p + 2, "\x02\x0b\x05\0\x03" "d/+\x2e", 9) == 0);
        CHECK(p[n - 1] == 0x11);
        say(b, "\x90\x05", 2);
        say(b, p, 2);
        say(b, "\0\x02\x87", 3);
        say_messages(b);
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
        hear_acknowledgement(b, first, p, n);
    }
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

static motemq5_publish_t message(int n)
{
    static motemq5_property_t user;
    motemq5_publish_t publish = plain_message(n);
    user = motemq5_user(motemq_text("k"), motemq_text("v"));
    publish.properties = &user;
    publish.properties_count = 1;
    return publish;
}

static void go_on(client_t *c)
{
    motemq5_filter_t filters[] = { { MOTEMQ_TEXT("d/+"), 2, 1, 1, MOTEMQ5_DO_NOT_SEND },
                                   { MOTEMQ_TEXT("\xc3\xa9/#"), 1, 0, 0, MOTEMQ5_SEND_IF_NEW } };
    motemq5_property_t identifier = motemq5_number(MOTEMQ5_SUBSCRIPTION_IDENTIFIER, 5);
    if (!motemq5_is_open(c->m)) {
        return;
    }
    switch (c->step++) {
    case 0:
        CHECK(motemq5_subscribe(c->m, filters, 2, &identifier, 1) > 0);
        break;
    case 4:
        CHECK(motemq5_unsubscribe(c->m, filters, 1, NULL, 0) > 0);
        break;
    case 5:
        c->is_done = 1;
        break;
    default:
        CHECK(c->step <= 4);
        publish_step(c);
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
    motemq5_property_t p[2];
    motemq5_limits_t limits;
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
        check_properties(&e->message.properties);
        handle_message(c, e, 90);
        if (motemq5_message_qos(e) == 1) {
            CHECK(motemq5_refuse(c->m, 0x87) == 0);
        }
        break;
    case MOTEMQ_SUBSCRIBED:
        handle_subscribed(c, e, 0x87);
        break;
    case MOTEMQ5_UNSUBSCRIBED:
        CHECK(e->unsubscribed.count == 1 && e->unsubscribed.codes[0] == 0);
        add_number(c, e->unsubscribed.id);
        c->ended++;
        go_on(c);
        break;
    default:
        handle_other(c, e);
    }
}

static void leave(client_t *c)
{
    CHECK(motemq5_disconnect_with(c->m, 4, NULL, 0) == 0);
}

int main(void)
{
    cuts(1);
    printf("dialogue5: all is well\n");
    return 0;
}
