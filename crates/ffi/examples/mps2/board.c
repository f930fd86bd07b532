/* A Cortex-M3, M4 or M33 on an MPS2 board (image AN385, AN386 or AN505), as QEMU emulates it. No C
 * library. */
#include "board.h"

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* Registers of a UART, from its address on. */
#define DATA 0x00u
#define STATE 0x04u
#define CONTROL 0x08u
#define DIVIDER 0x10u
#define STATE_IS_SENDING 1u
#define STATE_HAS_RECEIVED 2u

/* Registers of the timer in the processor. */
#define SYSTICK_CONTROL 0xe000e010u
#define SYSTICK_RELOAD 0xe000e014u
#define SYSTICK_VALUE 0xe000e018u

extern uint32_t bss_start, bss_end, stack_top;
int main(void);
void reset(void);

static volatile uint32_t milliseconds;

int uart_read(enum uart uart)
{
    return REGISTER(uart + STATE) & STATE_HAS_RECEIVED ? (int)(REGISTER(uart + DATA) & 0xffu) : -1;
}

void uart_write(enum uart uart, uint8_t byte)
{
    while (REGISTER(uart + STATE) & STATE_IS_SENDING) {
    }
    REGISTER(uart + DATA) = byte;
}

uint32_t board_now(void)
{
    return milliseconds;
}

void board_sleep(void)
{
    __asm__ volatile("wfi");
}

void board_exit(uint32_t status)
{
    /* Semihosting: SYS_EXIT_EXTENDED with the reason ADP_Stopped_ApplicationExit. */
    uint32_t block[2];
    register uint32_t operation __asm__("r0") = 0x20;
    register const uint32_t *argument __asm__("r1") = block;
    block[0] = 0x20026;
    block[1] = status;
    __asm__ volatile("bkpt 0xab" : "+r"(operation) : "r"(argument) : "memory");
    for (;;) {
    }
}

static void tick(void)
{
    milliseconds++;
}

static void fault(void)
{
    board_exit(101);
}

void reset(void)
{
    uint32_t *at;
    for (at = &bss_start; at < &bss_end; at++) {
        *at = 0;
    }
    REGISTER(CONSOLE + DIVIDER) = 16;
    REGISTER(CONSOLE + CONTROL) = 3;
    REGISTER(MODEM + DIVIDER) = 16;
    REGISTER(MODEM + CONTROL) = 3;
    REGISTER(SYSTICK_RELOAD) = CLOCK_HZ / 1000u - 1u;
    REGISTER(SYSTICK_VALUE) = 0;
    REGISTER(SYSTICK_CONTROL) = 7;
    board_exit((uint32_t)main());
}

typedef union vector {
    void *stack;
    void (*handler)(void);
} vector_t;

/* The first 16 vectors: stack, reset, faults, and the timer. */
__attribute__((section(".vectors"), used)) static const vector_t vectors[16] = {
    { .stack = &stack_top }, { .handler = reset }, { .handler = fault }, { .handler = fault },
    { .handler = fault },    { .handler = fault }, { .handler = fault }, { .handler = NULL },
    { .handler = NULL },     { .handler = NULL },  { .handler = NULL },  { .handler = fault },
    { .handler = fault },    { .handler = NULL },  { .handler = fault }, { .handler = tick },
};
