/* A client over a real broker, for either version of MQTT. */
#ifndef BROKER_H
#define BROKER_H

#include "tcp.h"

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                            \
    do {                                                                                            \
        if (!(condition)) {                                                                         \
            printf("%s:%d: %s (last result %d: %s)\n", __FILE__, __LINE__, #condition, result,      \
                   motemq_error_text(result));                                                      \
            exit(1);                                                                                \
        }                                                                                           \
    } while (0)

static int result;
static motemq_t *m;

static motemq_event_t wait_for(int kind)
{
    motemq_event_t event;
    do {
        result = motemq_wait(m, &io, &event, 10000);
        CHECK(result == 1);
    } while (event.kind != kind);
    return event;
}

#endif
