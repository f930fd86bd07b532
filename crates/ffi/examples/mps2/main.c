/* A client on a Cortex-M4 without an operating system and without a C library. It does what it is told
 * on the console, line by line, and says there what happens:
 *
 *   connect PORT CLIENT KEEP_ALIVE clean|keep     subscribe FILTER QOS     unsubscribe FILTER
 *   publish TOPIC QOS PAYLOAD     stream TOPIC QOS LENGTH     disconnect     exit STATUS
 *
 * A modem on the second UART carries the connection. Its commands and answers follow a byte DLE, and a
 * DLE in the data is doubled: DLE d PORT newline dials, DLE h hangs up; DLE c says that it is
 * connected, DLE n that there is no carrier. */
#include "board.h"
#ifndef MOTEMQ5_NAMES_H
#include "motemq.h"
#endif

#define SLOTS 8
#define DLE 0x10
/* Bytes of tx that an acknowledgement takes, with MQTT 5 with its reason; events wait for them. */
#define ANSWER 5
/* Between two attempts to connect, in milliseconds. */
#define PAUSE 200
/* A payload up to this length is printed. */
#define SHORT 64

/* A message that is kept until the broker has it. */
typedef struct copy {
    uint16_t id;
    uint8_t qos;
    uint8_t topic_length, payload_length;
    char topic[48];
    uint8_t payload[96];
} copy_t;

static MOTEMQ_MEMORY(SLOTS) memory;
static uint8_t rx[256], tx[256];
static motemq_t *m;
static copy_t copies[SLOTS];

static enum { DOWN, DIALING, UP, HANGING_UP } carrier;
static int is_escaped, is_told_up;
static uint32_t due;

static char line[128];
static size_t line_length;
static int is_line_whole;

/* What `connect` said; port 0: there is to be no connection. */
static uint16_t port, keep_alive;
static char client_id[24];
static uint8_t keep_session;

/* The identifier that is to be sent again, and what was given of a stream. */
static uint16_t resend;
static uint32_t given;

/* A message that arrives in pieces. */
static char long_topic[48];
static size_t long_topic_length;
static uint32_t long_length, long_sum;

/* ---- The console ---- */

static void say(const char *text)
{
    while (*text != 0) {
        uart_write(CONSOLE, (uint8_t)*text++);
    }
}

static void say_bytes(const void *bytes, size_t n)
{
    const uint8_t *at = (const uint8_t *)bytes;
    while (n-- != 0) {
        uart_write(CONSOLE, *at++);
    }
}

static void say_number(const char *before, uint32_t number)
{
    char digits[10];
    size_t n = sizeof digits;
    do {
        digits[--n] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    say(before);
    say_bytes(digits + n, sizeof digits - n);
}

static void say_hex(uint32_t number)
{
    int shift;
    for (shift = 28; shift >= 0; shift -= 4) {
        uart_write(CONSOLE, (uint8_t)"0123456789abcdef"[number >> shift & 15]);
    }
}

/* The next word of a line, or with `is_rest` all that is left of it. */
static motemq_text_t word(const char **at, int is_rest)
{
    motemq_text_t text;
    text.data = *at;
    while (**at != 0 && (is_rest || **at != ' ')) {
        ++*at;
    }
    text.length = (size_t)(*at - text.data);
    if (**at == ' ') {
        ++*at;
    }
    return text;
}

static uint32_t number(const char **at)
{
    motemq_text_t text = word(at, 0);
    uint32_t value = 0;
    size_t i;
    for (i = 0; i < text.length; i++) {
        value = value * 10 + (uint32_t)(text.data[i] - '0');
    }
    return value;
}

static int is(motemq_text_t text, const char *other)
{
    size_t i;
    for (i = 0; i < text.length && text.data[i] == other[i]; i++) {
    }
    return i == text.length && other[i] == 0;
}

static size_t copy(void *to, const void *from, size_t n, size_t most)
{
    size_t i;
    n = n < most ? n : most;
    for (i = 0; i < n; i++) {
        ((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    }
    return n;
}

static void clear(void *object, size_t n)
{
    volatile uint8_t *at = (volatile uint8_t *)object;
    while (n-- != 0) {
        *at++ = 0;
    }
}

/* ---- Copies of messages ---- */

static copy_t *find_copy(uint16_t id)
{
    size_t i;
    for (i = 0; i < SLOTS; i++) {
        if (copies[i].id == id) {
            return &copies[i];
        }
    }
    return NULL;
}

static void forget(uint16_t id)
{
    copy_t *c = find_copy(id);
    if (c != NULL) {
        c->id = 0;
    }
}

static void keep(uint16_t id, const motemq_publish_t *publish)
{
    copy_t *c = find_copy(0);
    if (c == NULL || publish->topic.length > sizeof c->topic
        || publish->payload_length > sizeof c->payload) {
        return;
    }
    c->id = id;
    c->qos = publish->qos;
    c->topic_length = (uint8_t)copy(c->topic, publish->topic.data, publish->topic.length, 48);
    c->payload_length = (uint8_t)copy(c->payload, publish->payload, publish->payload_length, 96);
}

/* ---- The modem ---- */

static void hang_up(void)
{
    if (carrier == UP) {
        uart_write(MODEM, DLE);
        uart_write(MODEM, 'h');
        carrier = HANGING_UP;
    }
}

static void dial(void)
{
    char digits[5];
    size_t n = sizeof digits;
    uint16_t rest = port;
    uart_write(MODEM, DLE);
    uart_write(MODEM, 'd');
    for (; rest != 0; rest /= 10) {
        digits[--n] = (char)('0' + rest % 10);
    }
    while (n < sizeof digits) {
        uart_write(MODEM, (uint8_t)digits[n++]);
    }
    uart_write(MODEM, '\n');
    carrier = DIALING;
}

/* One byte of the modem. Returns 0 if there is none, or no room for it. */
static int receive(void)
{
    size_t room;
    uint8_t *space = motemq_rx_space(m, &room);
    int byte;
    if (room == 0 || (byte = uart_read(MODEM)) < 0) {
        return 0;
    }
    if (!is_escaped && byte == DLE) {
        is_escaped = 1;
        return 1;
    }
    if (is_escaped && byte == 'c') {
        carrier = UP;
    } else if (is_escaped && byte == 'n') {
        carrier = DOWN;
        motemq_on_connection_lost(m);
    } else if (carrier == UP) {
        *space = (uint8_t)byte;
        motemq_rx_commit(m, 1);
    }
    is_escaped = 0;
    return 1;
}

static int transmit(void)
{
    size_t length, i;
    const uint8_t *bytes = motemq_tx_bytes(m, &length);
    if (carrier != UP) {
        return 0;
    }
    for (i = 0; i < length; i++) {
        if (bytes[i] == DLE) {
            uart_write(MODEM, DLE);
        }
        uart_write(MODEM, bytes[i]);
    }
    motemq_tx_consume(m, length);
    return length != 0;
}

/* ---- Events ---- */

static void more_of_long(const uint8_t *data, size_t length, uint32_t remaining)
{
    size_t i;
    for (i = 0; i < length; i++) {
        long_sum = (long_sum ^ data[i]) * 0x01000193u;
    }
    long_length += (uint32_t)length;
    if (remaining == 0) {
        say("long ");
        say_bytes(long_topic, long_topic_length);
        say_number(" ", long_length);
        say(" ");
        say_hex(long_sum);
        say("\n");
    }
}

static void on_message(const motemq_event_t *e)
{
    if (e->message.remaining == 0 && e->message.payload_length <= SHORT) {
        say("message ");
        say_bytes(e->message.topic.data, e->message.topic.length);
        say_number(" ", (uint32_t)motemq_message_qos(e));
        say(motemq_message_retain(e) ? " true " : " false ");
        say_bytes(e->message.payload, e->message.payload_length);
        say("\n");
        return;
    }
    long_topic_length =
        copy(long_topic, e->message.topic.data, e->message.topic.length, sizeof long_topic);
    long_length = 0;
    long_sum = 0x811c9dc5u;
    more_of_long(e->message.payload, e->message.payload_length, e->message.remaining);
}

static void on_event(const motemq_event_t *e)
{
    static const char *const states[] = { "New", "Resumed", "Unrecognized" };
    size_t i;
    switch (e->kind) {
    case MOTEMQ_CONNECTED:
        is_told_up = 1;
        say("connected ");
        say(states[e->connected.session]);
        break;
    case MOTEMQ_MESSAGE:
        on_message(e);
        return;
    case MOTEMQ_PAYLOAD:
        more_of_long(e->payload.data, e->payload.length, e->payload.remaining);
        return;
    case MOTEMQ_SKIPPED:
        say_number("skipped ", e->skipped.length);
        break;
    case MOTEMQ_RECEIVED:
        forget(e->received.id);
        say_number("received ", e->received.id);
        break;
    case MOTEMQ_ACKED:
        forget(e->acked.id);
        say_number("acked ", e->acked.id);
        break;
    case MOTEMQ_SUBSCRIBED:
        say_number("subscribed ", e->subscribed.id);
        for (i = 0; i < e->subscribed.count; i++) {
            say_number(i == 0 ? " [" : ", ", e->subscribed.codes[i]);
        }
        say("]");
        break;
    case MOTEMQ_RESEND:
        resend = e->resend.id;
        say_number("resend ", e->resend.id);
        say_number(" ", e->resend.qos);
        break;
    case MOTEMQ_OUTCOME_UNKNOWN:
        forget(e->outcome_unknown.id);
        say_number("unknown ", e->outcome_unknown.id);
        break;
#ifdef MOTEMQ5_NAMES_H
    case MOTEMQ5_UNSUBSCRIBED:
        say_number("acked ", e->unsubscribed.id);
        break;
    case MOTEMQ5_DISCONNECTED:
        /* The session is closed, which the main loop sees. */
        return;
#endif
    default:
        say("error an event of no known kind");
    }
    say("\n");
}

static void on_fault(int fault)
{
    say_number("fault ", (uint32_t)-fault);
    say("\n");
    hang_up();
}

static int events(void)
{
    motemq_event_t event;
    size_t length;
    int result = 0, something = 0;
    while (motemq_tx_bytes(m, &length) != NULL && length + ANSWER <= sizeof tx
           && (result = motemq_next_event(m, &event)) > 0) {
        on_event(&event);
        something = 1;
    }
    if (result < 0) {
        on_fault(result);
    }
    return something;
}

/* ---- Commands ---- */

/* Carries out the line. Returns MOTEMQ_FULL or MOTEMQ_BUSY if it has to wait. */
static int carry_out(void)
{
    const char *at = line;
    motemq_text_t verb = word(&at, 0), rest;
    motemq_publish_t publish;
    motemq_filter_t filter;
    int result;
    clear(&publish, sizeof publish);
    clear(&filter, sizeof filter);
    publish.payload = "";
    if (is(verb, "connect")) {
        port = (uint16_t)number(&at);
        rest = word(&at, 0);
        client_id[copy(client_id, rest.data, rest.length, sizeof client_id - 1)] = 0;
        keep_alive = (uint16_t)number(&at);
        keep_session = !is(word(&at, 0), "clean");
        due = board_now();
        return 0;
    }
    if (is(verb, "disconnect")) {
        result = motemq_disconnect(m);
        if (result == 0) {
            port = 0;
        }
        return result;
    }
    if (is(verb, "subscribe") || is(verb, "unsubscribe")) {
        filter.filter = word(&at, 0);
        filter.qos = (uint8_t)number(&at);
        return is(verb, "subscribe") ? motemq_subscribe(m, &filter, 1)
                                     : motemq_unsubscribe(m, &filter, 1);
    }
    if (is(verb, "publish") || is(verb, "stream")) {
        publish.topic = word(&at, 0);
        publish.qos = (uint8_t)number(&at);
        if (is(verb, "stream")) {
            given = 0;
            publish.remaining = number(&at);
            return motemq_publish(m, &publish);
        }
        rest = word(&at, 1);
        publish.payload = rest.data;
        publish.payload_length = rest.length;
        result = motemq_publish(m, &publish);
        if (result > 0) {
            keep((uint16_t)result, &publish);
        }
        return result;
    }
    if (is(verb, "exit")) {
        board_exit(number(&at));
    }
    return MOTEMQ_ARGUMENT;
}

static int commands(void)
{
    int byte, result;
    while (!is_line_whole && (byte = uart_read(CONSOLE)) >= 0) {
        is_line_whole = byte == '\n';
        line[line_length] = is_line_whole ? 0 : (char)byte;
        line_length = (line_length + 1) % sizeof line;
    }
    if (!is_line_whole) {
        return 0;
    }
    result = carry_out();
    if (result == MOTEMQ_FULL || result == MOTEMQ_BUSY) {
        return 0;
    }
    if (result != 0) {
        say_number(result > 0 ? "sent " : "error ", (uint32_t)(result > 0 ? result : -result));
        say("\n");
    }
    is_line_whole = 0;
    line_length = 0;
    return 1;
}

/* The byte at this place of a streamed payload. */
static uint8_t byte_at(uint32_t place)
{
    return (uint8_t)(place * 0x9e3779b1u >> 24);
}

/* Gives the session what it waits for: a message again, and the payload that is streamed. */
static void give(void)
{
    if (resend != 0) {
        copy_t *c = find_copy(resend);
        motemq_publish_t publish;
        int result;
        clear(&publish, sizeof publish);
        if (c != NULL) {
            publish.topic.data = c->topic;
            publish.topic.length = c->topic_length;
            publish.payload = c->payload;
            publish.payload_length = c->payload_length;
            publish.qos = c->qos;
            result = motemq_republish(m, resend, &publish);
        } else {
            result = motemq_abandon(m, resend);
        }
        if (result != MOTEMQ_FULL && result != MOTEMQ_BUSY) {
            resend = 0;
        }
    }
    while (motemq_payload_remaining(m) != 0) {
        uint8_t chunk[64];
        uint32_t length = motemq_payload_remaining(m), i;
        int taken;
        length = length < sizeof chunk ? length : sizeof chunk;
        for (i = 0; i < length; i++) {
            chunk[i] = byte_at(given + i);
        }
        taken = motemq_publish_chunk(m, chunk, length);
        if (taken < 0) {
            return;
        }
        given += (uint32_t)taken;
    }
}

/* There is no connection: begins one when it is time, if there is to be one. */
static void begin(void)
{
    motemq_publish_t will;
    motemq_connect_t connect;
#ifdef MOTEMQ5_NAMES_H
    motemq5_property_t expiry = motemq5_number(MOTEMQ5_SESSION_EXPIRY_INTERVAL, 3600);
#endif
    hang_up();
    if (carrier != DOWN) {
        return;
    }
    if (is_told_up) {
        is_told_up = 0;
        say("over\n");
    }
    if (port == 0 || (int32_t)(board_now() - due) < 0) {
        return;
    }
    due = board_now() + PAUSE;
    clear(&will, sizeof will);
    will.topic = motemq_text("board/will");
    will.payload = "gone";
    will.payload_length = 4;
    will.qos = 1;
    clear(&connect, sizeof connect);
    connect.client_id = motemq_text(client_id);
    connect.keep_alive = keep_alive;
    connect.keep_session = keep_session;
    connect.will = &will;
#ifdef MOTEMQ5_NAMES_H
    connect.properties = &expiry;
    connect.properties_count = keep_session;
#endif
    resend = 0;
    if (motemq_connect(m, &connect) < 0) {
        say("error cannot connect\n");
        port = 0;
        return;
    }
    dial();
}

int main(void)
{
    uint32_t busy_until = 0;
    m = motemq_init(&memory, sizeof memory, SLOTS, rx, sizeof rx, tx, sizeof tx);
    if (m == NULL) {
        return 102;
    }
    say("ready\n");
    for (;;) {
        uint32_t now = board_now();
        int something = events(), result;
        something |= commands();
        give();
        result = motemq_tick(m, now, NULL);
        if (result < 0) {
            on_fault(result);
        }
        something |= transmit();
        while (receive()) {
            something = 1;
        }
        if (motemq_is_closed(m)) {
            begin();
        }
        if (something) {
            busy_until = now + 3;
        }
        if ((int32_t)(now - busy_until) > 0) {
            board_sleep();
        }
    }
}
