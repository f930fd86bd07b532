/* Answers questions: managed URL. It publishes every message of c/question to c/answer, and leaves when
 * one says quit.
 *
 * In the folder of the archive:
 *
 *   cc examples/managed.c -Iinclude -Llib -lmotemq_managed && LD_LIBRARY_PATH=lib ./a.out mqtt://localhost
 */
#include "motemq_managed.h"

#include <stdio.h>
#include <string.h>

static void on_state(void *context, const motemq_client_state_t *state)
{
    (void)context;
    if (state->kind == MOTEMQ_CLIENT_CONNECTED) {
        printf("connected\n");
    } else if (state->kind != MOTEMQ_CLIENT_CONNECTING) {
        printf("not connected: %s\n", state->reason);
    }
    fflush(stdout);
}

static void on_published(void *context, int result)
{
    (void)context;
    printf("answered: %s\n", result < 0 ? motemq_client_last_error() : "the broker has it");
    fflush(stdout);
}

static void on_question(void *context, const motemq_client_message_t *message)
{
    motemq_client_t *client = *(motemq_client_t **)context;
    motemq_client_publish_t answer;
    if (message->payload_length == 4 && memcmp(message->payload, "quit", 4) == 0) {
        motemq_client_begin_close(client, 5000);
        return;
    }
    memset(&answer, 0, sizeof answer);
    answer.topic = "c/answer";
    answer.payload = message->payload;
    answer.payload_length = message->payload_length;
    answer.qos = 1;
    if (motemq_client_publish(client, &answer, on_published, NULL) < 0) {
        printf("%s\n", motemq_client_last_error());
    }
}

static void on_subscribed(void *context, int result)
{
    (void)context;
    if (result < 0) {
        printf("not subscribed: %s\n", motemq_client_last_error());
    } else {
        printf("subscribed with QoS %d\n", result);
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    motemq_client_options_t options;
    /* The callback for questions gets its address. */
    static motemq_client_t *client;
    int result;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.url = argc > 1 ? argv[1] : "mqtt://localhost";
    options.on_state = on_state;
    if (motemq_client_open(&options, &client) < 0
        || motemq_client_subscribe(client, "c/question", 2, on_question, NULL, &client) < 0
        || motemq_client_subscribe(client, "c/ready", 0, on_question, on_subscribed, &client) < 0) {
        fprintf(stderr, "%s\n", motemq_client_last_error());
        return 1;
    }
    /* The program does what it likes here. This one waits for the end. */
    do {
        result = motemq_client_wait_ended(client, 60000);
    } while (result == MOTEMQ_CLIENT_TIMEOUT);
    if (result < 0) {
        fprintf(stderr, "%s\n", motemq_client_last_error());
    }
    motemq_client_free(client);
    return result < 0;
}
