//! The connection of a session: whether it is open, and whether the other side is still there.
use crate::{Fault, Out, wire};

/// There is no connection.
const CLOSED: u8 = 0;
/// The broker owes an answer: CONNACK or PINGRESP.
const AWAITING: u8 = 1;
/// CONNACK has been received.
const OPEN: u8 = 2;
/// A time limit was found to have passed; the next tick reports it unless something arrives.
const LATE: u8 = 4;
/// A PINGREQ is due that could not be written.
const PING_DUE: u8 = 8;
/// There may be packets to send again.
const RESENDING: u8 = 16;

/// The state of the connection, the keep alive and the time limits.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[repr(C)]
pub(crate) struct Connection {
    /// When something was sent last.
    sent_at: u32,
    /// When something was received last, or when the wait for something began.
    received_at: u32,
    /// The keep alive in seconds; 0: off.
    keep_alive: u16,
    /// A digest of the number of bytes in `rx` after the last read, which only has to show a
    /// change.
    input_length: u16,
    /// Seconds that an answer may take; 0: any number.
    timeout: u8,
    /// Something was sent since the last tick.
    sent: bool,
    /// Something was received since the last tick.
    received: bool,
    /// The constants above; [`CLOSED`] is none of them.
    flags: u8,
}

impl Connection {
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

    #[inline(always)]
    pub fn is_closed(&self) -> bool {
        self.flags == CLOSED
    }

    #[inline(always)]
    pub fn is_open(&self) -> bool {
        self.flags & OPEN != 0
    }

    /// Packets may have to be sent again.
    #[inline(always)]
    pub fn is_resending(&self) -> bool {
        self.flags & RESENDING != 0
    }

    /// CONNECT was sent.
    #[inline(always)]
    pub fn begin(&mut self, keep_alive: u16, timeout: u8) {
        self.flags = AWAITING;
        self.keep_alive = keep_alive;
        self.timeout = timeout;
        self.received = true;
        self.sent = true;
    }

    /// CONNACK was received.
    #[inline(always)]
    pub fn open(&mut self, is_resending: bool) {
        self.flags = if is_resending { OPEN | RESENDING } else { OPEN };
    }

    /// Everything has been sent again.
    #[inline(always)]
    pub fn end_resending(&mut self) {
        self.flags &= !RESENDING;
    }

    #[inline(always)]
    pub fn close(&mut self) {
        self.flags = CLOSED;
        self.input_length = 0;
    }

    #[inline(always)]
    pub fn on_sent(&mut self) {
        self.sent = true;
    }

    /// Something shows that the other side is alive, or excuses that nothing does.
    #[inline(always)]
    pub fn on_received(&mut self) {
        self.received = true;
    }

    #[inline(always)]
    pub fn on_pingresp(&mut self) {
        self.flags &= !(AWAITING | LATE);
    }

    /// A read begins with so many bytes in `rx`: any change is a sign of life.
    #[inline(always)]
    pub fn on_read_begin(&mut self, length: usize) {
        self.received |= digest(length) != self.input_length;
    }

    /// A read ends with so many bytes left in `rx`.
    #[inline(always)]
    pub fn on_read_end(&mut self, length: usize) {
        self.input_length = digest(length);
    }

    /// Sees what is due at `now`, writes PINGREQ if it is and `may_ping`, and returns for how long
    /// nothing will be due.
    #[inline(always)]
    pub fn tick(
        &mut self,
        now: u32,
        may_ping: bool,
        out: &mut Out<'_>,
    ) -> Result<Option<u32>, Fault> {
        let mut flags = self.date_signs_of_life(now);
        let mut sleep = u32::MAX;
        if flags & OPEN != 0 && self.keep_alive != 0 {
            // Three quarters: the broker's clock may be faster, and the network takes its time.
            let period = u32::from(self.keep_alive).wrapping_mul(750);
            // The broker counts from what we sent last. We count from what it sent last, unless an
            // answer is outstanding already, or a payload keeps us from asking for one.
            let mut quiet = now.wrapping_sub(self.sent_at);
            if flags & AWAITING == 0 {
                quiet = quiet.max(now.wrapping_sub(self.received_at));
            }
            sleep = period.saturating_sub(quiet);
            if sleep == 0 || flags & PING_DUE != 0 {
                let written = may_ping && wire::write_short(out, wire::PINGREQ << 4, 0);
                // Now something is awaited: PINGRESP, or room for PINGREQ.
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

    /// Dates what was sent and received since the last call, and returns the flags that follow.
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

/// A length in 16 bits. Below 65,536 every change shows; above, only a few capacities (65,537
/// bytes, 131,074 ...) look empty when they are full.
#[inline(always)]
fn digest(length: usize) -> u16 {
    (length ^ length >> 16) as u16
}
