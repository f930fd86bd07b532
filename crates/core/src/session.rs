//! The session: the state of the protocol between packets and between connections.
mod acks;
mod clock;
mod connection;
#[cfg(feature = "fast")]
pub(crate) mod fast;
mod incoming;
mod outgoing;
mod receive;
mod ring;
mod send;
mod terms;

use crate::{
    Connect, Mqtt311, Out, Output, Properties, Protocol, SendError, SendProperties,
    buffer::Buffer,
    profile::{acknowledges, require_sessions, resumes, streams_out, subscribes},
    property::Walk,
    wire,
};
pub(crate) use acks::Acks;
use connection::Connection;
use core::{
    num::NonZeroU16,
    ops::{Deref, DerefMut},
};
use incoming::Incoming;
use outgoing::Outgoing;
use ring::Ring;
pub use ring::Slot;
pub use send::SentTopicAliases;
pub use terms::Limits;
pub(crate) use terms::Terms;

/// A packet identifier: identifies a packet in flight until the broker has answered it
/// [MQTT-2.3.1-1].
///
/// PUBLISH, SUBSCRIBE and UNSUBSCRIBE share one set of identifiers, one for each [`Slot`]. They
/// count from 1, or from 1 after an [offset](Connect::identifier_offset()).
pub type PacketId = NonZeroU16;

/// An MQTT session, which outlives its connections: all state of the protocol, and no bytes.
///
/// [`next_event`](Self::next_event) reports what has happened, commands send packets
/// ([`connect`](Self::connect), [`publish`](Self::publish), [`subscribe`](Self::subscribe) ...),
/// and [`tick`](Self::tick) passes the time. The same calls always give the same bytes, because a
/// session reads no clock, socket or random number.
///
/// A session of MQTT 3.1.1 takes 40 bytes and 4 for each [`Slot`]. Make it with
/// [`new`](Session::new) or [`with_protocol`](Session::with_protocol), and pass it as
/// `&mut Session`. It can be cloned, compared and hashed, for model checkers. `P` is the version of
/// MQTT and the parts of it that the program uses.
///
/// # Examples
/// ```
/// use motemq::{Buffer, Connect, Event, Publish, QoS, Session, Slot};
/// let mut session = Session::<[Slot; 4]>::new();
/// let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
/// session.connect(&Connect::new("node-7"), &mut rx, &mut tx)?;
/// tx.clear(); // the transport has sent CONNECT
/// # rx.space()[..4].copy_from_slice(b"\x20\x02\0\0");
/// rx.commit(4); // the transport has read CONNACK into rx.space()
/// let event = session.next_event(&mut rx, &mut tx)?;
/// assert!(matches!(event, Some(Event::Connected { .. })));
/// let hello = Publish::to("hello").payload(b"world").qos(QoS::AtLeastOnce);
/// let id = session.publish(&hello, &mut tx)?;
/// assert_eq!(session.oldest_in_flight(), id);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The [crate's documentation](crate) has a complete loop with a TCP connection.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[repr(C)]
pub struct Session<S: ?Sized = [Slot], P: Protocol = Mqtt311> {
    incoming: Incoming,
    /// The first byte of the acknowledgement that is due for the identifier in `incoming`, or 0 if
    /// none is due.
    ack: u8,
    /// The largest number of filters whose SUBACK fits into `rx`.
    max_filters: u8,
    /// The fingerprint of the client identifier whose state the ring holds, or 0 if the session
    /// ends with the connection.
    client_hash: u16,
    connection: Connection,
    outgoing: Outgoing,
    /// The state that only MQTT 5 keeps.
    protocol: P::State,
    ring: Ring<S>,
}

/// Returns a fingerprint of a client identifier (the lower half of FNV-1a), which is never 0.
#[inline(always)]
fn fingerprint(client: &str) -> u16 {
    fold(client.bytes())
}

#[inline(always)]
fn fold(bytes: impl Iterator<Item = u8>) -> u16 {
    bytes.fold(0xffff, |sum: u16, byte| {
        (sum ^ u16::from(byte)).wrapping_mul(0x0193)
    }) | 1
}

/// Returns the fingerprint of a client identifier, or of an authentication method, with MQTT 5.
#[inline(never)]
fn hash(bytes: &[u8]) -> u16 {
    fold(bytes.iter().copied())
}

/// Returns the fingerprint of the text of the first property with this identifier, or 0 if there is
/// none.
#[inline(never)]
fn hash_of(properties: Properties<'_>, id: u8) -> u16 {
    let mut walk = Walk::over(properties.as_bytes());
    if walk.find(id) { hash(walk.data) } else { 0 }
}

impl<const N: usize> Session<[Slot; N]> {
    /// Makes a session of MQTT 3.1.1 without state, with 1 to 65,535 slots. With another number of
    /// slots the program does not compile.
    pub const fn new() -> Self {
        Self::with_protocol()
    }
}

impl<const N: usize, P: Protocol> Session<[Slot; N], P> {
    /// Makes a session as [`new`](Session::new) does, for the version of MQTT and the profile that
    /// its type names.
    ///
    /// # Examples
    /// ```
    /// use motemq::{Mqtt5, Session, Slot};
    /// let session = Session::<[Slot; 8], Mqtt5>::with_protocol();
    /// ```
    pub const fn with_protocol() -> Self {
        const { assert!(N > 0 && N <= 0xffff, "a session has 1 to 65,535 slots") };
        Session {
            incoming: Incoming::new(),
            ack: 0,
            max_filters: 0,
            client_hash: 0,
            connection: Connection::new(),
            outgoing: Outgoing::new(),
            protocol: P::NEW,
            ring: Ring::new(),
        }
    }
}

impl<const N: usize, P: Protocol> Default for Session<[Slot; N], P> {
    fn default() -> Self {
        Self::with_protocol()
    }
}

impl<const N: usize, P: Protocol> Deref for Session<[Slot; N], P> {
    type Target = Session<[Slot], P>;
    fn deref(&self) -> &Self::Target {
        self
    }
}

impl<const N: usize, P: Protocol> DerefMut for Session<[Slot; N], P> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self
    }
}

impl<P: Protocol> Session<[Slot], P> {
    /// Begins a connection over a transport that was just opened: writes CONNECT [MQTT-3.1.0-1].
    ///
    /// This ends an earlier connection, and clears both buffers, even if it fails. The state of
    /// messages in flight is kept until the broker has accepted the connection.
    ///
    /// # Errors
    /// - [`Invalid`](SendError::Invalid) for text or properties that MQTT does not allow, for a
    ///   will with [`remaining`](crate::Publish::remaining()), and for
    ///   [`keep_session`](Connect::keep_session) if the profile has
    ///   [no sessions that outlive a connection](crate::Profile::RESUMES); with MQTT 3.1.1 also for
    ///   an empty client identifier without clean session [MQTT-3.1.3-8], and for a password
    ///   without user name [MQTT-3.1.2-22].
    /// - [`TooLong`](SendError::TooLong) if the packet does not fit into `tx`, or a field is longer
    ///   than 65,535 bytes.
    /// - [`Unsupported`](SendError::Unsupported) for properties while [`Either`](crate::Either)
    ///   uses MQTT 3.1.1.
    pub fn connect<'c, T: SendProperties<'c, P>>(
        &mut self,
        connect: &Connect<'c, T>,
        rx: &mut Buffer,
        tx: &mut Buffer,
    ) -> Result<(), SendError> {
        rx.clear();
        tx.clear();
        tx.lend(|out| self.connect_slices(connect, rx.capacity(), out))
    }

    /// The slice form of [`connect`](Self::connect). `capacity` is the largest length in bytes that
    /// the input of [`receive`](Self::receive) can have. `out` must be empty.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_slices<'c, T: SendProperties<'c, P>>(
        &mut self,
        connect: &Connect<'c, T>,
        capacity: usize,
        out: &mut Out<'_>,
    ) -> Result<(), SendError> {
        self.on_connection_lost();
        let mut draft = wire::Draft::<P>::new(out, wire::CONNECT << 4);
        if self.is_5() {
            self.write_connect_5(connect, &mut draft);
        } else {
            draft.connect(connect);
            let will = connect.will.as_ref();
            let is_plain = connect.properties.list().is_empty()
                && will.is_none_or(|will| will.properties.list().is_empty());
            if self.is_older() && !is_plain {
                draft.refuse(SendError::Unsupported);
            }
        }
        if !resumes::<P>() && !connect.clean {
            draft.refuse(SendError::Invalid);
        }
        draft.finish(0)?;
        self.connection.begin(connect.keep_alive, connect.timeout);
        // SUBACK has five bytes besides its codes at most, and with MQTT 5 the length of its
        // properties.
        if subscribes::<P>() {
            let others = if self.is_5() { 6 } else { 5 };
            self.max_filters = capacity.saturating_sub(others).min(0xff) as u8;
        }
        if resumes::<P>() {
            let client_hash = if self.is_5() {
                hash(connect.client_id.as_bytes())
            } else if connect.clean {
                0
            } else {
                fingerprint(connect.client_id)
            };
            self.incoming.await_connack(client_hash);
            self.outgoing.await_connack(connect.identifier_offset);
        }
        Ok(())
    }

    /// Ends the connection because the transport is closed. Keeps the state of messages in flight
    /// for the next connection. A message that was delivered but not accepted is not part of that
    /// state: with QoS 1 and 2 the broker delivers it again if it resumes the session.
    // It has four callers, and a copy in each would be larger.
    #[cfg_attr(not(feature = "fast"), inline(never))]
    #[cfg_attr(feature = "fast", inline)]
    pub fn on_connection_lost(&mut self) {
        self.connection.close();
        if acknowledges::<P>() {
            self.ack = 0;
        }
        self.incoming.abort::<P>();
        if streams_out::<P>() || resumes::<P>() {
            self.outgoing.begin(0);
        }
    }

    /// Returns whether there is no connection: none was begun, it was ended, or it failed. Close
    /// the transport after the bytes of `tx` have been written to it.
    pub fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    /// Returns whether the broker has accepted the connection, so that commands are possible.
    pub fn is_open(&self) -> bool {
        self.connection.is_open()
    }

    /// Returns whether a packet was taken off the input in part, so that its rest is read next: that
    /// of a payload, of a topic too long for `rx`, or of properties that are dropped.
    ///
    /// # Examples
    /// ```
    /// # use motemq::*;
    /// # let mut session = Session::<[Slot; 2]>::new();
    /// # let (mut rx, mut tx) = (Buffer::<[u8; 16]>::new(), Buffer::<[u8; 64]>::new());
    /// # session.connect(&Connect::new("a"), &mut rx, &mut tx)?;
    /// # rx.space()[..4].copy_from_slice(b"\x20\x02\0\0"); rx.commit(4);
    /// # session.next_event(&mut rx, &mut tx).unwrap();
    /// // The topic "t", and a payload of 20 bytes, which does not fit into `rx` with it.
    /// let (begin, end) = b"\x30\x17\0\x01t12345678901234567890".split_at(16);
    /// rx.space()[..16].copy_from_slice(begin);
    /// rx.commit(16);
    /// while let Some(_event) = session.next_event(&mut rx, &mut tx).unwrap() {}
    /// assert!(session.is_within_packet());
    /// rx.space()[..9].copy_from_slice(end);
    /// rx.commit(9);
    /// while let Some(_event) = session.next_event(&mut rx, &mut tx).unwrap() {}
    /// assert!(!session.is_within_packet());
    /// # Ok::<(), SendError>(())
    /// ```
    pub fn is_within_packet(&self) -> bool {
        !self.incoming.is_idle()
    }

    /// Returns the identifier that has been in flight longest, or `None` if none is in flight. A
    /// command that is [`Busy`](SendError::Busy) because no slot is free waits for this identifier.
    ///
    /// Some brokers do not answer every packet (AWS IoT does not answer QoS 2). While the
    /// connection lasts, an identifier is not freed without an answer [MQTT-2.3.1-3]. In that case
    /// [pass it over](Self::pass_over), or close the connection, connect again, and answer its
    /// [`Resend`](crate::Event::Resend) with [`abandon`](Self::abandon).
    pub fn oldest_in_flight(&self) -> Option<PacketId> {
        self.ring.oldest_in_flight::<P>()
    }

    /// Returns whether a command that needs a slot would find one now. These commands are
    /// [`subscribe`](Self::subscribe), [`unsubscribe`](Self::unsubscribe), and
    /// [`publish`](Self::publish) with QoS 1 or 2; without a free slot they return
    /// [`Busy`](SendError::Busy). Returns false while messages are being resent, too. Does not
    /// check that the connection [is open](Self::is_open).
    ///
    /// Call it before taking an event whose answer has to be published with QoS 1 or 2. The
    /// acknowledgement that frees a slot may follow further messages, so a program that must not
    /// lose answers keeps them until a slot is free, and continues to take events meanwhile.
    pub fn has_free_slot(&self) -> bool {
        let is_resending = resumes::<P>() && self.connection.is_resending();
        !(is_resending && self.ring.has_to_resend::<P>()) && self.ring.next_id::<P>().is_some()
    }

    /// Returns the number of slots.
    pub fn slots(&self) -> usize {
        self.ring.len()
    }

    /// Returns whether another QoS 2 message can be received now. If not, the next one ends the
    /// connection with [`TooManyQos2`](crate::Fault::TooManyQos2), unless the broker has released
    /// an earlier one by then, or a larger session has [adopted](Self::adopt) this one.
    pub fn can_receive_qos_2(&self) -> bool {
        self.can_accept()
    }

    /// Returns the broker's identifiers of the QoS 2 messages that were accepted and that the
    /// broker has not released yet, in no particular order.
    pub fn unreleased(&self) -> impl Iterator<Item = PacketId> + '_ {
        self.ring.unreleased()
    }

    /// Records that the program has processed a QoS 2 message with this packet identifier of the
    /// broker. The message is not delivered again, as if its acknowledgement had been written
    /// [MQTT-4.3.3-2]. This is for a program that keeps messages that it has received over an
    /// earlier connection of the session.
    ///
    /// It has no effect while [no other QoS 2 message can be received](Self::can_receive_qos_2).
    pub fn accept(&mut self, id: PacketId) {
        self.ring.accept(id.get());
    }

    /// Returns the offset of packet identifiers. An identifier is the sum of this offset and the
    /// number of its slot, counted from 1. The offset is 0 until the broker has a session that this
    /// one does not know: see [`Connect::identifier_offset`].
    pub fn identifier_offset(&self) -> u16 {
        self.ring.offset()
    }

    /// Returns the number of bytes that are still to be sent of a payload that was announced with
    /// [`remaining`](crate::Publish::remaining), or 0 if no payload is being streamed.
    pub fn payload_remaining(&self) -> u32 {
        if self.is_open() {
            self.outgoing.remaining()
        } else {
            0
        }
    }

    /// Passes over the packet for which new packets wait, so that they can use the next slot
    /// although the broker has not answered this packet. Its identifier stays in use until it is
    /// answered.
    ///
    /// Treat its message as given up. If the session asks for it after a reconnection, answer
    /// [`Resend`](crate::Event::Resend) with [`abandon`](Self::abandon), since the message would be
    /// sent out of order [MQTT-4.6.0-1]. The order of all other messages stays the same.
    ///
    /// # Errors
    /// [`Busy`](SendError::Busy) while messages are being resent; [`Invalid`](SendError::Invalid)
    /// if no new packet waits for `id`: either `id` is not
    /// [the oldest](Self::oldest_in_flight), or there is [a free slot](Self::has_free_slot).
    pub fn pass_over(&mut self, id: PacketId) -> Result<(), SendError> {
        const { require_sessions::<P>() };
        if self.connection.is_resending() && self.ring.has_to_resend::<P>() {
            return Err(SendError::Busy);
        }
        self.ring.pass_over::<P>(id).ok_or(SendError::Invalid)
    }

    /// Takes over the state of a session with as many slots or fewer, including its connection.
    /// A session grows in this way: identifiers stay the same, and so does the order in which
    /// messages are resent [MQTT-4.6.0-1]. The new slots follow the old ones in the ring, so
    /// commands may stay [`Busy`](SendError::Busy) until the [oldest
    /// packet](Self::oldest_in_flight) is answered or [passed over](Self::pass_over).
    ///
    /// # Errors
    /// [`TooLong`](SendError::TooLong) if `smaller` has more slots, or if its
    /// [offset](Connect::identifier_offset) leaves too few identifiers for all slots. Nothing is
    /// changed then.
    pub fn adopt(&mut self, smaller: &Self) -> Result<(), SendError> {
        self.ring.adopt(&smaller.ring).ok_or(SendError::TooLong)?;
        self.connection = smaller.connection.clone();
        self.incoming = smaller.incoming.clone();
        self.outgoing = smaller.outgoing.clone();
        self.ack = smaller.ack;
        self.max_filters = smaller.max_filters;
        self.client_hash = smaller.client_hash;
        self.protocol = smaller.protocol.clone();
        Ok(())
    }

    /// Returns whether the session speaks MQTT 5. With one version this is a constant.
    #[inline(always)]
    pub(crate) fn is_5(&self) -> bool {
        P::HAS_5 && P::is_5(&self.protocol)
    }

    /// Returns whether the session can speak MQTT 5, but does not now. What only MQTT 5 has is
    /// unsupported then.
    #[inline(always)]
    pub(crate) fn is_older(&self) -> bool {
        P::HAS_5 && !P::is_5(&self.protocol)
    }

    /// Makes the session speak MQTT 5 or MQTT 3.1.1, if it can.
    #[inline(always)]
    pub(crate) fn set_5(&mut self, is_5: bool) {
        P::set_5(&mut self.protocol, is_5);
    }

    /// Returns the fingerprint of the client identifier, for snapshots.
    pub(crate) fn client_hash(&self) -> u16 {
        self.client_hash
    }

    pub(crate) fn set_client_hash(&mut self, client_hash: u16) {
        self.client_hash = client_hash;
    }

    pub(crate) fn ring(&self) -> &Ring {
        &self.ring
    }

    pub(crate) fn ring_mut(&mut self) -> &mut Ring {
        &mut self.ring
    }
}
