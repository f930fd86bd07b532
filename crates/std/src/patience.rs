//! Answers that never come: AWS IoT keeps silent about QoS 2, and others answer it wrongly.
use crate::{Cause, Client, Error, Transport};
use motemq::Fault;
use std::time::{Duration, Instant};

/// How long to wait at most without a look at what is not answered, and for how long it has to be
/// late: a broker that could not write for a while needs a moment.
pub(crate) const LOOK: Duration = Duration::from_secs(1);

impl<T: Transport> Client<T> {
    /// An answer that is awaited can be late. Where there is no other connection this one is kept,
    /// since it may do for other things.
    pub(crate) fn is_impatient(&self) -> bool {
        self.work.in_flight() > 0
            && self.dial.is_some()
            && self.waits.is_some()
            && self.options.ack_timeout.is_some()
    }

    /// Ends the connection when something was not answered for too long: only so does its
    /// identifier become free [MQTT-2.3.1-3].
    pub(crate) fn look_for_silence(&mut self, heard: bool) -> Result<(), Cause> {
        let Some(patience) = self.options.ack_timeout else {
            return Ok(());
        };
        // While we do not listen, the broker cannot answer.
        let deaf = self.session.payload_remaining() > 0 || self.inbox.is_full() || self.choked;
        let overdue = if heard || deaf || !self.is_impatient() {
            None
        } else {
            self.work.overdue(patience)
        };
        let Some(id) = overdue else {
            self.late_since = None;
            return Ok(());
        };
        if self.late_since.get_or_insert_with(Instant::now).elapsed() < LOOK {
            return Ok(());
        }
        self.late_since = None;
        for filter in self.work.expire(id, patience) {
            self.inbox
                .push(Err(Error::SubscriptionLost { filter }), None);
        }
        Err(Cause::HungUp)
    }

    /// The connection ends for this reason: perhaps because of what is under way longest. What
    /// comes of bad weather is nobody's fault.
    pub(crate) fn blame(&mut self, cause: &Cause) {
        if let Cause::Fault(fault @ (Fault::Malformed | Fault::Unexpected)) = *cause
            && let Some(id) = self.session.oldest_in_flight()
        {
            self.work.blame(id, fault);
        }
    }
}
