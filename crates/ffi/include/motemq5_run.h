/* The loop of motemq_run.h for MQTT 5: the same functions over the same transport. Add motemq5_run.c,
 * which includes motemq_run.c, to your program. */
#ifndef MOTEMQ5_RUN_H
#define MOTEMQ5_RUN_H

#include "motemq5.h"
#include "motemq_run.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The same as motemq_open, motemq_wait, motemq_flush, motemq_publish_long, motemq_close and
 * motemq_error_text.
 * After MOTEMQ5_DISCONNECTED, motemq5_wait closes the transport and returns MOTEMQ_OFFLINE. */
int motemq5_open(motemq5_t *m, const motemq_io_t *io, const motemq5_connect_t *connect);
int motemq5_wait(motemq5_t *m, const motemq_io_t *io, motemq5_event_t *event, uint32_t timeout_ms);
int motemq5_flush(motemq5_t *m, const motemq_io_t *io);
#ifndef MOTEMQ5_NO_RESUME
int motemq5_publish_long(motemq5_t *m, const motemq_io_t *io, const motemq5_publish_t *publish);
#endif
int motemq5_close(motemq5_t *m, const motemq_io_t *io);
const char *motemq5_error_text(int error);

#ifdef __cplusplus
}
#endif
#endif
