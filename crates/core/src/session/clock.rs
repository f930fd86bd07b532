//! The clock: keep alive and time limits.
use crate::{Fault, Output, Protocol, Session, Slot, profile::streams_out};

impl<P: Protocol> Session<[Slot], P> {
    /// Passes the time, in milliseconds of any monotonic clock that wraps at 32 bits. Returns the
    /// number of milliseconds for which the caller can sleep if nothing arrives, or `None` if there
    /// is no limit.
    ///
    /// Writes a PINGREQ when nothing was sent for three quarters of the keep alive
    /// [MQTT-3.1.2-23], or when nothing was received for as long and no answer is outstanding. So
    /// a program that only sends finds out that the broker is gone; on a healthy connection this
    /// costs at most one PINGREQ in that time. A full `tx` and a payload that is being streamed
    /// delay the PINGREQ. Each piece of a streamed payload counts as a sign of life, since the
    /// transport has taken the pieces before it.
    ///
    /// # Errors
    /// [`Timeout`](Fault::Timeout) if the broker owes a CONNACK or PINGRESP and nothing has arrived
    /// for the [time-out](crate::Connect::timeout), or if a PINGREQ could not be written for one
    /// keep alive while nothing arrived. Any change in the number of bytes in `rx` is a sign of
    /// life, so a long message may arrive slowly. The first tick after a time limit returns
    /// `Some(0)`, and only the second one reports the fault, so that a caller that is late reads
    /// once more before the connection is given up.
    #[inline]
    pub fn tick(
        &mut self,
        now_ms: u32,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<Option<u32>, Fault> {
        tx.lend(|out| {
            let may_ping = !streams_out::<P>() || self.outgoing.is_idle();
            let sleep = self.connection.tick::<P>(now_ms, may_ping, out);
            if sleep.is_err() {
                self.on_connection_lost();
            }
            sleep
        })
    }

    /// Reports that the caller does not read now, because it has no room for received bytes. The
    /// time limits then begin again at the next [`tick`](Self::tick), as if something had been
    /// received. So the client of a slow application goes on sending PINGREQ, and does not take the
    /// broker for dead.
    pub fn on_reading_paused(&mut self) {
        self.connection.on_received();
    }
}
