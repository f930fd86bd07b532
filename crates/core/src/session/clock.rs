//! The clock: keep alive and time limits.
use crate::{Fault, Output, Protocol, Session, Slot, profile::streams_out};

impl<P: Protocol> Session<[Slot], P> {
    /// Passes the time, in milliseconds of any monotonic clock that wraps at 32 bits. Returns the
    /// number of milliseconds for which the caller can sleep if nothing arrives, or `None` if there
    /// is no limit.
    ///
    /// Writes a PINGREQ when nothing was sent for three quarters of the keep alive
    /// [MQTT-3.1.2-23], or when nothing was received for the same time and no answer is
    /// outstanding. Therefore a program that only sends also detects that the broker is gone; on a
    /// healthy connection this costs at most one PINGREQ in that time. A full `tx` and a payload
    /// that is being streamed delay the PINGREQ. Each piece of a streamed payload counts as a sign
    /// of life, since the transport has taken the pieces before it.
    ///
    /// # Errors
    /// [`Timeout`](Fault::Timeout) if a CONNACK or PINGRESP is outstanding and nothing has arrived
    /// for the [time-out](crate::Connect::timeout()), or if a PINGREQ could not be written for one
    /// keep alive while nothing arrived. Any change in the number of bytes in `rx` is a sign of
    /// life, so a long message may arrive slowly. The first call after a time limit returns
    /// `Some(0)`, and only the second one returns the fault, so that a caller that is late reads
    /// once more before the connection ends.
    ///
    /// # Examples
    /// ```
    /// # use motemq::*;
    /// # let mut session = Session::<[Slot; 1]>::new();
    /// # let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    /// session.connect(&Connect::new("a").keep_alive(60), &mut rx, &mut tx)?;
    /// # rx.space()[..4].copy_from_slice(b"\x20\x02\0\0"); rx.commit(4); tx.clear();
    /// # session.next_event(&mut rx, &mut tx)?;
    /// assert_eq!(session.tick(1_000, &mut tx)?, Some(45_000)); // three quarters of 60 s
    /// assert_eq!(session.tick(46_000, &mut tx)?, Some(10_000)); // the time-out for PINGRESP
    /// assert_eq!(tx.bytes(), b"\xc0\0"); // PINGREQ
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// received. Thus the client of a slow application continues to send PINGREQ, and does not
    /// mistake its own pause for silence of the broker.
    pub fn on_reading_paused(&mut self) {
        self.connection.on_received();
    }
}
