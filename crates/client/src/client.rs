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

/// The size of the driver's read buffer in bytes, 72 KiB: the largest number of bytes that
/// [`Client::on_read`] needs at once. The longest topic fits.
pub const READ_BUFFER: usize = 72 << 10;
const _: () = assert!(READ_BUFFER > 0xffff + HEADER);
/// Bytes that a packet has besides its text and payload, at most.
const HEADER: usize = 16;
/// Room for any packet that the session sends by itself.
const REPLY: usize = 64;
/// The longest time that written bytes may take to leave before a connection is closed.
const FLUSH: Duration = Duration::from_secs(3);

/// Identifies an upload: a message whose payload the application sends in chunks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct UploadId(u64);

/// The upload that is under way.
#[derive(Clone, Copy, Hash, Debug)]
struct Upload {
    number: u64,
    /// The request, with QoS 1 and 2.
    request: Option<RequestId>,
}

/// A managed MQTT client without I/O: a session, and everything that a program needs around it.
///
/// The [crate's documentation](crate) explains how a driver uses it. The argument `now` of its
/// methods is always the time since the client was made, and never decreases.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use motemq::{Publish, QoS};
/// use motemq_client::{Client, Options, Transport};
/// let mut client = Client::new(Options::new("node-7")).unwrap();
/// let reading = Publish::to("cellar").payload(b"11.5").qos(QoS::AtLeastOnce);
/// let request = client.publish(&reading).unwrap().expect("it has QoS 1");
/// assert!(client.poll_outcome(request).is_none()); // it waits for a connection
/// let next = client.poll_transport(Duration::ZERO, 0);
/// assert!(matches!(next, Transport::Resolve { broker: 0, .. }));
/// ```
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
    /// Makes a client. It is ready to connect: the next call of
    /// [`poll_transport`](Self::poll_transport) returns [`Resolve`](Transport::Resolve).
    ///
    /// # Errors
    /// An [`OptionsError`] if the options are not valid: see [`Options::check`].
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

    /// Returns the state of the connection.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Returns whether the broker had kept the session when it last accepted a connection, or
    /// `None` if it has not accepted any.
    pub fn session(&self) -> Option<SessionState> {
        self.session
    }

    /// Returns the client identifier that the broker of MQTT 5 has assigned to a client without
    /// one. Later connections use it, unless CONNECT would be too long with it.
    pub fn assigned_client_id(&self) -> Option<&str> {
        self.reconnect.assigned_client_id()
    }

    /// Returns the server to which the client connects instead of the broker, as the broker has
    /// named it, usually `host:port`; or `None`. See [`Options::follow_server_reference`].
    pub fn server_reference(&self) -> Option<&str> {
        self.reconnect.server_reference()
    }

    /// Returns the reason why there is no connection, or `None` if there is a connection or no
    /// reason.
    pub fn reason(&self) -> Option<&DisconnectReason> {
        self.state.reason()
    }

    /// Returns an iterator over the topic filters to which the client is subscribed: those that the
    /// broker has granted, except those from which the client has unsubscribed, and those that the
    /// broker [refused](Event::Refused) when the client subscribed again after the loss of a
    /// session.
    pub fn subscriptions(&self) -> impl Iterator<Item = &str> {
        self.requests.subscriptions()
    }

    /// Returns counts of what has happened so far.
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

    /// Opens a stream of the messages that no other stream receives: messages of a resumed session
    /// to which no stream belongs yet, and messages of streams that were closed.
    pub fn messages(&mut self) -> StreamId {
        self.inbox.open(Vec::new())
    }

    /// Returns the topic filters of a stream, with which a program can unsubscribe.
    pub fn filters(&self, stream: StreamId) -> &[String] {
        self.inbox.filters(stream)
    }

    /// Closes a stream.
    ///
    /// The message that was taken last counts as processed. Messages that were not taken are not
    /// acknowledged: they go to a stream of [all other messages](Self::messages), or wait until the
    /// application opens a stream that matches. The same applies to messages that arrive later for
    /// the subscription. Waiting messages delay others from the broker; to receive no more of them,
    /// [unsubscribe](Self::unsubscribe). In a clean session they are dropped, unless
    /// [`Options::discard_unclaimed`] is set to false.
    pub fn close_stream(&mut self, stream: StreamId) {
        self.inbox.close(stream, &mut self.protocol);
    }

    /// Takes the oldest message of a stream.
    ///
    /// With [`AckMode::OnNext`] it counts as processed when the next one is taken. If there is no
    /// message, [`Event::Delivered`] reports when there is one.
    #[inline]
    pub fn take(&mut self, stream: StreamId, mode: AckMode) -> Taken {
        self.inbox.take(stream, mode, &mut self.protocol)
    }

    /// Allows the acknowledgement of a message that was taken with [`AckMode::Manual`], since the
    /// application has processed it. The client sends the acknowledgement when all earlier ones are
    /// allowed, too, and the message was processed in all streams that received it.
    #[inline]
    pub fn ack(&mut self, ack: AckId) {
        self.inbox.ack(ack, &mut self.protocol);
    }

    /// Declines a message that was taken with [`AckMode::Manual`], since the application does not
    /// process it. The message stays unacknowledged. It is delivered again when the broker sends it
    /// again over the next connection of the session. Messages that wait meanwhile are delivered
    /// before it.
    pub fn decline(&mut self, ack: AckId) {
        self.inbox.decline(ack);
    }

    /// Reads the next piece of the payload of a message that has a [rest](crate::Message::rest).
    /// The message counts as processed when this method returns [`PayloadRead::End`].
    ///
    /// While a payload waits to be read, nothing that follows it can be received. If the client
    /// waits for answers of the broker, and the application reads nothing for half of
    /// [`Options::ack_timeout`], the client ends the connection, and the broker sends the message
    /// again over the next one.
    pub fn read_payload(&mut self, payload: PayloadId) -> PayloadRead {
        self.inbox.read_payload(payload, &mut self.protocol)
    }

    /// Discards the rest of a payload. It is dropped when it arrives, and then the message counts
    /// as processed.
    pub fn discard_payload(&mut self, payload: PayloadId) {
        self.inbox.discard_payload(payload, &mut self.protocol);
    }

    /// Returns whether the driver needs a turn after the next message is taken from this stream: an
    /// acknowledgement becomes due, a change has to be stored, reading can continue, or a
    /// connection can be made.
    #[inline]
    pub fn wants_drive(&self, stream: StreamId) -> bool {
        self.inbox.has_in_hand(stream)
            || self.inbox.is_full()
            || self.waits_for_room()
            || (self.versions.is_some() && self.inbox.is_accepted_when_taken(stream))
    }

    // Events.

    /// Returns the next event, or `None` if nothing else has happened.
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

    /// Releases memory that an idle client does not need.
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

    /// Ends the client at once, for example because the driver stops or the store failed. All
    /// requests end with this reason.
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
