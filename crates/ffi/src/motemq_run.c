#include "motemq_run.h"

static int end(motemq_t *m, const motemq_io_t *io, int why)
{
    motemq_on_connection_lost(m);
    io->disconnect(io->context);
    return why;
}

int motemq_open(motemq_t *m, const motemq_io_t *io, const motemq_connect_t *connect)
{
    int result;
    if (io->connect(io->context) < 0) {
        return MOTEMQ_GONE;
    }
    result = motemq_connect(m, connect);
    return result < 0 ? end(m, io, result) : result;
}

int motemq_flush(motemq_t *m, const motemq_io_t *io)
{
    for (;;) {
        size_t length;
        const uint8_t *bytes = motemq_tx_bytes(m, &length);
        int sent;
        if (length == 0) {
            return MOTEMQ_OK;
        }
        sent = io->send(io->context, bytes, length);
        if (sent <= 0) {
            return end(m, io, MOTEMQ_GONE);
        }
        motemq_tx_consume(m, (size_t)sent);
    }
}

#ifdef MOTEMQ5_H
/* The connection has failed. With MQTT 5 the broker is told why. */
static int fault(motemq_t *m, const motemq_io_t *io, int why)
{
    return motemq_flush(m, io) < 0 ? why : end(m, io, why);
}
#else
#define fault end
#endif

int motemq_wait(motemq_t *m, const motemq_io_t *io, motemq_event_t *event, uint32_t timeout_ms)
{
    uint32_t begun = io->now(io->context);
    int is_stuck = 0;
    for (;;) {
        uint32_t sleep_ms, now, elapsed;
        size_t room;
        uint8_t *space;
        int read, result = motemq_next_event(m, event);
        if (result > 0) {
            return result;
        }
        if (result < 0) {
            return fault(m, io, result);
        }
        now = io->now(io->context);
        result = motemq_tick(m, now, &sleep_ms);
        if (result < 0) {
            return fault(m, io, result);
        }
        result = motemq_flush(m, io);
        if (result < 0) {
            return result;
        }
        if (motemq_is_closed(m)) {
            return end(m, io, MOTEMQ_OFFLINE);
        }
        space = motemq_rx_space(m, &room);
        if (room == 0) {
            /* The event needed room in tx, which there is now, or the end of a payload. */
            if (is_stuck) {
                return MOTEMQ_BUSY;
            }
            is_stuck = 1;
            continue;
        }
        is_stuck = 0;
        elapsed = now - begun;
        if (timeout_ms != MOTEMQ_FOREVER) {
            uint32_t rest = elapsed < timeout_ms ? timeout_ms - elapsed : 0;
            if (sleep_ms > rest) {
                sleep_ms = rest;
            }
        }
        read = io->recv(io->context, space, room, sleep_ms);
        if (read < 0) {
            return end(m, io, MOTEMQ_GONE);
        }
        motemq_rx_commit(m, (size_t)read);
        if (read == 0 && timeout_ms != MOTEMQ_FOREVER && elapsed >= timeout_ms) {
            return 0;
        }
    }
}

#if !defined MOTEMQ_NO_RESUME && !defined MOTEMQ5_NO_RESUME
int motemq_publish_long(motemq_t *m, const motemq_io_t *io, const motemq_publish_t *publish)
{
    motemq_publish_t head = *publish;
    const uint8_t *payload = (const uint8_t *)publish->payload;
    size_t length = publish->payload_length;
    int result, id;
    if (payload == NULL) {
        return MOTEMQ_ARGUMENT;
    }
    if (length > UINT32_MAX - publish->remaining) {
        return MOTEMQ_TOO_LONG;
    }
    head.payload_length = 0;
    head.remaining = (uint32_t)length + publish->remaining;
    id = motemq_publish(m, &head);
    if (id == MOTEMQ_FULL) {
        result = motemq_flush(m, io);
        if (result < 0) {
            return result;
        }
        id = motemq_publish(m, &head);
    }
    if (id < 0) {
        return id;
    }
    result = motemq_flush(m, io);
    while (result >= 0 && length != 0) {
        int sent = io->send(io->context, payload, length);
        if (sent <= 0) {
            return end(m, io, MOTEMQ_GONE);
        }
        payload += sent;
        length -= (size_t)sent;
        result = motemq_publish_direct(m, (uint32_t)sent);
    }
    return result < 0 ? result : id;
}
#endif

int motemq_close(motemq_t *m, const motemq_io_t *io)
{
    int result = motemq_flush(m, io);
    if (result < 0) {
        return result;
    }
    result = motemq_disconnect(m);
    if (result < 0) {
        return end(m, io, result);
    }
    result = motemq_flush(m, io);
    if (result < 0) {
        return result;
    }
    io->disconnect(io->context);
    return MOTEMQ_OK;
}

const char *motemq_error_text(int error)
{
    switch (error) {
    case MOTEMQ_FULL:
        return "the send buffer has too little room: send its bytes, then repeat the command";
    case MOTEMQ_BUSY:
        return "something has to be completed first: process events, then repeat the command";
    case MOTEMQ_OFFLINE:
        return "there is no open connection: connect, and wait until the broker has accepted";
    case MOTEMQ_INVALID:
        return "MQTT or the profile does not allow an argument: correct it";
    case MOTEMQ_TOO_LONG:
        return "the packet or its answer is longer than the buffers allow: use larger buffers";
    case MOTEMQ_ARGUMENT:
        return "an argument is a null pointer, not UTF-8 or out of range: correct it";
    case MOTEMQ_MALFORMED:
        return "the broker sent a malformed packet: connect again";
    case MOTEMQ_UNEXPECTED:
        return "the broker sent a packet that is not allowed at this point: connect again";
    case MOTEMQ_TIMEOUT:
        return "the broker did not answer in time: connect again";
    case MOTEMQ_PACKET_TOO_LARGE:
        return "the broker sent a packet that is larger than the receive buffer: use a larger one";
    case MOTEMQ_TOO_MANY_QOS2:
        return "the broker sent more QoS 2 messages at once than there are slots: connect again";
    case MOTEMQ_IMAGE_LENGTH:
        return "the image belongs to a client with another number of slots: use as many slots";
    case MOTEMQ_IMAGE_VERSION:
        return "the image has the format of another version: begin a new session";
    case MOTEMQ_IMAGE_DAMAGED:
        return "the image is damaged: begin a new session";
#ifdef MOTEMQ5_H
    case MOTEMQ5_UNSUPPORTED:
        return "the broker does not support it, as it said: do without";
    case MOTEMQ5_TOPIC_ALIAS:
        return "the broker sent a topic alias above the maximum: connect again";
#endif
    case MOTEMQ_GONE:
        return "the connection was lost or could not be opened: connect again";
    case MOTEMQ_REFUSED - 1:
        return "the broker does not support MQTT 3.1.1: use another broker";
    case MOTEMQ_REFUSED - 2:
        return "the broker does not allow the client identifier: use another one";
    case MOTEMQ_REFUSED - 3:
        return "the broker is not available: connect again later";
    case MOTEMQ_REFUSED - 4:
        return "the user name or the password is wrong: correct it";
    case MOTEMQ_REFUSED - 5:
        return "the client is not authorised: correct the login or the broker's rules";
    default:
        return error < MOTEMQ_REFUSED ? "the broker refused the connection: connect again later"
                                      : "no error";
    }
}
