/* The smallest client on a Cortex-M4 without an operating system: its second UART is a pipe to the
 * broker. It answers each message in `c/question` with one in `c/answer`, until it receives `quit`.
 *
 * In the folder of the archive for thumbv7em-none-eabi:
 *
 *   arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -Os -ffreestanding -nostdlib -Iinclude -Lexamples/mps2 \
 *     -Tlink.ld examples/mps2/uart.c examples/mps2/board.c src/motemq_run.c -Llib -lmotemq -lgcc \
 *     -ffunction-sections -Wl,--gc-sections -o uart.elf
 *   qemu-system-arm -M mps2-an386 -display none -monitor none -serial stdio \
 *     -serial tcp:127.0.0.1:1883 -semihosting-config enable=on,target=native -kernel uart.elf */
#include "board.h"
#include "motemq_run.h"

static MOTEMQ_MEMORY(20) memory; /* mosquitto sends up to 20 messages with QoS 2 at once */
static uint8_t rx[256], tx[256];

static void say(const char *before, const void *bytes, size_t length)
{
    const uint8_t *at = (const uint8_t *)bytes;
    while (*before != 0) {
        uart_write(CONSOLE, (uint8_t)*before++);
    }
    while (length-- != 0) {
        uart_write(CONSOLE, *at++);
    }
    uart_write(CONSOLE, '\n');
}

/* ---- The transport ---- */

/* The pipe is always there. */
static int pipe_connect(void *context)
{
    (void)context;
    return 0;
}

static void pipe_disconnect(void *context)
{
    (void)context;
}

static int pipe_recv(void *context, uint8_t *to, size_t size, uint32_t timeout_ms)
{
    uint32_t begun = board_now();
    size_t length = 0;
    (void)context;
    for (;;) {
        int byte = length < size ? uart_read(MODEM) : -1;
        if (byte >= 0) {
            to[length++] = (uint8_t)byte;
        } else if (length != 0 || board_now() - begun >= timeout_ms) {
            return (int)length;
        } else {
            board_sleep();
        }
    }
}

static int pipe_send(void *context, const uint8_t *from, size_t size)
{
    size_t i;
    (void)context;
    for (i = 0; i < size; i++) {
        uart_write(MODEM, from[i]);
    }
    return (int)size;
}

static uint32_t now(void *context)
{
    (void)context;
    return board_now();
}

static const motemq_io_t io = { NULL, pipe_connect, pipe_disconnect, pipe_recv, pipe_send, now };

/* ---- The program ---- */

static int is_quit(const motemq_event_t *event)
{
    const uint8_t *payload = event->message.payload;
    return event->message.payload_length == 4 && payload[0] == 'q' && payload[1] == 'u'
           && payload[2] == 'i' && payload[3] == 't';
}

int main(void)
{
    const motemq_filter_t question = { MOTEMQ_TEXT("c/question"), 2 };
    motemq_connect_t connect = { MOTEMQ_TEXT("motemq-uart"), { NULL, 0 }, NULL, 0, NULL, 30, 0, 0, 0 };
    motemq_publish_t answer = { MOTEMQ_TEXT("c/answer"), "", 0, 0, 1, 0 };
    motemq_t *m = motemq_init(&memory, sizeof memory, 20, rx, sizeof rx, tx, sizeof tx);
    motemq_event_t event;
    int result = motemq_open(m, &io, &connect);
    while (result >= 0) {
        result = motemq_wait(m, &io, &event, MOTEMQ_FOREVER);
        if (result < 0) {
            break;
        }
        if (event.kind == MOTEMQ_CONNECTED) {
            result = motemq_subscribe(m, &question, 1);
        } else if (event.kind == MOTEMQ_SUBSCRIBED) {
            say("subscribed", "", 0);
        } else if (event.kind == MOTEMQ_ACKED) {
            say("answered", "", 0);
        } else if (event.kind == MOTEMQ_MESSAGE && is_quit(&event)) {
            return -motemq_close(m, &io);
        } else if (event.kind == MOTEMQ_MESSAGE && event.message.remaining == 0) {
            say("received ", event.message.payload, event.message.payload_length);
            /* The answer's bytes are still in rx. */
            answer.payload = event.message.payload;
            answer.payload_length = event.message.payload_length;
            result = motemq_publish(m, &answer);
            if (result == MOTEMQ_FULL && (result = motemq_flush(m, &io)) >= 0) {
                result = motemq_publish(m, &answer);
            }
            if (result == MOTEMQ_BUSY) {
                /* No slot is free. ../posix.c keeps such questions. */
                say("too busy to answer", "", 0);
                result = 0;
            }
        }
    }
    say(motemq_error_text(result), "", 0);
    return 1;
}
