//! The connection of a session: its state, and the signs of life of the broker.
use crate::{Fault, Out, Protocol, wire};

/// There is no connection.
const CLOSED: u8 = 0;
/// The broker owes an answer: CONNACK or PINGRESP.
const AWAITING: u8 = 1;
/// CONNACK has been received.
const OPEN: u8 = 2;
/// A tick has found that a time limit has passed. The next tick reports it, unless something has
/// arrived by then.
const LATE: u8 = 4;
/// A PINGREQ is due that could not be written.
const PING_DUE: u8 = 8;
/// There may be packets to send again.
const RESENDING: u8 = 16;

/// The state of the connection, the keep alive and the time limits.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[repr(C)]
pub(crate) struct Connection {
    /// The time of the first tick after the last packet was sent.
    sent_at: u32,
    /// The time of the first tick after bytes were received last, or of the tick at which the wait
    /// for an answer began.
    received_at: u32,
    /// The keep alive in seconds, or 0 if it is switched off.
    keep_alive: u16,
    /// A digest of the number of bytes in `rx` after the last read. It only has to show that the
    /// number has changed.
    input_length: u16,
    /// The time limit for an answer in seconds, or 0 if there is none.
    timeout: u8,
    /// True if something was sent since the last tick.
    sent: bool,
    /// True if something was received since the last tick.
    received: bool,
    /// A combination of the constants above, or [`CLOSED`].
    flags: u8,
}

impl Connection {
    /// Makes a connection that is closed.
    pub const fn new() -> Self {
        Connection {
            sent_at: 0,
            received_at: 0,
            keep_alive: 0,
            input_length: 0,
            timeout: 0,
            sent: false,
            received: false,
            flags: CLOSED,
        }
    }

    /// Returns whether there is no connection.
    #[inline(always)]
    pub fn is_closed(&self) -> bool {
        self.flags == CLOSED
    }

    /// Returns whether CONNACK has been received.
    #[inline(always)]
    pub fn is_open(&self) -> bool {
        self.flags & OPEN != 0
    }

    /// Returns whether packets may have to be sent again.
    #[inline(always)]
    pub fn is_resending(&self) -> bool {
        self.flags & RESENDING != 0
    }

    /// Begins a connection, after CONNECT was written.
    #[inline(always)]
    pub fn begin(&mut self, keep_alive: u16, timeout: u8) {
        self.flags = AWAITING;
        self.keep_alive = keep_alive;
        self.timeout = timeout;
        self.received = true;
        self.sent = true;
    }

    /// Opens the connection, after CONNACK was received.
    #[inline(always)]
    pub fn open(&mut self, is_resending: bool) {
        self.flags = if is_resending { OPEN | RESENDING } else { OPEN };
    }

    /// Returns the keep alive, which the server can change [MQTT-3.1.2-21].
    #[inline(always)]
    pub fn keep_alive_mut(&mut self) -> &mut u16 {
        &mut self.keep_alive
    }

    /// Notes that everything has been sent again.
    #[inline(always)]
    pub fn end_resending(&mut self) {
        self.flags &= !RESENDING;
    }

    /// Closes the connection.
    #[inline(always)]
    pub fn close(&mut self) {
        self.flags = CLOSED;
        self.input_length = 0;
    }

    /// Notes that a packet, or a piece of one, was written.
    #[inline(always)]
    pub fn on_sent(&mut self) {
        self.sent = true;
    }

    /// Notes a sign of life of the broker, or a reason why there cannot be one.
    #[inline(always)]
    pub fn on_received(&mut self) {
        self.received = true;
    }

    /// Notes that PINGRESP was received.
    #[inline(always)]
    pub fn on_pingresp(&mut self) {
        self.flags &= !(AWAITING | LATE);
    }

    /// Begins a read with `length` bytes in `rx`. If the last read left another number, this is a
    /// sign of life.
    #[inline(always)]
    pub fn on_read_begin(&mut self, length: usize) {
        self.received |= digest(length) != self.input_length;
    }

    /// Ends a read that leaves `length` bytes in `rx`.
    #[inline(always)]
    pub fn on_read_end(&mut self, length: usize) {
        self.input_length = digest(length);
    }

    /// Passes the time. Writes PINGREQ if it is due and `may_ping` is true. Returns the number of
    /// milliseconds until something may be due, or `None` if nothing will be.
    ///
    /// # Errors
    /// `Timeout` if a time limit has passed, and the last tick has found that already.
    #[inline(always)]
    pub fn tick<P: Protocol>(
        &mut self,
        now: u32,
        may_ping: bool,
        out: &mut Out<'_>,
    ) -> Result<Option<u32>, Fault> {
        let mut flags = self.date_signs_of_life(now);
        // The maximum stands for no limit. An `Option` takes 4 to 10 bytes more.
        let mut sleep = u32::MAX;
        if flags & OPEN != 0 && self.keep_alive != 0 {
            // Three quarters: the broker's clock may be faster, and the network takes its time.
            let period = u32::from(self.keep_alive).wrapping_mul(750);
            // The broker counts from the last packet that it received, and this client from the
            // last bytes that it received, unless an answer is outstanding already.
            let mut quiet = now.wrapping_sub(self.sent_at);
            if flags & AWAITING == 0 {
                quiet = quiet.max(now.wrapping_sub(self.received_at));
            }
            sleep = period.saturating_sub(quiet);
            if sleep == 0 || flags & PING_DUE != 0 {
                let written = may_ping && wire::write_reply::<P>(out, wire::PINGREQ << 4, 0, 0);
                // The wait begins: for PINGRESP, or for room for PINGREQ.
                if flags & AWAITING == 0 && (written || flags & PING_DUE == 0) {
                    self.received_at = now;
                    flags &= !LATE;
                }
                if written {
                    flags = flags & !PING_DUE | AWAITING;
                    self.sent_at = now;
                    sleep = period;
                } else {
                    flags |= PING_DUE;
                    sleep = u32::MAX;
                }
            }
        }
        let mut limit = 0;
        if flags & AWAITING != 0 {
            limit = self.timeout.into();
        }
        if limit == 0 && flags & PING_DUE != 0 {
            limit = self.keep_alive;
        }
        if limit != 0 {
            let elapsed = now.wrapping_sub(self.received_at);
            let rest = u32::from(limit).wrapping_mul(1000).saturating_sub(elapsed);
            if rest == 0 {
                if flags & LATE != 0 {
                    return Err(Fault::Timeout);
                }
                flags |= LATE;
            }
            sleep = sleep.min(rest);
        }
        self.flags = flags;
        Ok(if sleep == u32::MAX { None } else { Some(sleep) })
    }

    /// Sets the times of what was sent and received since the last tick. Returns the flags, without
    /// [`LATE`] if something was received.
    #[inline(always)]
    fn date_signs_of_life(&mut self, now: u32) -> u8 {
        if core::mem::take(&mut self.sent) {
            self.sent_at = now;
        }
        let mut flags = self.flags;
        if core::mem::take(&mut self.received) {
            self.received_at = now;
            flags &= !LATE;
        }
        flags
    }
}

/// Returns a length in 16 bits. Lengths below 65,536 have different digests. Of longer ones, only a
/// few (65,537 bytes, 131,074 bytes ...) have the digest of an empty buffer.
#[inline(always)]
fn digest(length: usize) -> u16 {
    (length ^ length >> 16) as u16
}
