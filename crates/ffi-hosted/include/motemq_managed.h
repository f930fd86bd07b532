/* The managed client of Motemq for C programs on Linux, Windows and macOS: an MQTT client that connects
 * by itself and again after each loss, sends messages again that were not acknowledged, subscribes
 * again if the broker has lost the session, and calls functions of the program.
 *
 * C99 and C++. Link libmotemq_managed. The library has its own threads: one moves bytes and keeps the
 * connection alive independently of the program, the others call the program's functions.
 *
 * Rules for all functions:
 * - Any thread may call any function at any time. A function that returns int returns 0 or more on
 *   success, and a negative motemq_client_error otherwise. motemq_client_last_error() then returns a
 *   text in English that says what happened, and what to do.
 * - A function with a handle that was freed, or with NULL, returns MOTEMQ_CLIENT_ARGUMENT.
 * - A pointer may be null only where this file allows it. A pointer that is not null has to point to
 *   data of its type, and with a length, to as many bytes as the length says. The data is read only
 *   during the call, so the program need not keep it.
 * - Text is UTF-8 and ends with NUL.
 *
 * Rules for callbacks:
 * - They are called by threads of the library, one at a time for each client.
 * - They may call any function of this file, except motemq_client_close and motemq_client_free, which
 *   wait for callbacks to return and therefore return MOTEMQ_CLIENT_CALLBACK there. To close a client
 *   within a callback, call motemq_client_begin_close.
 * - Their arguments are valid until they return. The data to which context points has to live until the
 *   last callback with this context has returned, at the latest when motemq_client_close or
 *   motemq_client_free returns.
 * - They have to return normally, without longjmp or a C++ exception.
 * - While a callback runs, the connection stays alive, and received messages wait.
 *
 * After fork() the child must not use clients that its parent has opened.
 */
#ifndef MOTEMQ_MANAGED_H
#define MOTEMQ_MANAGED_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOTEMQ_MANAGED_VERSION "0.1.0"

/* A client. */
typedef struct motemq_client motemq_client_t;

/* ---- Errors ---------------------------------------------------------------------------------- */

typedef enum motemq_client_error {
    MOTEMQ_CLIENT_OK = 0,

    /* Nothing was done. */
    MOTEMQ_CLIENT_ARGUMENT = -1, /* an argument is not valid for its type: a null pointer, a handle that
                                    was freed, a QoS above 2, a flag above 1, text that is not UTF-8 */
    MOTEMQ_CLIENT_INVALID = -2,  /* MQTT does not allow it, or options contradict each other */
    MOTEMQ_CLIENT_FULL = -3,     /* there is no room now: try again, or use motemq_client_publish */
    MOTEMQ_CLIENT_OFFLINE = -4,  /* there is no connection, and the message cannot wait for one */
    MOTEMQ_CLIENT_TOO_LONG = -5, /* the packet is longer than MQTT or the client allows */
    MOTEMQ_CLIENT_ENDED = -6,    /* the client was closed or has ended; motemq_client_get_state returns
                                    the reason */
    MOTEMQ_CLIENT_CALLBACK = -7, /* the function must not be called from within a callback */
    MOTEMQ_CLIENT_SYSTEM = -8,   /* the system has refused a thread or a socket */
    MOTEMQ_CLIENT_TIMEOUT = -9,  /* the time limit of the function has passed */
    MOTEMQ_CLIENT_PANIC = -10,   /* the library has a defect */
    MOTEMQ_CLIENT_UNFINISHED = -11, /* the client was closed before everything was completed */

    /* The outcome of a request. */
    MOTEMQ_CLIENT_REFUSED = -16,         /* the broker refused the subscription, or with MQTT 5 the
                                            message */
    MOTEMQ_CLIENT_OUTCOME_UNKNOWN = -17, /* it was sent, but may not have reached the broker */
    MOTEMQ_CLIENT_NOT_ANSWERED = -18,    /* it was sent, and the broker did not answer in time */
    MOTEMQ_CLIENT_DROPPED = -19,         /* it was never sent */

    /* The reason why there is no connection. */
    MOTEMQ_CLIENT_CLOSED = -32,       /* the broker closed the connection */
    MOTEMQ_CLIENT_TRANSPORT = -33,    /* the network, TLS, a proxy or a WebSocket failed */
    MOTEMQ_CLIENT_PROTOCOL = -34,     /* the broker violated the protocol */
    MOTEMQ_CLIENT_UNRESPONSIVE = -35, /* the broker did not answer, or accepted no bytes, in time */
    MOTEMQ_CLIENT_OVERRUN = -36,      /* the callbacks did not keep up with the messages */

    /* The broker refused the connection. The error is this number minus the return code of CONNACK, or
     * with MQTT 5 minus its reason code. */
    MOTEMQ_CLIENT_CONNECT_REFUSED = -256
} motemq_client_error;

/* Returns the text of the last error that a function returned in this thread, or, within a callback, of
 * the error that was passed to the callback. The text is valid until the next call in this thread. It
 * is never NULL. */
const char *motemq_client_last_error(void);

/* ---- Messages -------------------------------------------------------------------------------- */

/* A message to be published. */
typedef struct motemq_client_publish {
    const char *topic;
    const void *payload; /* may be NULL if the length is 0 */
    size_t payload_length;
    uint8_t qos;    /* 0 to 2 */
    uint8_t retain; /* 0 or 1 */
} motemq_client_publish_t;

/* A received message, or a piece of one. */
typedef struct motemq_client_message {
    const char *topic;      /* ends with NUL */
    size_t topic_length;    /* without the NUL */
    const uint8_t *payload; /* not to be read if the length is 0 */
    size_t payload_length;
    uint64_t payload_offset; /* the offset of this piece; not 0 only in the later pieces of a payload of
                                more than 16 MiB */
    uint64_t payload_total;  /* the length of the whole payload in bytes */
    uint16_t packet_id;      /* the broker's packet identifier; 0 with QoS 0 */
    uint8_t qos;
    uint8_t retain; /* 1 if the broker had stored it before the subscription was made */
    uint8_t dup;    /* 1 if the broker may have sent it before */
} motemq_client_message_t;

/* Called for each message. The message is acknowledged when all callbacks for it have returned. */
typedef void (*motemq_client_on_message_t)(void *context, const motemq_client_message_t *message);

/* Called once for each accepted request, when its outcome is known. result is 0 or more, or a
 * motemq_client_error. */
typedef void (*motemq_client_done_t)(void *context, int result);

/* ---- State ----------------------------------------------------------------------------------- */

typedef enum motemq_client_state_kind {
    MOTEMQ_CLIENT_CONNECTING = 0, /* the client is making a connection */
    MOTEMQ_CLIENT_CONNECTED = 1,  /* the broker has accepted the connection */
    MOTEMQ_CLIENT_WAITING = 2,    /* there is no connection; the next attempt begins after retry_ms */
    MOTEMQ_CLIENT_HAS_ENDED = 3   /* there will be no connection: the client was closed, or has given up
                                     because the broker refused the first connection for a reason that
                                     is not temporary, such as a wrong password; because it refused the
                                     client identifier or the version; or because, with MQTT 5, another
                                     client has taken over the session */
} motemq_client_state_kind;

typedef enum motemq_client_session_state {
    MOTEMQ_CLIENT_SESSION_NEW = 0,         /* the broker had kept no session */
    MOTEMQ_CLIENT_SESSION_RESUMED = 1,     /* the broker had kept the session of this client */
    MOTEMQ_CLIENT_SESSION_UNRECOGNIZED = 2 /* the broker has a session of an earlier process */
} motemq_client_session_state;

typedef struct motemq_client_state {
    int kind;          /* motemq_client_state_kind */
    int session;       /* motemq_client_session_state, if it is connected */
    int error;         /* the reason why there is no connection (motemq_client_error), or 0 */
    uint32_t retry_ms; /* milliseconds until the next attempt, in the state MOTEMQ_CLIENT_WAITING */
    char reason[240];  /* a text in English with the reason and what to do, or "" */
} motemq_client_state_t;

/* Called after the state has changed. After several changes in quick succession, it is called with the
 * last state. */
typedef void (*motemq_client_on_state_t)(void *context, const motemq_client_state_t *state);

/* ---- Opening and closing --------------------------------------------------------------------- */

/* The options of a client. Fill them with zeros, then set size and url:
 *
 *   motemq_client_options_t options;
 *   memset(&options, 0, sizeof options);
 *   options.size = sizeof options;
 *   options.url = "mqtt://localhost";
 */
typedef struct motemq_client_options {
    size_t size;           /* sizeof(motemq_client_options_t) */
    const char *url;       /* mqtt://[user[:password]@]host[:port], mqtts://, ws://, wss:// or unix:// */
    const char *client_id; /* NULL: the broker chooses one */
    const char *user;      /* NULL: the user name of the URL, or none */
    const void *password;  /* NULL: no password; it requires user */
    size_t password_length;
    const motemq_client_publish_t *will; /* NULL: no will */
    const char *ca_file;          /* PEM; NULL: the certificates that the system trusts */
    const char *certificate_file; /* PEM, with key_file; NULL: no certificate of the client */
    const char *key_file;
    motemq_client_on_message_t on_message; /* called for messages that match no subscription of this
                                              process; required with keep_session, otherwise it may be
                                              NULL */
    motemq_client_on_state_t on_state;     /* may be NULL */
    void *context;                         /* passed to on_message and on_state */
    uint32_t connect_timeout_ms; /* 0: 10 s */
    uint32_t ack_timeout_ms;     /* the time after which a message that was not acknowledged is
                                    given up; 0: 20 s */
    uint16_t keep_alive;         /* seconds; 0: 60 */
    uint16_t in_flight;          /* the number of messages of QoS 1 and 2 in flight; 0: 20 */
    uint8_t keep_session;        /* 1: the session outlives the connection; it requires client_id */
    uint8_t queue_qos0;          /* 1: messages with QoS 0 wait for a connection, too */
    uint8_t no_keep_alive;       /* 1: no keep alive, so the client may never detect a dead peer */
    uint8_t version;             /* 0 or 4: MQTT 3.1.1; 5: MQTT 5, or MQTT 3.1.1 with a broker that does
                                    not support MQTT 5 */
} motemq_client_options_t;

/* Opens a client, which begins to connect, and sets *client. It does not wait for the connection: if the
 * broker cannot be reached, the state of the client says so. On failure *client is set to NULL. */
int motemq_client_open(const motemq_client_options_t *options, motemq_client_t **client);

/* Closes the client: it accepts no new requests, waits up to timeout_ms for the accepted ones, sends
 * DISCONNECT, and waits until the last callback has returned. All done functions have been called then.
 * Messages that were not passed to a callback yet are not acknowledged. Returns 0 if all requests were
 * completed; otherwise MOTEMQ_CLIENT_UNFINISHED, or the reason why the client had ended before. */
int motemq_client_close(motemq_client_t *client, uint32_t timeout_ms);

/* Begins to close the client as motemq_client_close does, without waiting. */
int motemq_client_begin_close(motemq_client_t *client, uint32_t timeout_ms);

/* Closes the client at once, if it was not closed, and frees it. After that the handle is not valid.
 * client may be NULL. */
int motemq_client_free(motemq_client_t *client);

/* Writes the state of the connection to *state. */
int motemq_client_get_state(motemq_client_t *client, motemq_client_state_t *state);

/* Waits until there is a connection. Returns a motemq_client_session_state; MOTEMQ_CLIENT_TIMEOUT if
 * there is no connection after timeout_ms; or the reason why the client has ended. */
int motemq_client_wait_connected(motemq_client_t *client, uint32_t timeout_ms);

/* Waits until the client has ended, because it was closed or has given up. Returns the same result as
 * motemq_client_close, or MOTEMQ_CLIENT_TIMEOUT if the client has not ended after timeout_ms. */
int motemq_client_wait_ended(motemq_client_t *client, uint32_t timeout_ms);

/* ---- Requests -------------------------------------------------------------------------------- */

/* Publishes a message. Waits for room if too many messages wait already, and with QoS 0 for a
 * connection. done, which may be NULL, is called with 0 when the broker has acknowledged the message,
 * or with QoS 0 when it is written. */
int motemq_client_publish(motemq_client_t *client, const motemq_client_publish_t *message,
                          motemq_client_done_t done, void *context);

/* Publishes a message as motemq_client_publish does, but never waits: it returns MOTEMQ_CLIENT_FULL or
 * MOTEMQ_CLIENT_OFFLINE instead. */
int motemq_client_try_publish(motemq_client_t *client, const motemq_client_publish_t *message,
                              motemq_client_done_t done, void *context);

/* Subscribes to a topic filter. on_message is called for every message that matches it; if several
 * subscriptions match, the function of each is called. After a reconnection the client subscribes again
 * if the broker has lost the session. done, which may be NULL, is called with the QoS that the broker
 * has granted. context is passed to both. */
int motemq_client_subscribe(motemq_client_t *client, const char *filter, int qos,
                            motemq_client_on_message_t on_message, motemq_client_done_t done,
                            void *context);

/* Unsubscribes from a topic filter, which has to be identical to that of the subscription. After done,
 * which may be NULL, was called with 0, on_message of that filter is no longer called. */
int motemq_client_unsubscribe(motemq_client_t *client, const char *filter, motemq_client_done_t done,
                              void *context);

/* ---- Layout ---------------------------------------------------------------------------------- */

/* The library was compiled with the same sizes: these lines do not compile if a compiler lays the
 * structs out differently. */
typedef char motemq_client_check_publish_[sizeof(motemq_client_publish_t) == 4 * sizeof(size_t) ? 1
                                                                                               : -1];
typedef char motemq_client_check_message_[sizeof(motemq_client_message_t) == 4 * sizeof(size_t) + 24
                                              ? 1
                                              : -1];
typedef char motemq_client_check_state_[sizeof(motemq_client_state_t) == 256 ? 1 : -1];
typedef char
    motemq_client_check_options_[sizeof(motemq_client_options_t) == 13 * sizeof(size_t) + 16 ? 1 : -1];

#ifdef __cplusplus
}
#endif
#endif
