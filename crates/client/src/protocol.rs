//! The session and the pending acknowledgements, which grow with what is in flight.
mod clone;

use crate::{RestoreError, lazy::Lazy, received::Received};
use alloc::{boxed::Box, vec, vec::Vec};
use core::ops::{Deref, DerefMut};
use motemq::{
    AckToken, Either, Event, Fault, ManualAcks, Out, PacketId, PendingAck, Profile, Properties,
    Property, QoS, ReasonCode, SendError, Session, SessionState, Slot, SnapshotError, Version,
};

/// The parts of the protocol that the client uses: all of them; messages under an identifier that
/// the broker has not released, so that it can compare their content; and what acknowledgements say
/// besides success.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Hosted;

impl Profile for Hosted {
    const DELIVERS_REPEATED: bool = true;
    const REPORTS_SUCCESS: bool = true;
}

/// Both versions of MQTT. One is chosen before each connection.
pub(crate) type Protocol = Either<Hosted>;
type CoreSession = Session<[Slot], Protocol>;

/// An event of the core. The properties are empty with MQTT 3.1.1.
pub(crate) type CoreEvent<'i> = Event<'i, Properties<'i>>;

/// The length of the image of a session with one slot.
const IMAGE: usize = Session::<[Slot; 1], Protocol>::IMAGE;
/// The growth of its length with each further slot.
const SLOT: usize = Session::<[Slot; 2], Protocol>::IMAGE - IMAGE;
/// The largest number of identifiers in one direction.
pub(crate) const ALL_IDENTIFIERS: usize = 65_535;
/// Identifiers after a session that is not recognized begin at this offset or behind it. The
/// identifiers before are the likeliest to be held by the broker.
const FIRST_OFFSET: u16 = 4096;
/// With an offset below this, there is room for 32,768 slots behind it.
const OFFSETS_END: u16 = 32_768;

/// Returns an offset for the identifiers of a session that is not recognized.
pub(crate) fn identifier_offset(random: u64) -> u16 {
    let range = u64::from(OFFSETS_END - FIRST_OFFSET);
    FIRST_OFFSET + (((random >> 32) * range) >> 32) as u16
}

/// Makes a box of the smallest array with at least so many elements; of 16, or of a smaller size that
/// is given. Each size has a function of its own: where nothing is optimised, it is made on the
/// stack, and a small one is not to take room for all sizes there.
macro_rules! sized {
    ($at_least:expr, $($smaller:literal,)? |$n:ident| $new:expr) => {
        sized!(@ $at_least, |$n| $new, $($smaller,)? 16, 64, 256, 1024, 4096, 16_384, 32_768)
    };
    (@ $at_least:expr, |$n:ident| $new:expr, $($size:literal),*) => {
        match $at_least {
            $(n if n <= $size => {
                const $n: usize = $size;
                apart(|| Box::new($new))
            })*
            _ => {
                const $n: usize = ALL_IDENTIFIERS;
                apart(|| Box::new($new))
            }
        }
    };
}

/// Calls a function that is not part of its caller.
#[inline(never)]
fn apart<T: ?Sized>(make: impl FnOnce() -> Box<T>) -> Box<T> {
    make()
}

fn new_session(slots: usize) -> Box<CoreSession> {
    sized!(slots, |N| Session::<[Slot; N], Protocol>::with_protocol())
}

fn new_acks(places: usize) -> Box<ManualAcks> {
    // A constant, so that where nothing is optimised it is not on the stack of several functions.
    sized!(
        places,
        4,
        |N| const { ManualAcks::<[PendingAck; N]>::new() }
    )
}

/// The protocol's state: a session, acknowledgements that are held back, and the content of
/// messages that were received and not released.
#[derive(Debug)]
pub(crate) struct ProtocolState {
    session: Box<CoreSession>,
    acks: Box<ManualAcks>,
    received: Lazy<Received>,
    /// Something may have changed since this was last asked.
    may_have_changed: bool,
}

impl ProtocolState {
    pub fn new(slots: usize) -> Self {
        ProtocolState {
            session: new_session(slots),
            acks: new_acks(0),
            received: Lazy::new(),
            may_have_changed: false,
        }
    }

    /// Reads up to the next event, and makes room for what arrives: twelve bytes for each
    /// identifier, of which there are 65,535.
    #[inline(always)]
    pub fn receive<'i>(
        &mut self,
        input: &mut &'i [u8],
        capacity: usize,
        out: &mut Out<'_>,
    ) -> Result<Option<(CoreEvent<'i>, Option<AckToken>)>, Fault> {
        let before = input.len();
        let received = self.receive_or_grow(input, capacity, out);
        self.may_have_changed |= matches!(received, Ok(Some(_))) || input.len() < before;
        received
    }

    /// Reads the next event, and gives the session and the acknowledgements more room if they need
    /// it.
    #[inline(always)]
    fn receive_or_grow<'i>(
        &mut self,
        input: &mut &'i [u8],
        capacity: usize,
        out: &mut Out<'_>,
    ) -> Result<Option<(CoreEvent<'i>, Option<AckToken>)>, Fault> {
        loop {
            if !self.session.can_receive_qos_2() {
                self.grow_session();
            }
            let event = self.acks.receive(&mut self.session, input, capacity, out)?;
            if event.is_some() || input.is_empty() || !self.acks.is_full(&self.session) {
                return Ok(event);
            }
            if !self.grow() {
                // All identifiers are in use, so the broker can send no other message that is to be
                // acknowledged. Everything else is read.
                let (acks, session) = (&mut self.acks, &mut self.session);
                return acks.receive_when_full(session, input, capacity, out);
            }
        }
    }

    /// Time passes, which changes nothing that outlives the connection: see [`Session::tick`].
    pub fn tick(&mut self, now: u32, out: &mut Out<'_>) -> Result<Option<u32>, Fault> {
        self.session.tick(now, out)
    }

    /// Reads nothing for now, as received bytes have to wait: see [`Session::on_reading_paused`].
    pub fn on_reading_paused(&mut self) {
        self.session.on_reading_paused();
    }

    /// Makes room for more acknowledgements, or, if that does not help, for more QoS 2 messages. The
    /// session is stored with all of its slots, so it grows only if it has to.
    #[cold]
    fn grow(&mut self) -> bool {
        if self.acks.places() >= ALL_IDENTIFIERS {
            return self.grow_if(|larger, acks| !acks.is_full(larger));
        }
        let mut larger = new_acks(self.acks.places() + 1);
        let adopted = larger.adopt(&self.acks);
        debug_assert_eq!(adopted, Ok(()), "there are more places");
        if larger.is_full(&self.session) && self.grow_session() {
            return true;
        }
        self.acks = larger;
        true
    }

    /// Gives the session more slots. Returns whether there can be more.
    #[cold]
    pub fn grow_session(&mut self) -> bool {
        self.grow_if(|_, _| true)
    }

    /// Gives the session another slot, if the next packet can take it. Returns whether it did.
    pub fn grow_for_packet(&mut self) -> bool {
        self.grow_if(|larger, _| larger.has_free_slot())
    }

    fn grow_if(&mut self, is_useful: impl Fn(&CoreSession, &ManualAcks) -> bool) -> bool {
        if self.session.slots() >= ALL_IDENTIFIERS {
            // Memory that would be of no use is not made for each packet that finds none.
            return false;
        }
        let mut larger = new_session(self.session.slots() + 1);
        let has_grown = larger.adopt(&self.session).is_ok() && is_useful(&larger, &self.acks);
        if has_grown {
            self.may_have_changed = true;
            self.session = larger;
        }
        has_grown
    }

    /// Allows the acknowledgement of a message.
    pub fn ack(&mut self, token: AckToken) {
        self.may_have_changed = true;
        // It fails for a message of an earlier connection, which the broker sends again.
        if self.acks.ack(&mut self.session, token).is_err() {
            return;
        }
        let id = identifier(token);
        let received = self.received.get_mut();
        let repetitions = received.map_or(0, |received| received.on_accepted(id));
        // A repetition has the same token as its message.
        for _ in 0..repetitions {
            let _ = self.acks.ack(&mut self.session, token);
        }
    }

    /// Allows the acknowledgement of a message that is a repetition, together with that of the
    /// message that it repeats.
    pub fn ack_repetition(&mut self, token: AckToken) {
        let received = self.received.get_mut();
        if received.is_none_or(|received| !received.defer_repetition(identifier(token))) {
            self.ack(token);
        }
    }

    /// Returns whether a message with this content, which arrived under an identifier that is not
    /// released, is a repetition. Without the content it is.
    pub fn is_repetition(&self, id: PacketId, hash: Option<u64>) -> bool {
        let received = self.received.get();
        received.is_none_or(|received| received.is_repetition(id.get(), hash))
    }

    /// Returns whether the content of an accepted QoS 2 message with this identifier is known.
    pub fn has_content(&self, id: PacketId) -> bool {
        let received = self.received.get();
        received.is_some_and(|received| received.has_content(id.get()))
    }

    /// A QoS 2 message arrives under an identifier that no accepted message holds: the content of
    /// an earlier one is not compared any more.
    pub fn on_identifier_free(&mut self, id: PacketId) {
        if let Some(received) = self.received.get_mut() {
            received.on_identifier_free(id.get());
        }
    }

    /// A QoS 2 message with this content arrived and will be delivered.
    pub fn on_message_received(&mut self, id: PacketId, hash: u64) {
        let received = self.received.make();
        received.insert(id.get(), hash);
        if received.is_to_be_swept() {
            let unreleased = self.session.unreleased().map(PacketId::get).collect();
            received.sweep(&unreleased);
        }
    }

    /// A message with QoS 1 and this content was processed without a connection.
    pub fn on_processed_offline(&mut self, token: AckToken, hash: u64) {
        let received = self.received.make();
        received.on_processed_offline(identifier(token), hash);
    }

    /// A message of an earlier connection was processed before the broker has sent it again over
    /// this one. It will be a repetition then.
    #[cold]
    pub fn on_processed_before_repetition(&mut self, token: AckToken, qos: QoS, hash: u64) {
        let id = PacketId::new(identifier(token)).filter(|_| qos == QoS::ExactlyOnce);
        let Some(id) = id else {
            self.on_processed_offline(token, hash);
            return;
        };
        // The slots for messages that are not processed yet stay free.
        if !self.session.can_receive_qos_2() || self.acks.is_full(&self.session) {
            self.grow_session();
        }
        self.may_have_changed = true;
        self.session.accept(id);
        self.on_message_received(id, hash);
        self.received.make().on_accepted(id.get());
    }

    /// Returns whether a message with QoS 1, this identifier and this content was processed without
    /// a connection. It is asked once: after that the broker may use the identifier for another
    /// message.
    pub fn take_processed_offline(&mut self, id: PacketId, is_dup: bool, hash: u64) -> bool {
        let received = self.received.get_mut();
        let processed = received.and_then(|received| received.take_processed_offline(id.get()));
        processed == Some(hash) && is_dup
    }

    /// Returns whether a message with QoS 1 and this identifier was processed without a connection.
    #[inline]
    pub fn was_processed_offline(&self, id: PacketId) -> bool {
        let received = self.received.get();
        received.is_some_and(|received| received.was_processed_offline(id.get()))
    }

    /// Chooses the version of the next connection.
    pub fn set_version(&mut self, version: Version) {
        let chosen = self.session.set_version(version);
        self.may_have_changed = true;
        debug_assert_eq!(chosen, Ok(()), "there is no connection");
    }

    /// The broker has accepted a connection.
    pub fn on_connected(&mut self, session: SessionState) {
        if let Some(received) = self.received.get_mut() {
            received.on_connected(session == SessionState::Resumed);
        }
    }

    /// Gives memory back that nothing needs.
    pub fn shrink(&mut self) {
        let session = &self.session;
        self.received.shrink(|received| {
            received.sweep(&session.unreleased().map(PacketId::get).collect());
            received.is_empty()
        });
    }

    /// Returns whether the state may have changed since the last call.
    pub fn take_may_have_changed(&mut self) -> bool {
        core::mem::take(&mut self.may_have_changed)
    }

    /// Returns the state that outlives a connection: the session, and what was received.
    pub fn image(&self) -> Vec<u8> {
        let mut session = vec![0; IMAGE + SLOT * (self.session.slots() - 1)];
        let saved = self.session.save(&mut session);
        debug_assert_eq!(saved, Ok(()), "the length of an image is known");
        let mut image = Vec::from((session.len() as u32).to_be_bytes());
        image.extend(session);
        for (id, hash) in self.received.get().into_iter().flat_map(Received::accepted) {
            image.extend(id.to_be_bytes());
            image.extend(hash.to_be_bytes());
        }
        image
    }

    /// Makes a state from an [image](Self::image).
    ///
    /// # Errors
    /// [`Damaged`](RestoreError::Damaged) for other bytes.
    pub fn restore(image: &[u8]) -> Result<Self, RestoreError> {
        let (length, image) = image.split_first_chunk().ok_or(RestoreError::Damaged)?;
        let length = u32::from_be_bytes(*length) as usize;
        let (session, received) = image
            .split_at_checked(length)
            .ok_or(RestoreError::Damaged)?;
        // One slot fewer than there are: sizes are rounded up.
        let slots = length.saturating_sub(IMAGE) / SLOT;
        let mut state = ProtocolState::new(slots);
        state
            .session
            .restore(session)
            .map_err(|error| match error {
                SnapshotError::Version => RestoreError::Version,
                _ => RestoreError::Damaged,
            })?;
        let (entries, rest) = received.as_chunks::<10>();
        if !rest.is_empty() {
            return Err(RestoreError::Damaged);
        }
        for &[i0, i1, hash @ ..] in entries {
            let id = u16::from_be_bytes([i0, i1]);
            state.received.make().restore(id, u64::from_be_bytes(hash));
        }
        Ok(state)
    }

    /// Writes the pending acknowledgements that are allowed, and DISCONNECT.
    pub fn disconnect(&mut self, out: &mut Out<'_>) -> Result<(), SendError> {
        self.acks.disconnect(&mut self.session, out)
    }

    /// Writes the pending acknowledgements that are allowed, and DISCONNECT with a reason and
    /// properties, which only MQTT 5 has.
    pub fn disconnect_with(
        &mut self,
        code: ReasonCode,
        properties: &[Property<'_>],
        out: &mut Out<'_>,
    ) -> Result<(), SendError> {
        let (acks, session) = (&mut self.acks, &mut self.session);
        acks.disconnect_with(session, code, properties, out)
    }

    /// Goes past packets that were given up, for which `is_given_up` returns `true`, until there is
    /// a free slot. If there is none, nothing has changed.
    #[cold]
    pub fn pass_over(&mut self, is_given_up: impl Fn(PacketId) -> bool) -> PassedOver {
        // Mostly the oldest is awaited, and it is found at once, since the ring is full.
        if self
            .session
            .oldest_in_flight()
            .is_some_and(|oldest| !is_given_up(oldest))
        {
            return PassedOver::Waits;
        }
        let mut passed = new_session(self.session.slots());
        if passed.adopt(&self.session).is_err() {
            return PassedOver::Waits;
        }
        for _ in 0..passed.slots() {
            let Some(oldest) = passed.oldest_in_flight() else {
                break;
            };
            if !is_given_up(oldest) || passed.pass_over(oldest).is_err() {
                return PassedOver::Waits;
            }
            if passed.has_free_slot() {
                self.may_have_changed = true;
                self.session = passed;
                return PassedOver::Free;
            }
        }
        PassedOver::AllGivenUp
    }
}

/// The result of the attempt to go past packets that were given up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PassedOver {
    /// A new packet can be sent.
    Free,
    /// A packet that was not given up is awaited.
    Waits,
    /// All slots are held by packets that were given up.
    AllGivenUp,
}

/// Returns the identifier of the message that a token acknowledges.
pub(crate) fn identifier(token: AckToken) -> u16 {
    u32::from(token) as u16
}

impl Deref for ProtocolState {
    type Target = CoreSession;
    #[inline]
    fn deref(&self) -> &CoreSession {
        &self.session
    }
}

impl DerefMut for ProtocolState {
    #[inline]
    fn deref_mut(&mut self) -> &mut CoreSession {
        self.may_have_changed = true;
        &mut self.session
    }
}

#[cfg(test)]
mod tests;
