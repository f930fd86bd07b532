/* What the program needs of the board: two UARTs, a clock, and an end. */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __ARM_ARCH_8M_MAIN__
enum uart { CONSOLE = 0x50200000, MODEM = 0x50201000 };
#define CLOCK_HZ 20000000u
#else
enum uart { CONSOLE = 0x40004000, MODEM = 0x40005000 };
#define CLOCK_HZ 25000000u
#endif

/* The next byte that has arrived, or -1. */
int uart_read(enum uart uart);
void uart_write(enum uart uart, uint8_t byte);

/* Milliseconds since the start. */
uint32_t board_now(void);
/* Sleeps until the next millisecond. */
void board_sleep(void);
/* Ends the emulation with a status. */
void board_exit(uint32_t status);

#endif
