//! The clock: keep-alive, and what may not take longer.
use crate::{
    Fault, Out, Output, Profile, Session, Slot,
    session::link::{DUE, LATE, OPEN, WAITING},
    wire,
};

impl<P: Profile> Session<[Slot], P> {
    /// Tells the time, in milliseconds of any clock that wraps. Returns how many of them the caller
    /// may sleep if nothing comes; `None`: as long as it likes.
    ///
    /// Writes a PINGREQ when three quarters of the keep-alive have passed since something was sent
    /// [MQTT-3.1.2-23]. A payload that is being streamed or a full `tx` delays it.
    ///
    /// # Errors
    /// [`Timeout`](Fault::Timeout) if the broker owes a CONNACK or PINGRESP and nothing has come
    /// for the [time-out](crate::Connect::timeout), or if a PINGREQ could not be written for
    /// one keep-alive while nothing came. Any change in what `rx` holds is a sign of life, so a
    /// long message that comes slowly is not a dead link. A time limit found passed is told by the
    /// second tick; the first returns `Some(0)`, so that a caller who comes late reads once in
    /// between: then bytes in go before bytes out.
    #[inline]
    pub fn tick(
        &mut self,
        now_ms: u32,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<Option<u32>, Fault> {
        tx.lend(|out| self.tick_at(now_ms, out))
    }

    /// The caller cannot read now, for want of a place for what comes: that nothing is heard up to
    /// the next [`tick`](Self::tick) is not the broker's fault. So a client with a slow
    /// application goes on saying that it is alive, and is not told that the broker is not.
    pub fn excuse(&mut self) {
        self.heard = true;
    }

    fn tick_at(&mut self, now: u32, out: &mut Out<'_>) -> Result<Option<u32>, Fault> {
        if core::mem::take(&mut self.sent) {
            self.sent_at = now;
        }
        let mut heard = core::mem::take(&mut self.heard);
        let mut link = self.link;
        let mut nap = u32::MAX;
        if link & OPEN != 0 && self.keep_alive != 0 {
            // Three quarters: the broker's clock may be faster, and the network takes its time.
            let period = u32::from(self.keep_alive).wrapping_mul(750);
            nap = period.saturating_sub(now.wrapping_sub(self.sent_at));
            if nap == 0 || link & DUE != 0 {
                let written = (!P::STREAMS_OUT || self.unsent == 0)
                    && wire::short(out, wire::PINGREQ << 4, 0);
                // From here on something is waited for: PINGRESP, or that PINGREQ can be written.
                heard |= link & WAITING == 0 && (written || link & DUE == 0);
                nap = u32::MAX;
                link |= DUE;
                if written {
                    link = link & !DUE | WAITING;
                    self.sent_at = now;
                    nap = period;
                }
            }
        }
        if heard {
            self.heard_at = now;
            link &= !LATE;
        }
        let mut limit = 0;
        if link & DUE != 0 {
            limit = self.keep_alive;
        }
        if link & WAITING != 0 && self.timeout != 0 {
            limit = self.timeout.into();
        }
        if limit != 0 {
            let rest = u32::from(limit)
                .wrapping_mul(1000)
                .saturating_sub(now.wrapping_sub(self.heard_at));
            if rest == 0 {
                if link & LATE != 0 {
                    self.lost();
                    return Err(Fault::Timeout);
                }
                link |= LATE;
            }
            nap = nap.min(rest);
        }
        self.link = link;
        Ok(if nap == u32::MAX { None } else { Some(nap) })
    }
}
