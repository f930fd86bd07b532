/* The managed client against a real broker. It prints `stop` and `start`, and waits for a line after
 * each, so that whoever runs it can stop the broker and start it again. */
#include "motemq_managed.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHECK(condition)                                                                            \
    do {                                                                                            \
        if (!(condition)) {                                                                         \
            printf("%s:%d: %s (%s)\n", __FILE__, __LINE__, #condition, motemq_client_last_error()); \
            exit(1);                                                                                \
        }                                                                                           \
    } while (0)

#define LARGE 300000

/* What the callbacks have seen. */
typedef struct seen {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int done, failed, last; /* outcomes: how many, how many of them errors, and the last one */
    int messages[3];        /* by QoS */
    int otherwise;          /* messages that match no subscription */
    int large, after; /* long messages, and those after a restart */
    int connected, lost, ended;
    int is_within;          /* a callback runs */
    motemq_client_t *client;
    motemq_client_state_t state;
} seen_t;

static char url[64];
static uint8_t version;

static void enter(seen_t *s)
{
    pthread_mutex_lock(&s->lock);
    /* One at a time. */
    CHECK(s->is_within == 0);
    s->is_within = 1;
}

static void leave(seen_t *s)
{
    s->is_within = 0;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

/* Waits until a number is what it is to be. */
static void await(seen_t *s, const int *number, int value)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 30;
    pthread_mutex_lock(&s->lock);
    while (*number < value) {
        CHECK(pthread_cond_timedwait(&s->changed, &s->lock, &end) == 0);
    }
    CHECK(*number == value);
    pthread_mutex_unlock(&s->lock);
}

static void on_done(void *context, int result)
{
    seen_t *s = (seen_t *)context;
    enter(s);
    s->done++;
    s->failed += result < 0;
    s->last = result;
    CHECK(result >= 0 || motemq_client_last_error()[0] != 0);
    leave(s);
}

static void on_message(void *context, const motemq_client_message_t *message)
{
    seen_t *s = (seen_t *)context;
    motemq_client_publish_t echo = { "echo", "again", 5, 1, 0 };
    motemq_client_state_t state;
    enter(s);
    CHECK(strlen(message->topic) == message->topic_length && message->qos <= 2);
    CHECK(message->payload_offset == 0 && message->payload_total == message->payload_length);
    s->messages[message->qos]++;
    if (message->payload_length == LARGE) {
        s->large++;
        CHECK(message->payload[0] == 'x' && message->payload[LARGE - 1] == 'x');
    }
    if (strcmp(message->topic, "m/answer") == 0) {
        /* What callbacks may call, and what they may not. */
        CHECK(motemq_client_publish(s->client, &echo, NULL, NULL) == 0);
        CHECK(motemq_client_get_state(s->client, &state) == 0);
        CHECK(motemq_client_close(s->client, 1000) == MOTEMQ_CLIENT_CALLBACK);
        CHECK(motemq_client_free(s->client) == MOTEMQ_CLIENT_CALLBACK);
        CHECK(strstr(motemq_client_last_error(), "another thread") != NULL);
    }
    s->after += strcmp(message->topic, "m/after") == 0;
    if (strcmp(message->topic, "m/leave") == 0) {
        CHECK(motemq_client_begin_close(s->client, 5000) == 0);
    }
    leave(s);
}

static void on_other(void *context, const motemq_client_message_t *message)
{
    seen_t *s = (seen_t *)context;
    enter(s);
    CHECK(message->topic_length != 0);
    s->otherwise++;
    leave(s);
}

static void on_state(void *context, const motemq_client_state_t *state)
{
    seen_t *s = (seen_t *)context;
    enter(s);
    s->connected += state->kind == MOTEMQ_CLIENT_CONNECTED;
    s->lost += state->kind == MOTEMQ_CLIENT_WAITING && s->state.kind == MOTEMQ_CLIENT_CONNECTED;
    s->ended += state->kind == MOTEMQ_CLIENT_HAS_ENDED;
    s->state = *state;
    leave(s);
}

static void init(seen_t *s)
{
    memset(s, 0, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
}

static motemq_client_options_t options_of(seen_t *s)
{
    motemq_client_options_t options;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.url = url;
    options.version = version;
    options.on_message = on_other;
    options.on_state = on_state;
    options.context = s;
    return options;
}

static void open_client(seen_t *s)
{
    motemq_client_options_t options = options_of(s);
    CHECK(motemq_client_open(&options, &s->client) == 0 && s->client != NULL);
    CHECK(motemq_client_wait_connected(s->client, 20000) == MOTEMQ_CLIENT_SESSION_NEW);
}

static void tell(const char *what)
{
    char line[16];
    printf("%s\n", what);
    fflush(stdout);
    CHECK(fgets(line, sizeof line, stdin) != NULL);
}

/* ---- Arguments ---- */

static void arguments(void)
{
    seen_t s;
    motemq_client_options_t options, good;
    motemq_client_publish_t publish = { "a", NULL, 0, 0, 0 }, will = { "w/#", "x", 1, 0, 0 };
    motemq_client_state_t state;
    motemq_client_t *client = (motemq_client_t *)&s, *freed;
    init(&s);
    good = options_of(&s);
    CHECK(motemq_client_open(NULL, &client) == MOTEMQ_CLIENT_ARGUMENT && client == NULL);
    CHECK(strcmp(motemq_client_last_error(), "options is NULL") == 0);
    CHECK(motemq_client_open(&good, NULL) == MOTEMQ_CLIENT_ARGUMENT);
#define REFUSED(field, value, error)                                                                \
    options = good;                                                                                 \
    options.field = value;                                                                          \
    CHECK(motemq_client_open(&options, &client) == error && client == NULL)
    REFUSED(size, 0, MOTEMQ_CLIENT_ARGUMENT);
    REFUSED(size, sizeof options - 8, MOTEMQ_CLIENT_ARGUMENT);
    REFUSED(size, sizeof options + 8, MOTEMQ_CLIENT_ARGUMENT);
    REFUSED(url, NULL, MOTEMQ_CLIENT_ARGUMENT);
    REFUSED(url, "http://a", MOTEMQ_CLIENT_INVALID);
    REFUSED(url, "mqtt://\xff", MOTEMQ_CLIENT_ARGUMENT);
    REFUSED(client_id, "\xc3", MOTEMQ_CLIENT_ARGUMENT);
    REFUSED(user, "\xed\xa0\x80", MOTEMQ_CLIENT_ARGUMENT);
    REFUSED(password, "secret", MOTEMQ_CLIENT_INVALID);
    REFUSED(password_length, 1, MOTEMQ_CLIENT_INVALID);
    good.user = "me";
    REFUSED(password_length, 1, MOTEMQ_CLIENT_ARGUMENT);
    good.user = NULL;
    REFUSED(will, &will, MOTEMQ_CLIENT_INVALID);
    will.qos = 3;
    REFUSED(will, &will, MOTEMQ_CLIENT_ARGUMENT);
    REFUSED(ca_file, "/nowhere", MOTEMQ_CLIENT_INVALID);
    REFUSED(key_file, "/nowhere", MOTEMQ_CLIENT_INVALID);
    REFUSED(keep_session, 2, MOTEMQ_CLIENT_ARGUMENT);
    REFUSED(keep_session, 1, MOTEMQ_CLIENT_INVALID); /* without a client identifier */
    REFUSED(queue_qos0, 2, MOTEMQ_CLIENT_ARGUMENT);
    REFUSED(no_keep_alive, 9, MOTEMQ_CLIENT_ARGUMENT);
    REFUSED(version, 3, MOTEMQ_CLIENT_ARGUMENT);
    good.keep_session = 1;
    good.client_id = "c";
    REFUSED(on_message, NULL, MOTEMQ_CLIENT_INVALID);

    CHECK(motemq_client_publish(NULL, &publish, NULL, NULL) == MOTEMQ_CLIENT_ARGUMENT);
    CHECK(motemq_client_close(NULL, 0) == MOTEMQ_CLIENT_ARGUMENT);
    CHECK(motemq_client_begin_close(NULL, 0) == MOTEMQ_CLIENT_ARGUMENT);
    CHECK(motemq_client_get_state(NULL, &state) == MOTEMQ_CLIENT_ARGUMENT);
    CHECK(motemq_client_wait_connected(NULL, 0) == MOTEMQ_CLIENT_ARGUMENT);
    CHECK(motemq_client_free(NULL) == 0);
    /* A pointer to something else is no client. */
    CHECK(motemq_client_close((motemq_client_t *)&s, 0) == MOTEMQ_CLIENT_ARGUMENT);

    open_client(&s);
    CHECK(motemq_client_publish(s.client, NULL, NULL, NULL) == MOTEMQ_CLIENT_ARGUMENT);
    publish.payload_length = 1;
    CHECK(motemq_client_publish(s.client, &publish, NULL, NULL) == MOTEMQ_CLIENT_ARGUMENT);
    publish.payload = "x";
    publish.qos = 3;
    CHECK(motemq_client_publish(s.client, &publish, NULL, NULL) == MOTEMQ_CLIENT_ARGUMENT);
    publish.qos = 0;
    publish.retain = 2;
    CHECK(motemq_client_try_publish(s.client, &publish, NULL, NULL) == MOTEMQ_CLIENT_ARGUMENT);
    publish.retain = 0;
    publish.topic = "a/+";
    CHECK(motemq_client_publish(s.client, &publish, on_done, &s) == MOTEMQ_CLIENT_INVALID);
    publish.topic = "\x80";
    CHECK(motemq_client_publish(s.client, &publish, on_done, &s) == MOTEMQ_CLIENT_ARGUMENT);
    publish.topic = NULL;
    CHECK(motemq_client_publish(s.client, &publish, on_done, &s) == MOTEMQ_CLIENT_ARGUMENT);
    CHECK(motemq_client_subscribe(s.client, NULL, 0, on_message, on_done, &s)
          == MOTEMQ_CLIENT_ARGUMENT);
    CHECK(motemq_client_subscribe(s.client, "a", 3, on_message, on_done, &s)
          == MOTEMQ_CLIENT_ARGUMENT);
    CHECK(motemq_client_subscribe(s.client, "a", -1, on_message, on_done, &s)
          == MOTEMQ_CLIENT_ARGUMENT);
    CHECK(motemq_client_subscribe(s.client, "a", 0, NULL, on_done, &s) == MOTEMQ_CLIENT_ARGUMENT);
    CHECK(motemq_client_subscribe(s.client, "a/#/b", 0, on_message, on_done, &s)
          == MOTEMQ_CLIENT_INVALID);
    CHECK(motemq_client_unsubscribe(s.client, NULL, on_done, &s) == MOTEMQ_CLIENT_ARGUMENT);
    CHECK(motemq_client_get_state(s.client, NULL) == MOTEMQ_CLIENT_ARGUMENT);
    CHECK(motemq_client_get_state(s.client, &state) == 0);
    CHECK(state.kind == MOTEMQ_CLIENT_CONNECTED && state.error == 0 && state.reason[0] == 0);
    CHECK(motemq_client_close(s.client, 5000) == 0 && s.ended == 1);
    CHECK(motemq_client_close(s.client, 5000) == 0);
    publish.topic = "a";
    CHECK(motemq_client_publish(s.client, &publish, on_done, &s) == MOTEMQ_CLIENT_ENDED);
    CHECK(motemq_client_subscribe(s.client, "a", 0, on_message, on_done, &s)
          == MOTEMQ_CLIENT_ENDED);
    CHECK(motemq_client_unsubscribe(s.client, "a", on_done, &s) == MOTEMQ_CLIENT_ENDED);
    freed = s.client;
    CHECK(motemq_client_free(s.client) == 0);
    CHECK(motemq_client_free(freed) == MOTEMQ_CLIENT_ARGUMENT);
    CHECK(motemq_client_publish(freed, &publish, on_done, &s) == MOTEMQ_CLIENT_ARGUMENT);
    CHECK(s.done == 0);
}

/* ---- Messages, and restarts of the broker ---- */

static void publish(seen_t *s, const char *topic, int qos)
{
    motemq_client_publish_t message = { topic, "hello", 5, 0, 0 };
    message.qos = (uint8_t)qos;
    CHECK(motemq_client_publish(s->client, &message, on_done, s) == 0);
}

static void *publish_many(void *context)
{
    int i;
    for (i = 0; i < 200; i++) {
        publish((seen_t *)context, "other", i % 3);
    }
    return NULL;
}

static void conversation(void)
{
    seen_t s;
    motemq_client_publish_t message = { "m/large", NULL, LARGE, 1, 0 };
    char *large = (char *)malloc(LARGE);
    pthread_t threads[2];
    int i, restarts, done;
    init(&s);
    open_client(&s);
    await(&s, &s.connected, 1);
    CHECK(motemq_client_subscribe(s.client, "m/#", 2, on_message, on_done, &s) == 0);
    await(&s, &s.done, 1);
    CHECK(s.last == 2);
    CHECK(motemq_client_subscribe(s.client, "echo", 1, on_message, on_done, &s) == 0);
    await(&s, &s.done, 2);
    CHECK(s.last == 1);
    for (i = 0; i < 3; i++) {
        publish(&s, "m/1", i);
    }
    await(&s, &s.done, 5);
    for (i = 0; i < 3; i++) {
        await(&s, &s.messages[i], 1);
    }
    publish(&s, "m/answer", 0);
    await(&s, &s.messages[1], 2);
    CHECK(large != NULL);
    memset(large, 'x', LARGE);
    message.payload = large;
    CHECK(motemq_client_publish(s.client, &message, on_done, &s) == 0);
    free(large);
    await(&s, &s.large, 1);
    await(&s, &s.done, 7);

    for (restarts = 1; restarts <= 2; restarts++) {
        done = s.done;
        tell("stop");
        await(&s, &s.lost, restarts);
        CHECK(s.state.error < 0 && s.state.reason[0] != 0);
        message.qos = 0;
        message.payload = "x";
        message.payload_length = 1;
        CHECK(motemq_client_try_publish(s.client, &message, on_done, &s) == MOTEMQ_CLIENT_OFFLINE);
        for (i = 0; i < 5; i++) {
            publish(&s, "m/queued", 2);
        }
        CHECK(s.done == done);
        tell("start");
        await(&s, &s.connected, 1 + restarts);
        await(&s, &s.done, done + 5);
        /* It is received by the subscription that was made again. */
        publish(&s, "m/after", 2);
        await(&s, &s.done, done + 6);
        await(&s, &s.after, restarts);
    }
    CHECK(s.failed == 0);

    done = s.done;
    for (i = 0; i < 2; i++) {
        CHECK(pthread_create(&threads[i], NULL, publish_many, &s) == 0);
    }
    for (i = 0; i < 2; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    await(&s, &s.done, done + 400);
    CHECK(s.failed == 0 && s.otherwise == 0);

    CHECK(motemq_client_unsubscribe(s.client, "echo", on_done, &s) == 0);
    await(&s, &s.done, done + 401);
    CHECK(s.last == 0);
    i = s.messages[1];
    publish(&s, "echo", 1);
    await(&s, &s.done, done + 402);
    CHECK(s.messages[1] == i && s.otherwise == 0);

    /* A callback lets the client leave. */
    publish(&s, "m/leave", 0);
    await(&s, &s.ended, 1);
    CHECK(motemq_client_close(s.client, 5000) == 0);
    CHECK(motemq_client_free(s.client) == 0);
}

/* ---- The end, whatever goes on ---- */

static void *publish_until_the_end(void *context)
{
    seen_t *s = (seen_t *)context;
    motemq_client_publish_t message = { "never", "x", 1, 0, 0 };
    int result;
    do {
        result = motemq_client_publish(s->client, &message, on_done, s);
    } while (result == 0);
    CHECK(result == MOTEMQ_CLIENT_ENDED || result == MOTEMQ_CLIENT_ARGUMENT);
    return NULL;
}

static void without_a_broker(void)
{
    seen_t s;
    motemq_client_options_t options;
    pthread_t thread;
    int done;
    init(&s);
    options = options_of(&s);
    options.url = "mqtt://127.0.0.1:1";
    CHECK(motemq_client_open(&options, &s.client) == 0);
    CHECK(motemq_client_wait_connected(s.client, 200) == MOTEMQ_CLIENT_TIMEOUT);
    CHECK(strstr(motemq_client_last_error(), "127.0.0.1:1") != NULL);
    CHECK(motemq_client_subscribe(s.client, "a", 1, on_message, on_done, &s) == 0);
    publish(&s, "a", 1);
    CHECK(pthread_create(&thread, NULL, publish_until_the_end, &s) == 0);
    CHECK(motemq_client_wait_ended(s.client, 10) == MOTEMQ_CLIENT_TIMEOUT);
    CHECK(motemq_client_close(s.client, 100) == MOTEMQ_CLIENT_UNFINISHED);
    CHECK(motemq_client_wait_ended(s.client, 10) == MOTEMQ_CLIENT_UNFINISHED);
    /* Each request that was accepted has its outcome. */
    CHECK(s.done == 2 && s.failed == 2 && s.ended == 1);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(motemq_client_free(s.client) == 0);

    /* Freed while another thread publishes. */
    init(&s);
    open_client(&s);
    CHECK(pthread_create(&thread, NULL, publish_until_the_end, &s) == 0);
    for (done = 0; done < 100;) {
        pthread_mutex_lock(&s.lock);
        done = s.done;
        pthread_mutex_unlock(&s.lock);
    }
    CHECK(motemq_client_free(s.client) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        return 2;
    }
    snprintf(url, sizeof url, "mqtt://127.0.0.1:%s", argv[1]);
    arguments();
    conversation();
    version = 5;
    conversation();
    without_a_broker();
    printf("managed: all is well\n");
    return 0;
}
