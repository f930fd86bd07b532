/* Motemq for C with MQTT 5: what motemq.h is with MQTT 3.1.1, and with the same rules, which that file
 * states. The functions begin with motemq5_. Types and errors that both versions have in common are
 * those of motemq.h.
 *
 * Link libmotemq5.a. With libmotemq5_clean.a define MOTEMQ5_CLEAN: sessions end with their connection,
 * messages are published in one piece, there is no AUTH, and acknowledgements have no reasons. With
 * libmotemq5_sensor.a define MOTEMQ5_SENSOR: besides, nothing is received, and messages are published
 * with QoS 0 or 1. Functions that a library lacks are not declared then.
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

/* As motemq_init. rx needs room for the longest topic together with the properties of its message, and
 * for the packets that are not messages, of which CONNACK can be long: 256 bytes are a good beginning. */
motemq5_t *motemq5_init(void *memory, size_t size, uint16_t slots, uint8_t *rx, size_t rx_size,
                        uint8_t *tx, size_t tx_size);

/* ---- Errors ---------------------------------------------------------------------------------- */

/* Besides those of motemq_error. MOTEMQ_REFUSED does not occur: see MOTEMQ5_DISCONNECTED. */
typedef enum motemq5_error {
    MOTEMQ5_UNSUPPORTED = -7, /* a command was not carried out, since the broker does not support it:
                                 see motemq5_limits */
    MOTEMQ5_TOPIC_ALIAS = -21 /* the connection has ended: the broker sent a topic alias above the
                                 maximum of the client */
} motemq5_error;

/* ---- Arguments ------------------------------------------------------------------------------- */

/* A message to be published, or a will. */
typedef struct motemq5_publish {
    motemq_text_t topic; /* with a topic alias that was sent before the length may be 0 */
    const void *payload; /* not NULL; if it is empty, "" */
    size_t payload_length;
    uint32_t remaining; /* bytes of the payload that follow behind these: motemq5_publish_chunk */
    uint8_t qos;        /* 0 to 2 */
    uint8_t retain;     /* 0 or 1 */
    const motemq5_property_t *properties; /* may be NULL if there are none */
    size_t properties_count;
} motemq5_publish_t;

typedef enum motemq5_retain_handling {
    MOTEMQ5_SEND_AT_SUBSCRIBE = 0, /* the broker sends stored messages to each subscription */
    MOTEMQ5_SEND_IF_NEW = 1,       /* unless the subscription exists already */
    MOTEMQ5_DO_NOT_SEND = 2        /* never */
} motemq5_retain_handling;

/* A topic filter, and the options of the subscription. Zeros are those of MQTT 3.1.1. */
typedef struct motemq5_filter {
    motemq_text_t filter;
    uint8_t qos;
    uint8_t no_local;            /* 1: without the client's own messages */
    uint8_t retain_as_published; /* 1: with the retain flag with which they were published */
    uint8_t retain_handling;     /* motemq5_retain_handling */
} motemq5_filter_t;

/* The options of a connection. Zeros are those of motemq_connect_t. */
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
    uint8_t timeout;            /* seconds that an answer may take; 0: 10 */
    uint8_t keep_session;       /* 0: the session begins with the connection (Clean Start); 1: it goes on
                                   if the broker has it. How long it outlives the connection is the
                                   property MOTEMQ5_SESSION_EXPIRY_INTERVAL */
} motemq5_connect_t;

/* ---- Commands -------------------------------------------------------------------------------- */

/* As motemq_connect. */
int motemq5_connect(motemq5_t *m, const motemq5_connect_t *connect);

/* As motemq_publish. */
int motemq5_publish(motemq5_t *m, const motemq5_publish_t *publish);

#ifndef MOTEMQ5_SENSOR
/* As motemq_subscribe and motemq_unsubscribe, with properties, which may be NULL if there are none. The
 * broker answers with MOTEMQ_SUBSCRIBED or MOTEMQ5_UNSUBSCRIBED. */
int motemq5_subscribe(motemq5_t *m, const motemq5_filter_t *filters, size_t count,
                      const motemq5_property_t *properties, size_t properties_count);
int motemq5_unsubscribe(motemq5_t *m, const motemq5_filter_t *filters, size_t count,
                        const motemq5_property_t *properties, size_t properties_count);
#endif

/* As motemq_disconnect. */
int motemq5_disconnect(motemq5_t *m);

/* The same with a reason code and properties. With another code than 0 the broker publishes the will. */
int motemq5_disconnect_with(motemq5_t *m, uint8_t code, const motemq5_property_t *properties,
                            size_t properties_count);

#ifndef MOTEMQ5_NO_RESUME
/* Sends AUTH: with the code 0x18 it answers MOTEMQ5_AUTH, with 0x19 it begins an authentication anew. The
 * properties contain the authentication method of CONNECT. */
int motemq5_authenticate(motemq5_t *m, uint8_t code, const motemq5_property_t *properties,
                         size_t properties_count);

/* Refuses the message that was delivered last, which had QoS 1 or 2: its acknowledgement will have this
 * reason code. */
int motemq5_refuse(motemq5_t *m, uint8_t code);

/* As the functions of motemq.h. */
int motemq5_publish_chunk(motemq5_t *m, const void *data, size_t length);
int motemq5_publish_direct(motemq5_t *m, uint32_t n);
uint32_t motemq5_payload_remaining(const motemq5_t *m);
int motemq5_republish(motemq5_t *m, uint16_t id, const motemq5_publish_t *publish);
int motemq5_abandon(motemq5_t *m, uint16_t id);
int motemq5_pass_over(motemq5_t *m, uint16_t id);
#endif

/* ---- Events ---------------------------------------------------------------------------------- */

/* Besides those of motemq_event_kind. */
typedef enum motemq5_event_kind {
    MOTEMQ5_REFUSED = 6,        /* the broker refused a message; the identifier has ended */
    MOTEMQ5_UNSUBSCRIBED = 10,  /* the broker has answered; the identifier has ended */
    MOTEMQ5_DISCONNECTED = 11,  /* the broker refused or ended the connection: close the transport */
    MOTEMQ5_AUTH = 12,          /* the broker goes on with an authentication */
    MOTEMQ5_REPEATED = 13       /* a QoS 2 message that was delivered before came again, and may have set
                                   a topic alias; only if the client has offered aliases */
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
        motemq_text_t topic; /* empty if a topic alias stands for it */
        const uint8_t *payload; /* not to be read if the length is 0 */
        size_t payload_length;
        uint32_t remaining; /* bytes of the payload that follow as MOTEMQ_PAYLOAD */
        motemq5_properties_t properties;
        uint16_t id;        /* the broker's packet identifier; without meaning with QoS 0 */
        uint8_t first_byte; /* see motemq5_message_qos and its like */
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
        const uint8_t *codes; /* a reason code for each filter: below 0x80 it was accepted */
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

/* As motemq_message_qos, motemq_message_retain and motemq_message_dup. */
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

/* As motemq_next_event. */
int motemq5_next_event(motemq5_t *m, motemq5_event_t *event);

#ifndef MOTEMQ5_SENSOR
/* As motemq_topic_matches. */
int motemq5_topic_matches(motemq_text_t filter, motemq_text_t topic);
#endif

/* ---- Limits ---------------------------------------------------------------------------------- */

/* What the broker has announced in CONNACK. The client keeps to it. */
typedef struct motemq5_limits {
    uint32_t maximum_packet_size; /* UINT32_MAX: none */
    uint16_t receive_maximum;     /* messages of QoS 1 and 2 in flight; UINT16_MAX: none */
    uint16_t topic_alias_maximum; /* 0: no aliases */
    uint8_t maximum_qos;
    uint8_t retain_available; /* 0 or 1, and so on */
    uint8_t wildcard_subscription_available;
    uint8_t subscription_identifier_available;
    uint8_t shared_subscription_available;
} motemq5_limits_t;

int motemq5_limits(const motemq5_t *m, motemq5_limits_t *limits);

/* 1 if the receive maximum allows another message with QoS 1 or 2 now. If not, motemq5_publish returns
 * MOTEMQ_BUSY for it. */
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
/* As MOTEMQ_IMAGE_SIZE, motemq_save and motemq_restore. */
#define MOTEMQ5_IMAGE_SIZE(slots) (9u + 3u * (size_t)(slots))
int motemq5_save(const motemq5_t *m, uint8_t *image, size_t size);
int motemq5_restore(motemq5_t *m, const uint8_t *image, size_t size);
#endif

/* ---- Manual acknowledgement ------------------------------------------------------------------ */

#ifndef MOTEMQ5_SENSOR
/* As MOTEMQ_MANUAL and the functions of motemq.h. */
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
