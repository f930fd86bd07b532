/* Motemq for C: an MQTT 3.1.1 client that opens no socket, reads no clock, allocates no memory and
 * calls nothing back.
 *
 * C99 and C++. A client is one object, motemq_t, in memory that you provide, together with two
 * buffers: rx for received bytes and tx for bytes to be sent. You move the bytes between the buffers
 * and the transport, for example a TCP connection or a UART. There are four kinds of functions:
 *
 *   events     motemq_next_event                             reports what has happened
 *   commands   motemq_connect, motemq_publish, ...           write a packet to tx, or change nothing
 *   time       motemq_tick                                   takes the time, sets the time to sleep
 *   transport  motemq_rx_space, motemq_rx_commit             before and after a read
 *              motemq_tx_bytes, motemq_tx_consume            before and after a write
 *              motemq_on_connection_lost                     after the transport was closed
 *
 * motemq_run.h adds a loop over four functions of yours: connect, disconnect, recv and send.
 *
 * Rules for all functions:
 * - Only one thread at a time may use a motemq_t, and no interrupt may use it during a call. Several
 *   clients are independent of each other.
 * - A pointer may be null only where this file allows it; elsewhere the function then returns
 *   MOTEMQ_ARGUMENT, 0 or NULL. A pointer that is not null has to point to aligned data of its type,
 *   and with a length, to as many elements as the length says.
 * - Data passed to a function is read only during the call. It may be in rx, to which events point,
 *   so that a message can be answered with its own bytes. It must not be in tx.
 * - Data to which an event points is in rx, and stays valid until the next call of
 *   motemq_next_event, motemq_rx_space, motemq_connect or motemq_init for this client. Other
 *   functions do not change it.
 * - Text is UTF-8 and has a length. Text in events does not end with NUL.
 * - A function that returns int returns 0 or more on success, and a negative motemq_error otherwise.
 * - The library has no global variables.
 *
 * Use the header and the library of the same version: the binary interface differs between versions.
 *
 * There are three libraries. libmotemq.a has all functions. With libmotemq_clean.a define
 * MOTEMQ_CLEAN: sessions end with their connection, and messages are published in one piece. With
 * libmotemq_sensor.a define MOTEMQ_SENSOR: in addition, no messages are received, and messages are
 * published with QoS 0 or 1. The header then does not declare the functions that the library lacks.
 */
#ifndef MOTEMQ_H
#define MOTEMQ_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined MOTEMQ_CLEAN || defined MOTEMQ_SENSOR
#define MOTEMQ_NO_RESUME
#endif

#define MOTEMQ_VERSION "0.1.0"

/* ---- Memory ---------------------------------------------------------------------------------- */

/* A client. Its content belongs to the library. */
typedef struct motemq motemq_t;

/* The size in bytes of a client with this number of slots (1 to 65,535), without buffers: 76 bytes
 * and 4 for each slot on a 32-bit machine.
 *
 * A client needs one slot for each packet that is to be in flight at the same time, and one for each
 * QoS 2 message that the broker sends before it reads the first answer (20 for mosquitto). The same
 * slots serve both purposes, so the larger of the two numbers is enough. */
#define MOTEMQ_SIZE(slots)                                                                          \
    ((9u * sizeof(size_t) + 40u + 4u * (size_t)(slots) + sizeof(size_t) - 1u) / sizeof(size_t) *   \
     sizeof(size_t))

/* Memory of the right size and alignment for a client:
 *
 *   static MOTEMQ_MEMORY(8) memory;
 *   static uint8_t rx[256], tx[256];
 *   motemq_t *m = motemq_init(&memory, sizeof memory, 8, rx, sizeof rx, tx, sizeof tx);
 */
#define MOTEMQ_MEMORY(slots)                                                                        \
    union {                                                                                         \
        size_t align_;                                                                              \
        void *pointer_;                                                                             \
        unsigned char bytes_[MOTEMQ_SIZE(slots)];                                                   \
    }

/* Makes a client without a session. The memory and the buffers belong to the client from then on:
 * nothing else may change them. There is nothing to free.
 *
 * A buffer needs at least 16 bytes. rx needs 9 bytes more than the longest received topic, since
 * payloads are received in pieces. tx needs 3 bytes more than the longest packet to be sent, without
 * payloads that are sent in pieces.
 *
 * Returns NULL if the memory is not aligned as size_t is, if memory or a buffer is too small, or if
 * they overlap. */
motemq_t *motemq_init(void *memory, size_t size, uint16_t slots, uint8_t *rx, size_t rx_size,
                      uint8_t *tx, size_t tx_size);

/* ---- Errors ---------------------------------------------------------------------------------- */

typedef enum motemq_error {
    MOTEMQ_OK = 0,

    /* A command was not executed: it has written nothing, and used no packet identifier. FULL and
     * BUSY are part of normal operation. */
    MOTEMQ_FULL = -1,     /* tx has too little room: write its bytes, then repeat the command */
    MOTEMQ_BUSY = -2,     /* something has to be completed first: a streamed payload, resending, or
                             the oldest packet in flight: process events, then repeat */
    MOTEMQ_OFFLINE = -3,  /* there is no connection, or the broker has not accepted it yet */
    MOTEMQ_INVALID = -4,  /* MQTT or the library's profile does not allow an argument */
    MOTEMQ_TOO_LONG = -5, /* the packet does not fit into an empty tx, or its answer into rx */
    MOTEMQ_ARGUMENT = -6, /* an argument is not valid for its type: a null pointer, a QoS above 2, a
                             flag above 1, text that is not UTF-8 or contains U+0000 */

    /* The connection has ended: close the transport, then connect over a new one. motemq_next_event
     * or motemq_tick returns the error once. */
    MOTEMQ_MALFORMED = -16,        /* the broker sent bytes that are not a packet */
    MOTEMQ_UNEXPECTED = -17,       /* the broker sent a packet that is not allowed at this point */
    MOTEMQ_TIMEOUT = -18,          /* the broker did not answer in time */
    MOTEMQ_PACKET_TOO_LARGE = -19, /* a packet that is not a message is larger than rx, or
                                      any packet is larger than announced */
    MOTEMQ_TOO_MANY_QOS2 = -20,    /* more QoS 2 messages are in flight than there are slots */

    /* An image of a session was not saved or restored. */
    MOTEMQ_IMAGE_LENGTH = -32,  /* it belongs to a client with another number of slots */
    MOTEMQ_IMAGE_VERSION = -33, /* it was written by a version with another format */
    MOTEMQ_IMAGE_DAMAGED = -34, /* the memory was never written, or has changed since */

    /* The broker refused the connection. The error is this number minus the return code of CONNACK:
     * see MOTEMQ_RETURN_CODE. */
    MOTEMQ_REFUSED = -256
} motemq_error;

/* The return code of CONNACK if the error says that the broker refused the connection, otherwise 0.
 * The standard defines the codes 1 to 5, but some brokers send others. */
#define MOTEMQ_RETURN_CODE(error) ((error) < MOTEMQ_REFUSED ? MOTEMQ_REFUSED - (error) : 0)

/* ---- Arguments ------------------------------------------------------------------------------- */

/* UTF-8 text. */
typedef struct motemq_text {
    const char *data;
    size_t length;
} motemq_text_t;

/* A string literal as an initializer: motemq_filter_t filter = { MOTEMQ_TEXT("a/#"), 1 }; */
#define MOTEMQ_TEXT(literal) { "" literal, sizeof("" literal) - 1u }

/* A string that ends with NUL as a text. NULL gives a text whose data is NULL. */
static inline motemq_text_t motemq_text(const char *string)
{
    motemq_text_t text;
    text.data = string;
    text.length = 0;
    while (string != NULL && string[text.length] != 0) {
        text.length++;
    }
    return text;
}

/* A message to be published, or a will. */
typedef struct motemq_publish {
    motemq_text_t topic;
    const void *payload; /* not NULL; an empty payload is "" with length 0 */
    size_t payload_length;
    uint32_t remaining; /* the number of bytes of the payload that are sent later: see
                           motemq_publish_chunk */
    uint8_t qos;        /* 0 to 2 */
    uint8_t retain;     /* 0 or 1 */
} motemq_publish_t;

/* A topic filter, and the highest QoS with which its messages are to be delivered. */
typedef struct motemq_filter {
    motemq_text_t filter;
    uint8_t qos;
} motemq_filter_t;

/* The options of a connection. With zeros, the session is clean, and there is no keep alive, no user
 * name, no password and no will. */
typedef struct motemq_connect {
    motemq_text_t client_id; /* not NULL; with length 0 the broker chooses one */
    motemq_text_t user;      /* data NULL: no user name */
    const void *password;    /* NULL: no password; it requires a user name */
    size_t password_length;
    const motemq_publish_t *will; /* NULL: no will */
    uint16_t keep_alive;          /* seconds; 0 switches it off, so that the client may never detect
                                     a dead peer */
    uint16_t identifier_offset;   /* a random number if keep_session is 1, for a broker that has a
                                     session which this client does not know; not sent */
    uint8_t timeout;              /* time limit for CONNACK and PINGRESP in seconds; 0: 10 */
    uint8_t keep_session;         /* 0: clean session; not 0: it outlives the connection */
} motemq_connect_t;

/* ---- Commands -------------------------------------------------------------------------------- */

/* Begins a connection over a transport that was just opened: writes CONNECT to tx. The former content
 * of the buffers is dropped, unless the function returns MOTEMQ_ARGUMENT. Returns 0. Commands are
 * possible after the event MOTEMQ_CONNECTED. */
int motemq_connect(motemq_t *m, const motemq_connect_t *connect);

/* Publishes a message. Returns the packet identifier, or 0 with QoS 0. With QoS 1 and 2, keep the
 * message until MOTEMQ_ACKED or MOTEMQ_RECEIVED if the session outlives the connection. */
int motemq_publish(motemq_t *m, const motemq_publish_t *publish);

#ifndef MOTEMQ_SENSOR
/* Subscribes to topic filters, or unsubscribes from them; count is 1 to 255. Returns the packet
 * identifier. The event of the broker's answer is MOTEMQ_SUBSCRIBED or MOTEMQ_ACKED. */
int motemq_subscribe(motemq_t *m, const motemq_filter_t *filters, size_t count);
int motemq_unsubscribe(motemq_t *m, const motemq_filter_t *filters, size_t count);
#endif

/* Acknowledges the last message and ends the connection with DISCONNECT, so that the broker does not
 * publish the will. Write the bytes of tx to the transport, then close it. Returns 0. */
int motemq_disconnect(motemq_t *m);

#ifndef MOTEMQ_NO_RESUME
/* Sends the next bytes of a payload that was announced with remaining. Returns the number of bytes
 * for which tx had room. Other commands return MOTEMQ_BUSY until the last byte was passed. */
int motemq_publish_chunk(motemq_t *m, const void *data, size_t length);

/* Counts the next n bytes of the payload as sent. The program writes them to the transport itself,
 * without a copy in tx. tx has to be empty. Returns 0. */
int motemq_publish_direct(motemq_t *m, uint32_t n);

/* Returns the number of bytes of the announced payload that are still to be sent. */
uint32_t motemq_payload_remaining(const motemq_t *m);

/* Answer the event MOTEMQ_RESEND: send the message again, or give it up. Return 0. */
int motemq_republish(motemq_t *m, uint16_t id, const motemq_publish_t *publish);
int motemq_abandon(motemq_t *m, uint16_t id);

/* Passes over the oldest packet in flight, which the broker does not answer and for which new packets
 * wait. Its packet identifier stays in use until it is answered. Returns 0. */
int motemq_pass_over(motemq_t *m, uint16_t id);
#endif

/* ---- Events ---------------------------------------------------------------------------------- */

typedef enum motemq_event_kind {
    MOTEMQ_CONNECTED = 0,      /* the broker accepted the connection */
    MOTEMQ_MESSAGE = 1,        /* a message, or the beginning of one */
    MOTEMQ_PAYLOAD = 2,        /* the next piece of its payload */
    MOTEMQ_SKIPPED = 3,        /* a message whose topic is longer than rx; it was discarded */
    MOTEMQ_RECEIVED = 4,       /* the broker has the QoS 2 message; MOTEMQ_ACKED follows */
    MOTEMQ_ACKED = 5,          /* the broker has completed the command; the identifier is free */
    MOTEMQ_SUBSCRIBED = 7,     /* the broker has answered SUBSCRIBE; the identifier is free */
    MOTEMQ_RESEND = 8,         /* send this message again: motemq_republish or motemq_abandon */
    MOTEMQ_OUTCOME_UNKNOWN = 9 /* the session of the packet has ended, and its identifier is free; the
                                  broker may or may not have received the packet; the event comes
                                  before MOTEMQ_CONNECTED */
} motemq_event_kind;

typedef enum motemq_session_state {
    MOTEMQ_SESSION_NEW = 0,         /* the broker has kept no session: subscribe again */
    MOTEMQ_SESSION_RESUMED = 1,     /* the broker has kept the session of this client, perhaps without a
                                       subscription whose packet MOTEMQ_OUTCOME_UNKNOWN has named */
    MOTEMQ_SESSION_UNRECOGNIZED = 2 /* the broker has a session that this client does not know */
} motemq_session_state;

/* An event: kind says which member is valid. Members are neither enums nor bool, whose sizes depend
 * on the compiler and its flags. */
typedef union motemq_event {
    uint8_t kind; /* motemq_event_kind */
    struct {
        uint8_t kind;
        uint8_t session; /* motemq_session_state */
    } connected;
    struct {
        uint8_t kind;
        motemq_text_t topic;
        const uint8_t *payload; /* not to be read if the length is 0 */
        size_t payload_length;
        uint32_t remaining; /* the number of bytes that follow as MOTEMQ_PAYLOAD */
        uint16_t id;        /* the broker's packet identifier; not defined with QoS 0 */
        uint8_t first_byte; /* see motemq_message_qos, motemq_message_retain, motemq_message_dup */
    } message;
    struct {
        uint8_t kind;
        uint32_t remaining;
        const uint8_t *data;
        size_t length;
    } payload;
    struct {
        uint8_t kind;
        uint32_t length; /* of the payload */
    } skipped;
    struct {
        uint8_t kind;
        uint16_t id; /* what motemq_publish or motemq_unsubscribe returned */
    } received, acked, outcome_unknown;
    struct {
        uint8_t kind;
        uint16_t id;          /* what motemq_subscribe returned */
        const uint8_t *codes; /* for each filter the QoS granted, or 0x80 for a refusal */
        size_t count;
    } subscribed;
    struct {
        uint8_t kind;
        uint8_t qos;
        uint16_t id;
    } resend;
} motemq_event_t;

/* Returns the QoS with which a message was delivered. */
static inline int motemq_message_qos(const motemq_event_t *event)
{
    return event->message.first_byte >> 1 & 3;
}

/* Returns the retain flag: 1 if the broker had stored the message before the subscription was made,
 * otherwise 0. */
static inline int motemq_message_retain(const motemq_event_t *event)
{
    return event->message.first_byte & 1;
}

/* Returns the DUP flag: 1 if the broker may have sent the message before, otherwise 0. */
static inline int motemq_message_dup(const motemq_event_t *event)
{
    return event->message.first_byte >> 3 & 1;
}

/* Returns 1 and sets *event if something has happened. Returns 0 if it needs more bytes in rx or more
 * room in tx; *event is undefined then. Returns an error if the connection has ended.
 *
 * The call after the one that returned a message, or its last piece, acknowledges the message, so
 * process the message before. If that is not possible yet, for example since there is no slot for its
 * answer, copy the message, or use motemq_next_event_manual. */
int motemq_next_event(motemq_t *m, motemq_event_t *event);

#ifndef MOTEMQ_SENSOR
/* Returns 1 if messages with this topic are received by a subscription to the filter, otherwise 0. */
int motemq_topic_matches(motemq_text_t filter, motemq_text_t topic);
#endif

/* ---- Time ------------------------------------------------------------------------------------ */

#define MOTEMQ_FOREVER UINT32_MAX

/* Passes the time in milliseconds of any monotonic clock that wraps at 32 bits. Sends PINGREQ, and
 * detects a dead peer. *sleep_ms is set to the longest time until the next call if nothing happens,
 * or to MOTEMQ_FOREVER; sleep_ms may be NULL. Returns 0, or an error if the connection has ended. */
int motemq_tick(motemq_t *m, uint32_t now_ms, uint32_t *sleep_ms);

/* Reports that the program does not read now, because it has no room for received bytes. Call it
 * before motemq_tick, so that the time limits begin again. */
void motemq_on_reading_paused(motemq_t *m);

/* ---- Transport ------------------------------------------------------------------------------- */

/* Returns the free memory of rx, into which the program reads, and sets *room to its size in bytes.
 * Do not read if the room is 0. Data to which events point may move. */
uint8_t *motemq_rx_space(motemq_t *m, size_t *room);
/* Reports that n bytes were stored in the memory of motemq_rx_space. */
void motemq_rx_commit(motemq_t *m, size_t n);

/* Returns the bytes to be sent, and sets *length to their number. */
const uint8_t *motemq_tx_bytes(const motemq_t *m, size_t *length);
/* Removes the first n bytes of motemq_tx_bytes, which the transport has accepted. */
void motemq_tx_consume(motemq_t *m, size_t n);

/* Reports that the transport is closed. */
void motemq_on_connection_lost(motemq_t *m);

/* Returns 1 if there is no connection (none was begun, it was ended, or it failed), otherwise 0. */
int motemq_is_closed(const motemq_t *m);
/* Returns 1 if the broker has accepted the connection, so that commands are possible, otherwise 0. */
int motemq_is_open(const motemq_t *m);
/* Returns 1 if a command that needs a slot (publish with QoS 1 or 2, subscribe, unsubscribe) would
 * find one, otherwise 0. */
int motemq_has_free_slot(const motemq_t *m);
/* Returns the packet identifier that has been in flight longest, or 0 if none is in flight. */
uint16_t motemq_oldest_in_flight(const motemq_t *m);

/* ---- Memory that outlives a reset ------------------------------------------------------------ */

#ifndef MOTEMQ_NO_RESUME
/* The size in bytes of an image of a client with this number of slots. */
#define MOTEMQ_IMAGE_SIZE(slots) (9u + 3u * (size_t)(slots))

/* Writes an image of the session, with which it can be resumed after a reset. The image has to be
 * durable before the bytes of tx are sent, and has to be saved again after a MOTEMQ_CONNECTED that
 * does not resume the session. size has to be MOTEMQ_IMAGE_SIZE(slots). Returns 0. */
int motemq_save(const motemq_t *m, uint8_t *image, size_t size);
/* Replaces the session by the one in the image. Call it before motemq_connect, with the client
 * identifier of the saved session. Returns 0. */
int motemq_restore(motemq_t *m, const uint8_t *image, size_t size);
#endif

/* ---- Manual acknowledgement ------------------------------------------------------------------ */

#ifndef MOTEMQ_SENSOR
/* Memory for this number of pending acknowledgements, all zero at first. It has to live as long as the
 * client:  static MOTEMQ_MANUAL(4) manual; */
#define MOTEMQ_MANUAL(places)                                                                       \
    struct {                                                                                        \
        uint32_t words_[1 + (places)];                                                              \
    }

/* Returns the next event as motemq_next_event does, but does not acknowledge messages. With a message
 * of QoS 1 or 2, or with its last piece, *token is set to a number other than 0, which motemq_ack
 * takes. manual and size are the memory and its size in bytes. */
int motemq_next_event_manual(motemq_t *m, void *manual, size_t size, motemq_event_t *event,
                             uint32_t *token);
/* Allows the acknowledgement of a message that the program has processed, in any order. Later calls of
 * motemq_next_event_manual send acknowledgements in the order of the messages. Returns 0. */
int motemq_ack(motemq_t *m, void *manual, size_t size, uint32_t token);
/* Sends the allowed acknowledgements, then ends the connection as motemq_disconnect does. */
int motemq_disconnect_manual(motemq_t *m, void *manual, size_t size);
#endif

#ifdef __cplusplus
}
#endif
#endif
