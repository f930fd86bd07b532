/* libmosquitto, in one thread, which publishes and calls its loop. Takes the arguments of the program
 * `e2e` behind the name of the client, and prints the same. */
#include <mosquitto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TOPIC "bench/topic"
#define WINDOW 100
#define PAYLOAD 64

static bool connected;
static int published, received;

static void on_connect(struct mosquitto *client, void *data, int code) {
    (void)client, (void)data;
    connected = code == 0;
}

/* With QoS 0 a message was written, else its exchange has ended. */
static void on_publish(struct mosquitto *client, void *data, int id) {
    (void)client, (void)data, (void)id;
    published++;
}

static void on_message(struct mosquitto *client, void *data, const struct mosquitto_message *message) {
    (void)client, (void)data, (void)message;
    received++;
}

static void check(int error) {
    if (error != MOSQ_ERR_SUCCESS) {
        fprintf(stderr, "%s\n", mosquitto_strerror(error));
        exit(1);
    }
}

static void step(struct mosquitto *client) {
    check(mosquitto_loop(client, 1000, 1));
}

static long long clock_ns(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int count, char **arguments) {
    if (count != 4) {
        fprintf(stderr, "WORK MESSAGES PORT\n");
        return 2;
    }
    const char *work = arguments[1];
    int messages = atoi(arguments[2]);
    char payload[PAYLOAD];
    memset(payload, 7, sizeof payload);
    alarm(30);
    mosquitto_lib_init();
    struct mosquitto *client = mosquitto_new("bench", true, NULL);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_publish_callback_set(client, on_publish);
    mosquitto_message_callback_set(client, on_message);
    mosquitto_max_inflight_messages_set(client, WINDOW);
    mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
    check(mosquitto_connect(client, "127.0.0.1", atoi(arguments[3]), 60));
    while (!connected) step(client);

    long long processor = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    long long begun = clock_ns(CLOCK_MONOTONIC);
    if (strncmp(work, "receive", 7) == 0) {
        char filter[64];
        snprintf(filter, sizeof filter, "flood/%d/%d/1/%d", messages, PAYLOAD, WINDOW);
        check(mosquitto_subscribe(client, NULL, filter, atoi(work + 7)));
        while (received < messages) step(client);
    } else {
        bool is_round_trip = strcmp(work, "round-trip") == 0;
        int window = is_round_trip ? 1 : WINDOW;
        int qos = is_round_trip ? 1 : atoi(work + 7);
        for (int sent = 0; sent < messages; sent++) {
            while (sent - published >= window) step(client);
            int last_qos = qos == 0 && sent == messages - 1 ? 1 : qos;
            check(mosquitto_publish(client, NULL, TOPIC, sizeof payload, payload, last_qos, false));
        }
        while (published < messages) step(client);
    }
    printf("%lld %lld\n", clock_ns(CLOCK_PROCESS_CPUTIME_ID) - processor,
           clock_ns(CLOCK_MONOTONIC) - begun);
    return 0;
}
