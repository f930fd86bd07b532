/* A program that speaks both versions of MQTT, with both libraries. */
#include "motemq5_run.h"

#include <stdio.h>

int main(void)
{
    static MOTEMQ_MEMORY(1) memory;
    static MOTEMQ5_MEMORY(1) memory5;
    static uint8_t rx[32], tx[32], rx5[32], tx5[32];
    motemq_t *m = motemq_init(&memory, sizeof memory, 1, rx, sizeof rx, tx, sizeof tx);
    motemq5_t *m5 = motemq5_init(&memory5, sizeof memory5, 1, rx5, sizeof rx5, tx5, sizeof tx5);
    motemq_connect_t connect = { MOTEMQ_TEXT("c"), { NULL, 0 }, NULL, 0, NULL, 0, 0, 0, 0 };
    motemq5_connect_t connect5 = { MOTEMQ_TEXT("c"), { NULL, 0 }, NULL, 0, NULL, NULL, 0, 0, 0, 0, 0 };
    if (motemq_connect(m, &connect) != 0 || motemq5_connect(m5, &connect5) != 0 || tx[8] != 4
        || tx5[8] != 5 || motemq_error_text(-1) == motemq5_error_text(-6)) {
        return 1;
    }
    printf("both: all is well\n");
    return 0;
}
