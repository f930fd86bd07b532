/* Motemq for C with MQTT 5. The rules are those of motemq.h, which is for MQTT 3.1.1. The functions
 * begin with motemq5_. Types and errors that both versions have in common are those of motemq.h.
 *
 * Link libmotemq5.a. With libmotemq5_clean.a define MOTEMQ5_CLEAN: sessions end with their connection,
 * messages are published in one piece, there is no AUTH, and acknowledgements have no reason codes.
 * With libmotemq5_sensor.a define MOTEMQ5_SENSOR: in addition, no messages are received, and messages
 * are published with QoS 0 or 1. The header then does not declare the functions that the library
 * lacks.
 */
#ifndef MOTEMQ5_H
#define MOTEMQ5_H

#include "motemq.h"
#include "motemq5_properties.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined MOTEMQ5_CLEAN || defined MOTEMQ5_SENSOR
#define MOTEMQ5_NO_RESUME
#endif

/* ---- Memory ---------------------------------------------------------------------------------- */

/* A client. Its content belongs to the library. */
typedef struct motemq5 motemq5_t;

/* As MOTEMQ_SIZE and MOTEMQ_MEMORY: 96 bytes and 4 for each slot on a 32-bit machine. */
#define MOTEMQ5_SIZE(slots)                                                                         \
    ((9u * sizeof(size_t) + 60u + 4u * (size_t)(slots) + sizeof(size_t) - 1u) / sizeof(size_t) *   \
     sizeof(size_t))
#define MOTEMQ5_MEMORY(slots)                                                                       \
    union {                                                                                         \
        size_t align_;                                                                              \
        void *pointer_;                                                                             \
        unsigned char bytes_[MOTEMQ5_SIZE(slots)];                                                  \
    }

/* Makes a client as motemq_init does. rx also needs room for the properties of a message together with
 * its topic, for the whole of CONNACK and AUTH, and for the reason codes of SUBACK and UNSUBACK. Other
 * properties that do not fit are dropped. With MOTEMQ5_CLEAN, however, SUBACK and UNSUBACK have to fit
 * as a whole, and with MOTEMQ5_SENSOR every packet. Begin with 256 bytes. */
motemq5_t *motemq5_init(void *memory, size_t size, uint16_t slots, uint8_t *rx, size_t rx_size,
                        uint8_t *tx, size_t tx_size);

/* ---- Errors ---------------------------------------------------------------------------------- */

/* Errors besides those of motemq_error. A broker of MQTT 5 that refuses the connection is reported as
 * the event MOTEMQ5_DISCONNECTED. A broker that supports only MQTT 3.1.1 is reported as MOTEMQ_REFUSED
 * with the return code 1. */
typedef enum motemq5_error {
    MOTEMQ5_UNSUPPORTED = -7, /* a command was not executed, since the broker does not support it: see
                                 motemq5_limits */
    MOTEMQ5_TOPIC_ALIAS = -21 /* the connection has ended: the broker sent a topic alias of 0, or above
                                 the maximum that the client has announced */
} motemq5_error;

/* ---- Arguments ------------------------------------------------------------------------------- */

/* A message to be published, or a will. */
typedef struct motemq5_publish {
    motemq_text_t topic; /* the length may be 0 with a topic alias that was sent before */
    const void *payload; /* not NULL; an empty payload is "" with length 0 */
    size_t payload_length;
    uint32_t remaining; /* the number of bytes of the payload that are sent later: see
                           motemq5_publish_chunk */
    uint8_t qos;        /* 0 to 2 */
    uint8_t retain;     /* 0 or 1 */
    const motemq5_property_t *properties; /* may be NULL if there are none */
    size_t properties_count;
} motemq5_publish_t;

/* When the broker sends retained messages to a subscription. */
typedef enum motemq5_retain_handling {
    MOTEMQ5_SEND_AT_SUBSCRIBE = 0, /* whenever the client subscribes */
    MOTEMQ5_SEND_IF_NEW = 1,       /* when it subscribes, unless the subscription exists already */
    MOTEMQ5_DO_NOT_SEND = 2        /* never */
} motemq5_retain_handling;

/* A topic filter, and the options of the subscription. Zeros mean the behaviour of MQTT 3.1.1. */
typedef struct motemq5_filter {
    motemq_text_t filter;
    uint8_t qos;                 /* the highest QoS with which messages are to be delivered */
    uint8_t no_local;            /* 1: the broker does not send the client its own messages */
    uint8_t retain_as_published; /* 1: messages have the retain flag with which they were published */
    uint8_t retain_handling;     /* motemq5_retain_handling */
} motemq5_filter_t;

/* The options of a connection. Zeros have the same meaning as in motemq_connect_t. The client adds the
 * property MOTEMQ5_RECEIVE_MAXIMUM with the number of QoS 2 messages that it can accept, unless the
 * properties contain it. */
typedef struct motemq5_connect {
    motemq_text_t client_id; /* not NULL; with length 0 the broker chooses one */
    motemq_text_t user;      /* data NULL: no user name */
    const void *password;    /* NULL: no password */
    size_t password_length;
    const motemq5_publish_t *will;        /* NULL: no will */
    const motemq5_property_t *properties; /* may be NULL if there are none */
    size_t properties_count;
    uint16_t keep_alive;        /* seconds; 0 switches it off */
    uint16_t identifier_offset; /* see motemq_connect_t; with 0 a session of the broker that this
                                   client does not know ends the connection: MOTEMQ_UNEXPECTED */
    uint8_t timeout;            /* time limit for CONNACK and PINGRESP in seconds; 0: 10 */
    uint8_t keep_session;       /* 0: the session begins with the connection (Clean Start); 1: the broker
                                   resumes it if it has it, and it never expires unless the properties
                                   contain MOTEMQ5_SESSION_EXPIRY_INTERVAL */
} motemq5_connect_t;

/* ---- Commands -------------------------------------------------------------------------------- */

/* Begins a connection as motemq_connect does. */
int motemq5_connect(motemq5_t *m, const motemq5_connect_t *connect);

/* Publishes a message as motemq_publish does. */
int motemq5_publish(motemq5_t *m, const motemq5_publish_t *publish);

#ifndef MOTEMQ5_SENSOR
/* Subscribe and unsubscribe as motemq_subscribe and motemq_unsubscribe do, with properties, which may
 * be NULL if there are none. The event of the broker's answer is MOTEMQ_SUBSCRIBED or
 * MOTEMQ5_UNSUBSCRIBED. */
int motemq5_subscribe(motemq5_t *m, const motemq5_filter_t *filters, size_t count,
                      const motemq5_property_t *properties, size_t properties_count);
int motemq5_unsubscribe(motemq5_t *m, const motemq5_filter_t *filters, size_t count,
                        const motemq5_property_t *properties, size_t properties_count);
#endif

/* Ends the connection as motemq_disconnect does. */
int motemq5_disconnect(motemq5_t *m);

/* Ends the connection with a reason code and properties. With a code other than 0, the broker publishes
 * the will. */
int motemq5_disconnect_with(motemq5_t *m, uint8_t code, const motemq5_property_t *properties,
                            size_t properties_count);

#ifndef MOTEMQ5_NO_RESUME
/* Sends AUTH: with the code 0x18 it answers MOTEMQ5_AUTH, with 0x19 it begins a re-authentication. The
 * properties have to contain the authentication method of CONNECT. Returns 0. */
int motemq5_authenticate(motemq5_t *m, uint8_t code, const motemq5_property_t *properties,
                         size_t properties_count);

/* Refuses the message that was delivered last, which has to have QoS 1 or 2: its acknowledgement will
 * have this reason code. Returns 0. */
int motemq5_refuse(motemq5_t *m, uint8_t code);

/* The same as the functions of motemq.h. */
int motemq5_publish_chunk(motemq5_t *m, const void *data, size_t length);
int motemq5_publish_direct(motemq5_t *m, uint32_t n);
uint32_t motemq5_payload_remaining(const motemq5_t *m);
int motemq5_republish(motemq5_t *m, uint16_t id, const motemq5_publish_t *publish);
int motemq5_abandon(motemq5_t *m, uint16_t id);
int motemq5_pass_over(motemq5_t *m, uint16_t id);
#endif

/* ---- Events ---------------------------------------------------------------------------------- */

/* Events besides those of motemq_event_kind. */
typedef enum motemq5_event_kind {
    MOTEMQ5_REFUSED = 6,        /* the broker refused a message; the identifier is free */
    MOTEMQ5_UNSUBSCRIBED = 10,  /* the broker has answered UNSUBSCRIBE; the identifier is free */
    MOTEMQ5_DISCONNECTED = 11,  /* the broker refused or ended the connection: close the transport */
    MOTEMQ5_AUTH = 12,          /* the broker continues an authentication, or has completed a
                                   re-authentication */
    MOTEMQ5_REPEATED = 13       /* a QoS 2 message that was delivered before arrived again, and may have
                                   set a topic alias; only if the client has announced a topic alias
                                   maximum */
} motemq5_event_kind;

/* An event: kind says which member is valid. */
typedef union motemq5_event {
    uint8_t kind; /* motemq_event_kind or motemq5_event_kind */
    struct {
        uint8_t kind;
        uint8_t session; /* motemq_session_state */
        motemq5_properties_t properties;
    } connected;
    struct {
        uint8_t kind;
        motemq_text_t topic; /* empty if the packet has only a topic alias */
        const uint8_t *payload; /* not to be read if the length is 0 */
        size_t payload_length;
        uint32_t remaining; /* the number of bytes that follow as MOTEMQ_PAYLOAD */
        motemq5_properties_t properties;
        uint16_t id;        /* the broker's packet identifier; not defined with QoS 0 */
        uint8_t first_byte; /* see motemq5_message_qos, motemq5_message_retain, motemq5_message_dup */
    } message;
    struct {
        uint8_t kind;
        uint32_t remaining;
        const uint8_t *data;
        size_t length;
    } payload;
    struct {
        uint8_t kind;
        uint32_t length; /* of the properties and the payload */
    } skipped;
    struct {
        uint8_t kind;
        uint16_t id;
    } received, acked, outcome_unknown;
    struct {
        uint8_t kind;
        uint8_t code; /* the reason code, 0x80 or above */
        uint16_t id;
        motemq5_properties_t properties;
    } refused;
    struct {
        uint8_t kind;
        uint16_t id;
        const uint8_t *codes; /* a reason code for each filter, 0x80 or above for a refusal */
        size_t count;
        motemq5_properties_t properties;
    } subscribed, unsubscribed;
    struct {
        uint8_t kind;
        uint8_t qos;
        uint16_t id;
    } resend;
    struct {
        uint8_t kind;
        uint8_t code; /* the reason code */
        motemq5_properties_t properties;
    } disconnected, auth;
    struct {
        uint8_t kind;
        motemq_text_t topic;
        motemq5_properties_t properties;
    } repeated;
} motemq5_event_t;

/* The same as motemq_message_qos, motemq_message_retain and motemq_message_dup. If the subscription has
 * retain_as_published, motemq5_message_retain returns the flag with which the message was published. */
static inline int motemq5_message_qos(const motemq5_event_t *event)
{
    return event->message.first_byte >> 1 & 3;
}

static inline int motemq5_message_retain(const motemq5_event_t *event)
{
    return event->message.first_byte & 1;
}

static inline int motemq5_message_dup(const motemq5_event_t *event)
{
    return event->message.first_byte >> 3 & 1;
}

/* Returns the next event as motemq_next_event does. */
int motemq5_next_event(motemq5_t *m, motemq5_event_t *event);

#ifndef MOTEMQ5_SENSOR
/* The same as motemq_topic_matches. */
int motemq5_topic_matches(motemq_text_t filter, motemq_text_t topic);
#endif

/* ---- Limits ---------------------------------------------------------------------------------- */

/* The limits that the broker has announced in CONNACK. A command that would exceed one of them returns
 * MOTEMQ5_UNSUPPORTED, or MOTEMQ_BUSY for the receive maximum. */
typedef struct motemq5_limits {
    uint32_t maximum_packet_size; /* in bytes; UINT32_MAX: none was announced */
    uint16_t receive_maximum;     /* messages of QoS 1 and 2 in flight; UINT16_MAX: none was announced */
    uint16_t topic_alias_maximum; /* the highest topic alias; 0: the broker accepts none */
    uint8_t maximum_qos;
    uint8_t retain_available; /* 0 or 1, and so on */
    uint8_t wildcard_subscription_available;
    uint8_t subscription_identifier_available;
    uint8_t shared_subscription_available;
} motemq5_limits_t;

/* Sets *limits to the limits of the connection. Returns 0. */
int motemq5_limits(const motemq5_t *m, motemq5_limits_t *limits);

/* Returns 1 if the receive maximum allows another message with QoS 1 or 2 now, otherwise 0. In that case
 * motemq5_publish returns MOTEMQ_BUSY for such a message. */
int motemq5_has_send_quota(const motemq5_t *m);

/* ---- Time and transport: as the functions of motemq.h ---------------------------------------- */

int motemq5_tick(motemq5_t *m, uint32_t now_ms, uint32_t *sleep_ms);
void motemq5_on_reading_paused(motemq5_t *m);
uint8_t *motemq5_rx_space(motemq5_t *m, size_t *room);
void motemq5_rx_commit(motemq5_t *m, size_t n);
const uint8_t *motemq5_tx_bytes(const motemq5_t *m, size_t *length);
void motemq5_tx_consume(motemq5_t *m, size_t n);
void motemq5_on_connection_lost(motemq5_t *m);
int motemq5_is_closed(const motemq5_t *m);
int motemq5_is_open(const motemq5_t *m);
int motemq5_has_free_slot(const motemq5_t *m);
uint16_t motemq5_oldest_in_flight(const motemq5_t *m);

/* ---- Memory that outlives a reset ------------------------------------------------------------ */

#ifndef MOTEMQ5_NO_RESUME
/* The same as MOTEMQ_IMAGE_SIZE, motemq_save and motemq_restore. */
#define MOTEMQ5_IMAGE_SIZE(slots) (9u + 3u * (size_t)(slots))
int motemq5_save(const motemq5_t *m, uint8_t *image, size_t size);
int motemq5_restore(motemq5_t *m, const uint8_t *image, size_t size);
#endif

/* ---- Manual acknowledgement ------------------------------------------------------------------ */

#ifndef MOTEMQ5_SENSOR
/* The same as MOTEMQ_MANUAL and the functions of motemq.h. */
#define MOTEMQ5_MANUAL(places)                                                                      \
    struct {                                                                                        \
        uint32_t words_[1 + (places)];                                                              \
    }
int motemq5_next_event_manual(motemq5_t *m, void *manual, size_t size, motemq5_event_t *event,
                              uint32_t *token);
int motemq5_ack(motemq5_t *m, void *manual, size_t size, uint32_t token);
int motemq5_disconnect_manual(motemq5_t *m, void *manual, size_t size);
int motemq5_disconnect_with_manual(motemq5_t *m, void *manual, size_t size, uint8_t code,
                                   const motemq5_property_t *properties, size_t properties_count);
#ifndef MOTEMQ5_NO_RESUME
/* Refuses a message: its acknowledgement will have this reason code, 0x80 or above. */
int motemq5_refuse_manual(motemq5_t *m, void *manual, size_t size, uint32_t token, uint8_t code);
#endif
#endif

#ifdef __cplusplus
}
#endif
#endif
