//! The client: received bytes go to requests and streams, and what is asked for goes out.
mod answers;
mod authenticating;
mod commands;
mod extras;
mod limits;
mod persistence;
mod phase;
mod properties;
mod publishing;
mod receiving;
mod responding;
mod sending;
mod subscribing;
mod time;
mod transport;

use crate::{
    AckId, AckMode, Counters, DisconnectReason, Ended, Event, Options, OptionsError, PayloadId,
    PayloadRead, State, StreamId, Taken,
    inbox::Inbox,
    lazy::Lazy,
    moment::Moment,
    options::PropertyPacket,
    output::Output,
    protocol::ProtocolState,
    reconnect::Reconnect,
    requests::{RequestId, Requests},
    store::Versions,
};
use alloc::{boxed::Box, collections::VecDeque, string::String, vec::Vec};
use core::{
    hash::{Hash, Hasher},
    mem,
    time::Duration,
};
use extras::Extras;
use motemq::SessionState;
use phase::{Closing, Phase};
pub use transport::Transport;

/// The size of the read buffer: the most bytes that [`Client::on_read`] has to be given at once.
/// The longest topic fits.
pub const READ_BUFFER: usize = 72 << 10;
const _: () = assert!(READ_BUFFER > 0xffff + HEADER);
/// Bytes that a packet has besides its text and payload, at most.
const HEADER: usize = 16;
/// Room for any packet that the session sends by itself.
const REPLY: usize = 64;
/// The longest time that written bytes may take to leave before a connection is closed.
const FLUSH: Duration = Duration::from_secs(3);

/// Names an upload: a message whose payload is given piece by piece.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct UploadId(u64);

/// The upload that is under way.
#[derive(Clone, Copy, Hash, Debug)]
struct Upload {
    number: u64,
    /// The request, with QoS 1 and 2.
    request: Option<RequestId>,
}

/// A managed MQTT client without I/O: a session, and everything that a program wants around it.
///
/// The [crate's documentation](crate) says how it is driven. `now` is always the time since the
/// client was made, and never goes back.
#[derive(Clone, Hash, Debug)]
pub struct Client {
    options: Options,
    protocol: ProtocolState,
    output: Output,
    requests: Requests,
    inbox: Inbox,
    reconnect: Reconnect,
    phase: Phase,
    state: State,
    events: Lazy<VecDeque<Event>>,
    /// The time at which the transport was opened, from which the session's time is counted.
    opened_at: Moment,
    /// The connection, while it is open and accepted by the broker.
    accepted: Option<Accepted>,
    /// True if the event for a reused identifier was emitted on this connection.
    was_reuse_told: bool,
    /// DISCONNECT was written, because the application leaves, and all messages were completed then
    /// or not.
    left: Option<bool>,
    /// The state of the session when the broker last accepted a connection.
    session: Option<SessionState>,
    /// The random number for the next CONNECT.
    random: u64,
    /// The latest time at which to leave.
    leave_until: Option<Moment>,
    /// A command was refused for want of room.
    wants_room: bool,
    /// Something that waits found no room when it was last tried.
    found_no_room: bool,
    extras: Lazy<Extras>,
    /// The time at which the session is to be called although nothing happens, while a connection
    /// is open.
    wake_at: Option<Moment>,
    tally: Tally,
    /// The time from which messages expire.
    clock: Clock,
    /// Unless nothing is stored.
    versions: Option<Box<Versions>>,
}

/// The latest time that is known. It changes without anything having happened, so it is not part of
/// what clients differ in.
#[derive(Clone, Copy, Debug, Default)]
struct Clock {
    milliseconds: u64,
}

impl Clock {
    #[inline]
    fn now(self) -> Duration {
        Duration::from_millis(self.milliseconds)
    }
}

impl Hash for Clock {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// Numbers of what has happened.
#[derive(Clone, Copy, Hash, Debug, Default)]
struct Tally {
    connections: u64,
    sent: u64,
    resent: u64,
    acknowledged: u64,
    bytes_in: u64,
}

/// A connection that the broker has accepted.
#[derive(Clone, Copy, Hash, Debug)]
struct Accepted {
    at: Moment,
    /// The number of messages that had been received and of requests that had been completed.
    gains: u64,
}

/// A connection that ends because a message found no room, and that is kept for the answers that
/// are awaited. Else they would be behind the same messages again on the next one.
#[derive(Clone, Hash, Debug)]
struct Overrun {
    reason: DisconnectReason,
    /// The number of requests that have been completed when these answers are there.
    acknowledged: u64,
    /// The latest time at which it ends.
    until: Duration,
    /// A payload that has arrived is read to its end before.
    waits_for_payload: bool,
}

impl Client {
    /// Makes a client, which wants to connect at once.
    ///
    /// # Errors
    /// An [`OptionsError`] if no CONNECT can be made of the options.
    pub fn new(options: Options) -> Result<Self, OptionsError> {
        options.check()?;
        let protocol = ProtocolState::new(options.max_in_flight());
        let mut requests = Requests::default();
        if options.durable {
            requests.keep_journal();
        }
        let versions = options
            .durable
            .then(|| Box::new(Versions::new(protocol.image())));
        Ok(Client {
            protocol,
            output: Output::default(),
            requests,
            inbox: Inbox::new(&options),
            reconnect: Reconnect::default(),
            phase: Phase::Waiting(Duration::ZERO),
            state: State::Connecting { reason: None },
            events: Lazy::new(),
            opened_at: Moment::default(),
            accepted: None,
            was_reuse_told: false,
            left: None,
            session: None,
            random: 0,
            leave_until: None,
            wants_room: false,
            found_no_room: false,
            extras: Extras::new(&options),
            wake_at: None,
            tally: Tally::default(),
            clock: Clock::default(),
            versions,
            options,
        })
    }

    // State.

    /// Returns what there is of a connection now.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Returns what the broker said of the session when it last accepted a connection; `None` if it
    /// never did.
    pub fn session(&self) -> Option<SessionState> {
        self.session
    }

    /// Returns the client identifier that the broker has chosen for a client without one, which a
    /// broker of MQTT 5 does. Later connections use it, unless CONNECT would be too long with it.
    pub fn assigned_client_id(&self) -> Option<&str> {
        self.reconnect.assigned_client_id()
    }

    /// Returns the server to which attempts lead instead of the broker, as the broker has named it:
    /// `host:port` mostly. See [`Options::follow_server_reference`].
    pub fn server_reference(&self) -> Option<&str> {
        self.reconnect.server_reference()
    }

    /// Returns why there is no connection, as far as there is a reason.
    pub fn reason(&self) -> Option<&DisconnectReason> {
        self.state.reason()
    }

    /// Returns the topic filters to which the client is subscribed: those that the broker has
    /// granted, but for those from which the client has unsubscribed, and those that the broker
    /// [refused](Event::Refused) when it had lost the session and the client subscribed again.
    pub fn subscriptions(&self) -> impl Iterator<Item = &str> {
        self.requests.subscriptions()
    }

    /// Returns what has happened so far.
    pub fn counters(&self) -> Counters {
        let inbox = self.inbox.counters();
        Counters {
            connections: self.tally.connections,
            sent: self.tally.sent,
            resent: self.tally.resent,
            acknowledged: self.tally.acknowledged,
            bytes_in: self.tally.bytes_in,
            received: inbox.received,
            dropped: inbox.dropped,
            discarded: inbox.discarded,
            identifiers_reused: inbox.identifiers_reused,
            bytes_out: self.output.bytes_out(),
            in_flight: self.requests.in_flight(),
            queued: self.requests.queued().0,
            backlog: self.inbox.backlog(),
        }
    }

    // Messages.

    /// Opens a stream of the messages that no other stream gets: those of a session that goes on
    /// from earlier, and those of streams that were closed.
    pub fn messages(&mut self) -> StreamId {
        self.inbox.open(Vec::new())
    }

    /// Returns the topic filters of a stream, for a program that unsubscribes from them.
    pub fn filters(&self, stream: StreamId) -> &[String] {
        self.inbox.filters(stream)
    }

    /// Closes a stream.
    ///
    /// The message that was taken last counts as processed. What was not taken is not acknowledged:
    /// it goes to a stream of [all other messages](Self::messages), or waits until a stream that
    /// matches is opened, and so does what arrives for the subscription from now on. Messages that
    /// wait hold up the broker; to receive no more of them, [unsubscribe](Self::unsubscribe). In a
    /// clean session they are dropped, unless [`Options::discard_unclaimed`] says otherwise.
    pub fn close_stream(&mut self, stream: StreamId) {
        self.inbox.close(stream, &mut self.protocol);
    }

    /// Takes the oldest message of a stream.
    ///
    /// With [`AckMode::OnNext`] it counts as processed when the next one is taken. If there is
    /// none, [`Event::Delivered`] says when there is.
    #[inline]
    pub fn take(&mut self, stream: StreamId, mode: AckMode) -> Taken {
        self.inbox.take(stream, mode, &mut self.protocol)
    }

    /// Allows the acknowledgement of a message that was taken with [`AckMode::Manual`]: the
    /// application has processed it. The acknowledgement leaves when all earlier ones are allowed,
    /// and all streams that got the message have processed it.
    #[inline]
    pub fn ack(&mut self, ack: AckId) {
        self.inbox.ack(ack, &mut self.protocol);
    }

    /// Gives back a message that was taken with [`AckMode::Manual`]: the application does not
    /// process it. It stays unacknowledged, and is delivered again when the broker sends it again,
    /// which is over the next connection of the session.
    pub fn decline(&mut self, ack: AckId) {
        self.inbox.decline(ack);
    }

    /// Reads on in the payload of a message that has a [rest](crate::Message::rest). The message is
    /// acknowledged with [`PayloadRead::End`].
    ///
    /// While a payload waits to be read, nothing behind it can be received. If answers are awaited
    /// and nothing is read for half of the time limit for them, the payload is broken off, and the
    /// broker sends it again over the next connection.
    pub fn read_payload(&mut self, payload: PayloadId) -> PayloadRead {
        self.inbox.read_payload(payload, &mut self.protocol)
    }

    /// Reads no more of a payload. The rest of it is dropped when it arrives, and the message
    /// counts as processed then.
    pub fn discard_payload(&mut self, payload: PayloadId) {
        self.inbox.discard_payload(payload, &mut self.protocol);
    }

    /// Returns whether the driver has something to do when the next message is taken from this
    /// stream: an acknowledgement becomes due, something has to be stored, reading goes on, or a
    /// connection can be made.
    #[inline]
    pub fn wants_drive(&self, stream: StreamId) -> bool {
        self.inbox.has_in_hand(stream)
            || self.inbox.is_full()
            || self.waits_for_room()
            || (self.versions.is_some() && self.inbox.is_accepted_when_taken(stream))
    }

    // Events.

    /// Returns what has happened since the last call, one event at a time.
    #[inline]
    pub fn poll_event(&mut self) -> Option<Event> {
        while let Some(stream) = self.inbox.poll_delivered() {
            if self.extras.get().is_none() || !self.take_responses(stream) {
                return Some(Event::Delivered { stream });
            }
        }
        while let Some(request) = self.requests.poll_completed() {
            if self.extras.get().is_none() || !self.on_request_answered(request) {
                return Some(Event::Completed { request });
            }
        }
        if let Some(response) = self.poll_responded() {
            return Some(Event::Responded { response });
        }
        if let Some(persist) = self.poll_persist() {
            return Some(persist);
        }
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        if self.wants_room && self.has_room() {
            self.wants_room = false;
            return Some(Event::Room);
        }
        None
    }

    fn emit(&mut self, event: Event) {
        self.events.push_back(event);
    }

    /// Lets those try again that were refused for want of room.
    fn tell_room(&mut self) {
        if mem::take(&mut self.wants_room) {
            self.emit(Event::Room);
        }
    }

    /// Gives memory back that is not needed while nothing happens.
    pub fn shrink(&mut self) {
        self.output.shrink();
        self.requests.shrink();
        self.inbox.shrink();
        self.protocol.shrink();
        self.reconnect.shrink();
        self.events.shrink_queue();
    }

    /// The number of messages that were received and of requests that were completed.
    fn gains(&self) -> u64 {
        self.inbox.counters().received + self.tally.acknowledged
    }

    // The end.

    /// Ends the client at once: the driver stops, or the store failed. Requests end with the
    /// reason.
    pub fn end(&mut self, ended: Ended) {
        if matches!(self.phase, Phase::Ended) {
            return;
        }
        self.accepted = None;
        self.extras.get_mut().map(Extras::on_connection_lost);
        self.protocol.on_connection_lost();
        self.inbox.on_connection_lost(&mut self.protocol);
        self.inbox.leave(&mut self.protocol);
        self.requests.close(&ended);
        self.end_responses(&ended);
        self.output.clear();
        self.reconnect.cancel();
        self.state = State::Ended(ended.clone());
        self.phase = Phase::Ended;
        self.emit(Event::Ended(ended));
        self.tell_room();
    }

    /// Ends the client as [`disconnect`](Self::disconnect) was to.
    fn end_left(&mut self) {
        let is_finished = self.left.unwrap_or(true) && !self.requests.has_messages();
        self.end(if is_finished {
            Ended::Closed
        } else {
            Ended::Unfinished
        });
    }
}

/// Returns the earlier of two times.
fn earlier(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.into_iter().chain(other).min()
}
