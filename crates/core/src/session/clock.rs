//! The clock: keep alive and time limits.
use crate::{Fault, Output, Protocol, Session, Slot, profile::streams_out};

impl<P: Protocol> Session<[Slot], P> {
    /// Passes the time, in milliseconds of any clock that wraps. Returns for how many milliseconds
    /// the caller may sleep if nothing arrives; `None`: for any time.
    ///
    /// Writes a PINGREQ when nothing was sent for three quarters of the keep alive
    /// [MQTT-3.1.2-23], or when nothing was received for as long and no answer is outstanding. So
    /// a program that only sends finds out that the broker is gone; on a healthy connection this
    /// costs at most one PINGREQ in that time. A payload that is being streamed and a full `tx`
    /// delay it; that a streamed payload goes on is a sign of life.
    ///
    /// # Errors
    /// [`Timeout`](Fault::Timeout) if the broker owes a CONNACK or PINGRESP and nothing has
    /// arrived for the [time-out](crate::Connect::timeout), or if a PINGREQ could not be written
    /// for one keep alive while nothing arrived. Any change in what `rx` holds is a sign of life,
    /// so a long message that arrives slowly is not a dead connection. A time limit that has
    /// passed is reported by the second tick; the first returns `Some(0)`, so that a caller who is
    /// late reads once more: bytes in go before bytes out.
    #[inline]
    pub fn tick(
        &mut self,
        now_ms: u32,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<Option<u32>, Fault> {
        tx.lend(|out| {
            let may_ping = !streams_out::<P>() || self.outgoing.is_idle();
            let sleep = self.connection.tick(now_ms, may_ping, out);
            if sleep.is_err() {
                self.on_connection_lost();
            }
            sleep
        })
    }

    /// The caller cannot read now, for want of room for what arrives: that nothing is received up
    /// to the next [`tick`](Self::tick) is not the broker's fault. So the client of a slow
    /// application goes on pinging, and does not take the broker for dead.
    pub fn on_reading_paused(&mut self) {
        self.connection.on_received();
    }
}
