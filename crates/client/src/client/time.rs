//! Time: what is due, and when to look again.
use super::*;
use crate::Stage;
use motemq::{Fault, ReasonCode, SendError};

impl Client {
    /// Returns the time at which the driver has to call [`on_timeout`](Self::on_timeout) if nothing
    /// else happens before, or `None` if there is no such time.
    pub fn poll_timeout(&self) -> Option<Duration> {
        earlier(self.transport_timeout(), self.responses_timeout())
    }

    fn transport_timeout(&self) -> Option<Duration> {
        let leave = self.leave_until.map(Moment::get);
        match &self.phase {
            // The application makes room by taking messages, not by waiting.
            Phase::Waiting(_) if self.waits_for_room() => leave,
            Phase::Waiting(at) => earlier(Some(*at), leave),
            Phase::Opening => earlier(self.reconnect.timeout(), leave),
            Phase::Open => self.wake_at.map(Moment::get),
            Phase::Closing(closing) => Some(closing.until),
            Phase::Over => Some(Duration::ZERO),
            Phase::Ended => None,
        }
    }

    /// Sets the present time for the commands that follow. The message expiry interval of a
    /// published message begins at the latest time that the client knows.
    #[inline]
    pub fn note_time(&mut self, now: Duration) {
        let now = now.as_millis() as u64;
        self.clock.milliseconds = self.clock.milliseconds.max(now);
    }

    /// Checks all time limits, and sends messages that wait. The driver calls it in each turn,
    /// after [`on_read`](Self::on_read) and before [`poll_output`](Self::poll_output).
    ///
    /// `bytes_held_by_kernel` returns the number of bytes that the transport has accepted and not
    /// sent yet, or 0 if the driver cannot know it. It is called only if an answer seems to be
    /// late.
    ///
    /// Returns whether the driver has to read once more, and to call this method again, before it
    /// waits.
    pub fn on_timeout(
        &mut self,
        now: Duration,
        mut bytes_held_by_kernel: impl FnMut() -> u64,
    ) -> bool {
        self.note_time(now);
        self.expire_responses(now);
        match &self.phase {
            Phase::Opening => {
                while matches!(self.phase, Phase::Opening) && self.reconnect.expire(now) {
                    let limit = self.options.settings.connect_timeout;
                    self.attempt_failed(DisconnectReason::ConnectTimeout(limit));
                }
                return false;
            }
            Phase::Open => {}
            _ => return false,
        }
        self.wake_at = None;
        if self.check_leave(now) || self.check_given_up(now) || self.check_overrun(now) {
            return false;
        }
        let may_ask = self.send_waiting();
        let held = &mut bytes_held_by_kernel;
        if let Some(limit) = self.options.settings.ack_timeout {
            if self.accepted.is_some() {
                let written = self.output.written();
                let left = || written.saturating_sub(held());
                let is_complete = !may_ask && self.protocol.payload_remaining() == 0;
                let end = is_complete.then(|| self.output.position());
                let (look_at, has_expired) = self.requests.expire(now, limit, end, left);
                self.wake_by(look_at);
                if has_expired {
                    self.tell_room();
                }
            }
            match self.output.check_progress(now, limit, &mut *held) {
                Ok(look_at) => self.wake_by(look_at),
                Err(_) => {
                    self.close_connection(DisconnectReason::Stalled(limit), now, now);
                    return false;
                }
            }
        }
        let reads_on = self.check_unread(now);
        if !self.may_read() {
            // While nothing is read, the broker cannot show that it is alive.
            self.protocol.on_reading_paused();
        }
        let Some(again) = self.tick(now, held) else {
            return false;
        };
        again || may_ask || reads_on
    }

    /// Ends the connection after an overrun, unless something is awaited. Returns whether the
    /// connection is over.
    pub(super) fn check_overrun(&mut self, now: Duration) -> bool {
        let Some(overrun) = self.overrun() else {
            return false;
        };
        let is_answered = self.owed() == 0 || self.tally.acknowledged >= overrun.acknowledged;
        // Its acknowledgement goes before all others, and it would have to be read anew.
        let is_read = !(overrun.waits_for_payload && self.inbox.has_unread_payload());
        if !(is_answered && is_read) && now < overrun.until {
            self.wake_by(Some(overrun.until));
            return false;
        }
        let reason = overrun.reason.clone();
        self.write_acks();
        self.close_connection(reason, now.saturating_add(FLUSH), now);
        true
    }

    /// Leaves a payload to the broker if answers are awaited behind it and nothing is read of it:
    /// the application may be waiting for one of them. Returns whether reading goes on so.
    fn check_unread(&mut self, now: Duration) -> bool {
        let Some(since) = self.inbox.note_unread(self.owed() > 0, now) else {
            return false;
        };
        // The time for the answers goes on.
        let until = since.saturating_add(self.options.answer_limit() / 2);
        if now < until {
            self.wake_by(Some(until));
            return false;
        }
        let reason = self.inbox.overrun();
        self.on_overrun(reason, false, now);
        matches!(self.phase, Phase::Open)
    }

    /// Looks again at this time at the latest.
    fn wake_by(&mut self, at: Option<Duration>) {
        self.wake_at = earlier(self.wake_at.map(Moment::get), at).map(Moment::from);
    }

    /// Passes the time to the session. Returns whether to read once more; `None`: the connection is
    /// over.
    fn tick(&mut self, now: Duration, held: &mut dyn FnMut() -> u64) -> Option<bool> {
        self.output.reserve_reply(REPLY);
        let ms = now.saturating_sub(self.opened_at.get()).as_millis() as u32;
        let mut sleep = self.protocol.tick(ms, &mut self.output.out());
        if sleep == Ok(Some(0)) && self.output.is_leaving(held()) {
            // Silence counts only when what it would answer has left.
            self.protocol.on_reading_paused();
            sleep = self.protocol.tick(ms, &mut self.output.out());
        }
        match sleep {
            Ok(Some(0)) => return Some(true),
            Ok(Some(ms)) => {
                let at = now.saturating_add(Duration::from_millis(ms.into()));
                self.wake_by(Some(at));
            }
            Ok(None) => {}
            Err(fault) => {
                let reason = if self.accepted.is_none() && fault == Fault::Timeout {
                    DisconnectReason::ConnackTimeout(self.options.answer_timeout())
                } else {
                    DisconnectReason::Fault(fault)
                };
                self.close_connection(reason, now, now);
                return None;
            }
        }
        Some(false)
    }

    /// Leaves when it is time. Returns whether the connection is over.
    fn check_leave(&mut self, now: Duration) -> bool {
        let Some(until) = self.leave_until.map(Moment::get) else {
            return false;
        };
        if self.accepted.is_none() {
            if now >= until || !self.requests.has_messages() {
                self.end_left();
                return true;
            }
            self.wake_by(Some(until));
            return false;
        }
        let is_unfinished = self.requests.has_messages() || self.protocol.payload_remaining() > 0;
        if now < until && is_unfinished {
            self.wake_by(Some(until));
            return false;
        }
        let latest = until.saturating_add(FLUSH);
        match self.write_last_disconnect() {
            Ok(()) => {
                self.left = Some(!self.requests.has_messages());
                let reason = DisconnectReason::Closed(Stage::Connected);
                self.close_connection(reason, now.saturating_add(FLUSH), now);
                true
            }
            Err(SendError::Full) if now < latest => {
                self.wake_by(Some(latest));
                false
            }
            // Half a packet cannot be taken back.
            Err(_) => {
                self.end_left();
                true
            }
        }
    }

    /// Writes the DISCONNECT with which the client leaves, as the options say.
    fn write_last_disconnect(&mut self) -> Result<(), SendError> {
        let limits = self.announced_limits();
        let is_kept = limits.is_some_and(|limits| limits.session_expiry > 0);
        let packet = PropertyPacket::Disconnect;
        let options = &self.options;
        let mut properties = options.user_properties(packet, self.protocol.version());
        properties.extend(options.last_session_expiry(is_kept));
        if !properties.is_empty() {
            let length = REPLY + options.user_properties_length(packet);
            self.output.reserve_reply(length);
            let (code, out) = (ReasonCode::NORMAL_DISCONNECTION, &mut self.output.out());
            let sent = self.protocol.disconnect_with(code, &properties, out);
            if matches!(sent, Ok(()) | Err(SendError::Full)) {
                return sent;
            }
            // It is larger than the broker accepts.
        }
        self.write_disconnect()
    }

    fn write_disconnect(&mut self) -> Result<(), SendError> {
        self.output.reserve_reply(REPLY);
        self.protocol.disconnect(&mut self.output.out())
    }

    /// Returns whether the broker has kept its quota for the time that an answer may take. Time in
    /// which the client was not driven, a packet was arriving or leaving, does not count.
    fn is_quota_kept(&mut self, now: Duration) -> bool {
        const LOOKS: u32 = 8;
        let is_leaving = !self.output.is_written();
        let pause = self.options.answer_limit() / LOOKS;
        let looks = &mut self.extras.make().quota_looks;
        let (count, next) = match *looks {
            Some((count, next)) if !is_leaving => (count, next.get()),
            _ => (0, now),
        };
        let count = count + u32::from(now >= next);
        let next = if now >= next { now + pause } else { next };
        *looks = Some((count, next.into()));
        self.wake_by(Some(next));
        count > LOOKS
    }

    /// Ends the connection if as many messages were given up as the options allow, and hold all
    /// slots, or as many as the broker allows. Returns whether the connection is over.
    fn check_given_up(&mut self, now: Duration) -> bool {
        let Some(Accepted { at, .. }) = self.accepted else {
            return false;
        };
        let at = at.get();
        let may_close = self.requests.resend().is_none() && self.is_unanswered();
        let has_room = |client: &mut Self| client.protocol.has_free_slot() || client.pass_over();
        if !may_close || (!self.is_quota_given_up() && has_room(self)) {
            return false;
        }
        // What the session sends again by itself has its time on this connection, too: else no
        // connection would last until the answers arrive.
        let until = at.saturating_add(self.options.answer_limit());
        if now < until {
            self.wake_by(Some(until));
            return false;
        }
        if !self.requests.has_flights() && !self.is_quota_kept(now) {
            return false;
        }
        let count = self.requests.given_up().max(1);
        // If DISCONNECT cannot be written, closing the connection has to do.
        let _ = self.write_disconnect();
        let reason = DisconnectReason::Unanswered { count };
        self.close_connection(reason, now.saturating_add(FLUSH), now);
        true
    }
}
