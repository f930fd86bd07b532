/* A client whose broker is the test, for either version of MQTT. */
#ifndef PROFILES_H
#define PROFILES_H

#ifndef MOTEMQ5_NAMES_H
#include "motemq.h"
#endif

#include <stdio.h>
#include <string.h>

#define CHECK(condition)                                                                            \
    do {                                                                                            \
        if (!(condition)) {                                                                         \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                  \
            return 1;                                                                               \
        }                                                                                           \
    } while (0)

static motemq_t *m;

static void arrive(const char *bytes, size_t n)
{
    size_t room;
    memcpy(motemq_rx_space(m, &room), bytes, n);
    motemq_rx_commit(m, n);
}

/* These bytes are to be sent, and are. */
static int is_sent(const char *bytes, size_t n)
{
    size_t length;
    const uint8_t *output = motemq_tx_bytes(m, &length);
    int is_it = length == n && memcmp(output, bytes, n) == 0;
    motemq_tx_consume(m, length);
    return is_it;
}

#endif
