//! The transport: when and where to connect, and what follows from the end of a connection.
use super::*;
use crate::{
    RequestError, Stage, TransportError, TransportErrorKind,
    error::PacketKind,
    reconnect::{Next, Task},
    requests::Offence,
    write_buf::LIMIT,
};
use motemq::{Fault, Version};

/// The next action of the driver for the transport, which [`Client::poll_transport`] returns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Transport {
    /// Resolve the addresses of a broker, or of the server that it has named
    /// ([`Client::server_reference`]), and set the user name and password if they change
    /// ([`Client::set_login`]). Then call [`on_resolved`](Client::on_resolved), or
    /// [`on_open_failed`](Client::on_open_failed).
    Resolve {
        /// The number that identifies the attempt.
        attempt: u32,
        /// The broker, counted from 0.
        broker: u32,
    },
    /// Open a connection to an address of a broker, in parallel with those that are being opened.
    /// Then call [`on_opened`](Client::on_opened), or [`on_open_failed`](Client::on_open_failed).
    Dial {
        /// The number that identifies the attempt.
        attempt: u32,
        /// The broker, counted from 0.
        broker: u32,
        /// The address, counted from 0 as in [`on_resolved`](Client::on_resolved).
        address: u32,
    },
    /// Give up an attempt, since it takes too long, or another one was faster. Report nothing.
    Cancel {
        /// The number that identifies the attempt.
        attempt: u32,
    },
    /// Do nothing now. There is no connection. Continue the attempts that have begun.
    Wait,
    /// Keep the connection: read from it and write to it.
    Keep,
    /// Close the connection, then call [`on_closed`](Client::on_closed).
    Close,
    /// Drop the connection and all attempts. The client has ended, for this reason.
    Ended(Ended),
}

impl Client {
    /// Returns the next action for the transport. In each turn, the driver calls it until it
    /// returns [`Wait`](Transport::Wait), [`Keep`](Transport::Keep), [`Close`](Transport::Close) or
    /// [`Ended`](Transport::Ended).
    ///
    /// Pass a new random number as `random` with each call. It spreads the attempts of many clients
    /// over time, and determines the packet identifiers for a session that the client does not
    /// know.
    pub fn poll_transport(&mut self, now: Duration, random: u64) -> Transport {
        self.note_time(now);
        if let Some(until) = self.leave_until.map(Moment::get)
            && !matches!(self.phase, Phase::Open | Phase::Closing(_))
            && (now >= until || !self.requests.has_messages())
        {
            self.end_left();
        }
        if let Phase::Over = self.phase
            && let Some(reason) = self.reason().cloned()
        {
            self.decide(reason, now, random);
        }
        if let Phase::Waiting(at) = self.phase
            && now >= at
            && !self.waits_for_room()
        {
            self.phase = Phase::Opening;
            self.requests.drop_expired(now);
            let reason = self.reason().cloned();
            self.state = State::Connecting { reason };
        }
        self.random = random;
        if let State::Ended(ended) = &self.state {
            return Transport::Ended(ended.clone());
        }
        match &self.phase {
            Phase::Opening => {
                let limit = self.options.settings.connect_timeout;
                let task = self.reconnect.poll(limit, now);
                task.map_or(Transport::Wait, Transport::from)
            }
            phase => match self.reconnect.poll_cancelled() {
                Some(attempt) => Transport::Cancel { attempt },
                None => match phase {
                    Phase::Open => Transport::Keep,
                    Phase::Closing(closing) => {
                        if self.output.is_written() || now >= closing.until {
                            Transport::Close
                        } else {
                            Transport::Keep
                        }
                    }
                    _ => Transport::Wait,
                },
            },
        }
    }

    /// Returns whether the next attempt waits until the application has taken messages.
    pub(super) fn waits_for_room(&self) -> bool {
        matches!(self.reason(), Some(DisconnectReason::Overrun { .. })) && self.inbox.is_crowded()
    }

    /// Decides when the next attempt begins.
    fn decide(&mut self, reason: DisconnectReason, now: Duration, random: u64) {
        let Some(mut wait) = self.reconnect.wait(&self.options, random) else {
            self.end(Ended::GaveUp(reason));
            return;
        };
        if self.reconnect.is_referred_by(&reason) {
            wait = Duration::ZERO;
        } else {
            self.reconnect.forget_circle();
        }
        let retry_at = now.saturating_add(wait);
        self.phase = Phase::Waiting(retry_at);
        self.state = State::Waiting {
            reason: reason.clone(),
            retry_at,
        };
        let repeated = self.reconnect.repeated();
        self.emit(Event::Disconnected {
            reason,
            retry_at,
            repeated,
        });
        // There may be room in the queue.
        self.tell_room();
    }

    // Attempts.

    /// Sets the user name and the password for the next CONNECT and those that follow.
    ///
    /// # Errors
    /// An [`OptionsError`] if they are not valid. The client then keeps the old ones.
    pub fn set_login(
        &mut self,
        user: Option<String>,
        password: Option<Vec<u8>>,
    ) -> Result<(), OptionsError> {
        let options = self.options.with_login(user, password);
        options.check()?;
        self.options = options;
        Ok(())
    }

    /// Reports the number of addresses of the broker of a [`Resolve`](Transport::Resolve). The
    /// client tries at most 64 of them: the first at once, and each other one 250 ms after the one
    /// before it, or as soon as that has failed. It uses the first connection that opens. A driver
    /// that has no addresses, or tries them by itself, passes 1.
    pub fn on_resolved(&mut self, attempt: u32, addresses: u32, now: Duration) {
        if self.reconnect.on_resolved(attempt, addresses, now) && addresses == 0 {
            let none = "the host has no address: check its name";
            let error = TransportError::new(TransportErrorKind::Resolve, none);
            self.attempt_failed(DisconnectReason::Transport(error));
        }
    }

    /// Reports that an attempt has made progress, for example that TCP is connected and TLS begins.
    /// The client then begins no other attempt in parallel, unless this one fails. This call is
    /// optional.
    pub fn on_open_progress(&mut self, attempt: u32) {
        self.reconnect.on_progress(attempt);
    }

    /// Reports that an attempt has opened a connection, over which the client can now send CONNECT.
    /// Returns `false` if the attempt was cancelled, so that the driver has to drop the connection.
    pub fn on_opened(&mut self, attempt: u32, now: Duration) -> bool {
        if !matches!(self.phase, Phase::Opening) || !self.reconnect.on_opened(attempt) {
            return false;
        }
        self.output.on_opened(now);
        self.opened_at = now.into();
        let version = self.reconnect.version(&self.options);
        self.protocol.set_version(version);
        let data = match self.begin_authentication(version) {
            Ok(data) => data,
            Err(reason) => {
                self.phase = Phase::Open;
                self.fail_authentication(reason, now);
                return true;
            }
        };
        let length = self.options.connect_length() + data.len();
        let assigned = self.reconnect.assigned_client_id();
        // One that is too long for CONNECT is not used: the broker chooses again.
        let assigned = assigned.filter(|client_id| length + client_id.len() <= LIMIT);
        let mut connect = self.options.connect(self.random);
        if let Some(client_id) = assigned {
            connect.client_id = client_id;
        }
        self.output.reserve(length + assigned.map_or(0, str::len));
        let out = &mut self.output.out();
        let connected = match version {
            Version::Mqtt5 => {
                let properties = self.options.connect_properties(&data);
                let connect = properties.of(connect);
                self.protocol.connect_slices(&connect, READ_BUFFER, out)
            }
            _ => self.protocol.connect_slices(&connect, READ_BUFFER, out),
        };
        self.phase = Phase::Open;
        if connected.is_err() {
            debug_assert!(!data.is_empty(), "the options were checked");
            let reason = "its data do not fit into CONNECT: shorten them";
            self.fail_authentication(reason.into(), now);
        }
        self.wake_at = Some(now.into());
        true
    }

    /// Reports that an attempt has failed.
    pub fn on_open_failed(&mut self, attempt: u32, error: TransportError) {
        if self.reconnect.on_attempt_failed(attempt) {
            self.attempt_failed(DisconnectReason::Transport(error));
        }
    }

    /// An attempt led to nothing, and the same broker is to be tried at once in another way.
    fn attempt_again(&mut self, reason: DisconnectReason) {
        self.emit_attempt_failed(&reason);
        self.phase = Phase::Opening;
        self.state = State::Connecting {
            reason: Some(reason),
        };
    }

    fn emit_attempt_failed(&mut self, reason: &DisconnectReason) {
        let broker = self.reconnect.broker();
        let reason = reason.clone();
        self.emit(Event::AttemptFailed { broker, reason });
    }

    /// An attempt led to nothing.
    pub(super) fn attempt_failed(&mut self, reason: DisconnectReason) {
        self.emit_attempt_failed(&reason);
        self.phase = match self.reconnect.after_failure(&reason, &self.options) {
            Next::Attempt => Phase::Opening,
            Next::Over => Phase::Over,
            Next::Final => {
                self.end(Ended::GaveUp(reason));
                return;
            }
        };
        self.state = State::Connecting {
            reason: Some(reason),
        };
    }

    // The end of a connection.

    /// Reports that the connection is closed: by the peer, with an error, or because
    /// [`poll_transport`](Self::poll_transport) returned [`Close`](Transport::Close).
    pub fn on_closed(&mut self, error: Option<TransportError>, now: Duration) {
        match &self.phase {
            Phase::Closing(closing) => {
                let (reason, accepted) = (closing.reason.clone(), closing.accepted);
                self.connection_ended(reason, accepted, now);
            }
            Phase::Open => {
                let reason = match error {
                    Some(error) => DisconnectReason::Transport(error),
                    None => DisconnectReason::Closed(self.stage()),
                };
                let accepted = self.forget_connection();
                self.connection_ended(reason, accepted, now);
            }
            _ => {}
        }
    }

    fn stage(&self) -> Stage {
        if self.accepted.is_none() {
            return Stage::Connecting;
        }
        let oldest = self.protocol.oldest_in_flight();
        if oldest.is_some_and(|id| self.requests.is_subscription(id)) {
            Stage::Subscribing
        } else {
            Stage::Connected
        }
    }

    /// Ends the connection. What was written still leaves, up to `until`.
    pub(super) fn close_connection(
        &mut self,
        reason: DisconnectReason,
        until: Duration,
        now: Duration,
    ) {
        if !matches!(self.phase, Phase::Open) {
            return;
        }
        // What comes of bad luck is not the fault of a message.
        match &reason {
            &DisconnectReason::Fault(fault @ (Fault::Malformed | Fault::Unexpected)) => {
                let error = RequestError::Abandoned(fault);
                self.suspect(PacketKind::Any, Offence::Fault(fault), error);
            }
            DisconnectReason::Disconnected(reason) => {
                if let Some(kind) = reason.rejected_kind() {
                    let error = RequestError::Rejected(reason.clone());
                    self.suspect(kind, Offence::Disconnected(reason.code()), error);
                }
            }
            _ => {}
        }
        let accepted = self.forget_connection();
        self.phase = Phase::Closing(Box::new(Closing {
            reason,
            until: until.max(now),
            accepted,
        }));
    }

    /// The connection ends because of a packet of this kind: of the one that is in flight longest,
    /// as far as can be known. Twice in a row, the packet is given up with the error.
    #[cold]
    pub(super) fn suspect(&mut self, kind: PacketKind, offence: Offence, error: RequestError) {
        let id = match kind {
            PacketKind::Any => self.protocol.oldest_in_flight(),
            PacketKind::Message => self.requests.oldest_on_wire(true),
            PacketKind::Subscription => self.requests.oldest_on_wire(false),
        };
        if let Some(id) = id {
            self.requests.record_offence(id, offence, error);
        }
    }

    /// The session's connection is over. Returns what there was of it if the broker had accepted
    /// it.
    fn forget_connection(&mut self) -> Option<Accepted> {
        let extras = self.extras.get_mut();
        let upload = extras.and_then(Extras::on_connection_lost);
        if let Some(request) = upload.and_then(|upload| upload.request) {
            self.requests.on_upload_lost(request);
        }
        let accepted = self.accepted.take();
        self.protocol.on_connection_lost();
        self.inbox.on_connection_lost(&mut self.protocol);
        self.requests.on_connection_lost();
        self.wake_at = None;
        accepted
    }

    /// The transport is gone.
    fn connection_ended(
        &mut self,
        reason: DisconnectReason,
        accepted: Option<Accepted>,
        now: Duration,
    ) {
        self.output.clear();
        if self.left.is_some() {
            self.end_left();
            return;
        }
        let Some(Accepted { at, gains, .. }) = accepted else {
            let version = self.protocol.version();
            if self.reconnect.falls_back(&reason, version, &self.options)
                || self.reconnect.follows(&reason, &self.options)
            {
                self.attempt_again(reason);
            } else {
                self.attempt_failed(reason);
            }
            return;
        };
        let lasted = now.saturating_sub(at.get());
        let has_gained = self.gains() > gains;
        self.reconnect
            .on_connection_ended(&reason, lasted, has_gained, &self.options);
        let follows = self.reconnect.follows(&reason, &self.options);
        self.state = State::Waiting {
            reason: reason.clone(),
            retry_at: now,
        };
        if !follows && (self.options.settings.is_final)(&reason, true) {
            self.end(Ended::GaveUp(reason));
        } else {
            self.phase = Phase::Over;
        }
    }
}

impl From<Task> for Transport {
    fn from(task: Task) -> Self {
        match task {
            Task::Resolve { attempt, broker } => Transport::Resolve { attempt, broker },
            Task::Dial {
                attempt,
                broker,
                address,
            } => Transport::Dial {
                attempt,
                broker,
                address,
            },
            Task::Cancel { attempt } => Transport::Cancel { attempt },
        }
    }
}
